package steps

import (
	"errors"
	"fmt"

	"github.com/kehuo/provision/provision"
)

// local is what the steps 3 to 5 have in common: they look at the site's files here, before they travel, and their problems
// were found when the source was read.
func (h *Host) local(step string) error {
	var problems []error
	mendable := false
	for _, p := range h.Report.Problems {
		if p.Step != step || p.Finding.Severity != provision.SeverityError {
			continue
		}
		place := p.File
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		problems = append(problems, fmt.Errorf("%s: %s %s", place, p.Finding.Cause, p.Finding.Fix))
		mendable = mendable || p.Edit != nil
	}
	if mendable {
		problems = append(problems, errors.New(h.Words.T("fix.offer")))
	}
	return errors.Join(problems...)
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
