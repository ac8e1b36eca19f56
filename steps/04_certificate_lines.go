package steps

import (
	"context"

	"github.com/kehuo/provision/provision"
)

// certificateLines is the tutorial's step 4: the Dockerfile copies the certificate and its key to where nginx reads them.
type certificateLines struct{ *Host }

func (certificateLines) ID() string      { return stepCertificateLines }
func (s certificateLines) Title() string { return s.title(stepCertificateLines) }

// Plan implements provision.Step: the lines are there or the person adds them, by hand or with --fix.
func (s certificateLines) Plan() ([]provision.Change, error) {
	return nil, s.local(stepCertificateLines)
}

// Verify implements provision.Verifier.
func (s certificateLines) Verify(_ context.Context, r *provision.Reporter) error {
	s.advice(stepCertificateLines, r)
	return nil
}
