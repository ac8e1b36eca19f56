package steps

import "github.com/kehuo/provision/provision"

// certificateLines is the tutorial's step 4: the Dockerfile copies the certificate and its key to where nginx reads them. The lines
// are there or the person adds them, by hand or with --fix.
//
// A certificate that the program obtains is obtained, renewed and brought to the host here.
type certificateLines struct {
	local
	*keeping // nil: the site brings its own
	timer    timer
}

func newCertificateLines(h *Host, s step) provision.Step {
	if h.obtained == nil {
		return certificateLines{newLocal(h, s), nil, h.timer(s)}
	}
	return certificateLines{newLocal(h, s), h.keeping(s), h.timer(s)}
}

// ID implements provision.Step.
func (s certificateLines) ID() string { return s.local.ID() }

// Title implements provision.Step.
func (s certificateLines) Title() string {
	if s.keeping != nil {
		return s.local.words.T("step.04-certificate-lines.title-brought")
	}
	return s.local.Title()
}

// Plan implements provision.Step.
func (s certificateLines) Plan() ([]provision.Change, error) {
	changes, err := s.local.Plan()
	if err == nil && s.keeping != nil {
		changes, err = s.keeping.Plan()
	}
	if err != nil {
		return changes, err
	}
	timed, err := s.timer.Plan()
	return append(changes, timed...), err
}
