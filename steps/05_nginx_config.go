package steps

import (
	"context"

	"github.com/kehuo/provision/provision"
)

// nginxConfig is the tutorial's step 5: default.conf has the TLS server on port 443, and the server on port 80 that sends
// every request there.
type nginxConfig struct{ *Host }

func (nginxConfig) ID() string      { return stepNginxConfig }
func (s nginxConfig) Title() string { return s.title(stepNginxConfig) }

// Plan implements provision.Step: the servers are there or the person adds them, by hand or with --fix.
func (s nginxConfig) Plan() ([]provision.Change, error) { return nil, s.local(stepNginxConfig) }

// Verify implements provision.Verifier.
func (s nginxConfig) Verify(_ context.Context, r *provision.Reporter) error {
	s.advice(stepNginxConfig, r)
	return nil
}
