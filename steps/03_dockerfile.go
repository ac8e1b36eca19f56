package steps

import (
	"context"

	"github.com/kehuo/provision/provision"
)

// dockerfile is the tutorial's step 3: the folder holds the site's Dockerfile.
type dockerfile struct{ *Host }

func (dockerfile) ID() string      { return stepDockerfile }
func (s dockerfile) Title() string { return s.title(stepDockerfile) }

// Plan implements provision.Step: the file is right or the person mends it.
func (s dockerfile) Plan() ([]provision.Change, error) { return nil, s.local(stepDockerfile) }

// Verify implements provision.Verifier.
func (s dockerfile) Verify(_ context.Context, r *provision.Reporter) error {
	s.advice(stepDockerfile, r)
	return nil
}
