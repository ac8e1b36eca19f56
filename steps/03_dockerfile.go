package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site"
)

// dockerfile is the tutorial's step 3: the folder holds the site's Dockerfile. The file is right or the person mends it.
type dockerfile struct{ local }

func newDockerfile(h *Host, s step) provision.Step { return dockerfile{newLocal(h, s)} }

// local is what the steps 3 to 6 have in common: they look at the site's files here, before they travel, and their problems
// were found when the source was read.
type local struct {
	step
	report   site.Report
	mended   []site.Mended
	upToDate func() bool // the live container is the release that is wanted
}

func newLocal(h *Host, s step) local { return local{s, h.Report, h.Mended, h.upToDate} }

// Plan implements provision.Step.
func (s local) Plan() ([]provision.Change, error) { return nil, s.problems() }

// problems is the error of a step whose files must be mended first.
func (s local) problems() error {
	problems := s.report.Errors(s.id)
	if len(problems) == 0 {
		return nil
	}
	e := &filesError{problems: problems}
	if slices.ContainsFunc(problems, func(p site.Problem) bool { return p.Edit != nil }) {
		e.offer = s.words.T("fix.offer")
	}
	return e
}

// Verify implements provision.Verifier: it passes on what is not wrong but worth knowing about the files. What is merely good to
// know is said while a release is being made, and not again on every run after it.
func (s local) Verify(_ context.Context, r *provision.Reporter) error {
	for _, m := range s.mended {
		if m.Step == s.id {
			r.Finding(provision.Finding{
				Severity: provision.SeverityInfo,
				Code:     "site.mended",
				Cause:    s.words.T("fix.mended.cause", m.Edit.File),
				Evidence: m.Edit.Diff,
				Fix:      s.words.T("fix.mended.fix"),
			})
		}
	}
	for _, p := range s.report.Of(s.id) {
		severity := p.Finding.Severity
		if severity == provision.SeverityWarning || severity == provision.SeverityInfo && !s.upToDate() {
			r.Finding(p.Finding)
		}
	}
	return nil
}

// filesError is what is wrong with the site's own files for a step.
type filesError struct {
	problems []site.Problem
	offer    string // how the program can mend it; empty where it cannot
}

// Error lists the problems, a line each, with their places in the files.
func (e *filesError) Error() string {
	var lines []string
	for _, p := range e.problems {
		place := p.File
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		lines = append(lines, fmt.Sprintf("%s: %s %s", place, p.Finding.Cause, p.Finding.Fix))
	}
	if e.offer != "" {
		lines = append(lines, e.offer)
	}
	return strings.Join(lines, "\n")
}

// Findings are the problems as they were found: nothing needs to be guessed from the error's text.
func (e *filesError) Findings() []provision.Finding {
	var list []provision.Finding
	for _, p := range e.problems {
		p.Finding.File, p.Finding.Line = p.File, p.Line
		list = append(list, p.Finding)
	}
	return list
}
