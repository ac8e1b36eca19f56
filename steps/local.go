package steps

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/tree"
)

// siteError is what is wrong with the site's own files for a step.
type siteError struct {
	problems []site.Problem
	offer    string // how the program can mend it; empty where it cannot
}

// Error lists the problems, a line each, with their places in the files.
func (e *siteError) Error() string {
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

// findings are the problems as they were found: nothing needs to be guessed from the error's text.
func (e *siteError) findings() []provision.Finding {
	var list []provision.Finding
	for _, p := range e.problems {
		list = append(list, p.Finding)
	}
	return list
}

// local is what the steps 3 to 6 have in common: they look at the site's files here, before they travel, and their problems
// were found when the source was read.
func (h *Host) local(step string) error {
	problems := h.Report.Errors(step)
	if len(problems) == 0 {
		return nil
	}
	e := &siteError{problems: problems}
	if slices.ContainsFunc(problems, func(p site.Problem) bool { return p.Edit != nil }) {
		e.offer = h.Words.T("fix.offer")
	}
	return e
}

// advice passes on what is not wrong but worth knowing about the files of a step. What is merely good to know is said while a
// release is being made, and not again on every run after it.
func (h *Host) advice(step string, r *provision.Reporter) {
	h.mended(step, r)
	for _, p := range h.Report.Problems {
		severity := p.Finding.Severity
		if p.Step == step && (severity == provision.SeverityWarning || severity == provision.SeverityInfo && !h.upToDate()) {
			r.Finding(p.Finding)
		}
	}
}

// Advice implements provision.Adviser: a plan has the warnings of a run, and leaves the rest to it.
func (h *Host) Advice(step string) []provision.Finding {
	var list []provision.Finding
	for _, p := range h.Report.Of(step) {
		if p.Finding.Severity == provision.SeverityWarning {
			list = append(list, p.Finding)
		}
	}
	return list
}

// exposed warns of what travels with the site though mostly nobody means it to: a repository, in which everything is that was
// ever deleted from the site, and files of secrets.
func exposed(m *tree.Manifest, words *language.Printer) []site.Problem {
	var problems []site.Problem
	for _, rule := range []struct {
		code string
		is   func(tree.Entry) bool
	}{
		{"site.git-uploaded", func(e tree.Entry) bool { return e.Kind == tree.Directory && path.Base(e.Path) == ".git" }},
		{"site.secrets-uploaded", func(e tree.Entry) bool { return e.Kind == tree.File && isEnvironment(path.Base(e.Path)) }},
	} {
		at := slices.IndexFunc(m.Entries, func(e tree.Entry) bool { return !e.Unbuilt && rule.is(e) })
		if at < 0 {
			continue
		}
		name := m.Entries[at].Path
		problems = append(problems, site.Problem{Step: stepFiles, File: name, Finding: provision.Finding{
			Severity: provision.SeverityWarning, Code: rule.code, Evidence: name,
			Cause: words.T(rule.code+".cause", name), Fix: words.T(rule.code+".fix", name),
		}})
	}
	return problems
}

// isEnvironment reports whether a file is by its name one of secrets, and not an example of one.
func isEnvironment(name string) bool {
	rest, found := strings.CutPrefix(name, ".env")
	return found && (rest == "" || rest[0] == '.') && !slices.Contains([]string{".example", ".sample", ".template", ".dist"}, path.Ext(name))
}
