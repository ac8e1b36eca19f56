package prepare

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/prepare"
)

// base is the images that the site is built from. What a host has not got and cannot pull is a warning: it may be built or brought
// later, and the host is ready for anything else.
type base struct {
	step
	images     []string
	facts      *known
	connection *connection
	look       func(context.Context) error
}

func newBase(h *Host, s step) provision.Step {
	return base{s, h.Bases, h.facts, h.connection, h.gather}
}

// Plan implements provision.Step.
func (s base) Plan() ([]provision.Change, error) {
	var changes []provision.Change
	for _, image := range s.missing() {
		if s.facts.Root && s.facts.Docker.Pulls {
			changes = append(changes, s.change("pull", "", func(ctx context.Context, r *provision.Reporter) error { return s.pull(ctx, r, image) }, image))
		}
	}
	return changes, nil
}

// missing are the images that the host's engine has not got; none while there is no engine.
func (s base) missing() []string {
	if s.facts.Docker.Version == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.images), func(image string) bool { return slices.Contains(s.facts.Docker.Images, image) })
}

// pull tries; what comes of it is told once the facts are known again.
func (s base) pull(ctx context.Context, r *provision.Reporter, image string) error {
	if err := s.connection.Job(ctx, r, prepare.Pull(image)); err != nil && ctx.Err() != nil {
		return err
	}
	return s.look(ctx)
}

// Verify implements provision.Verifier.
func (s base) Verify(_ context.Context, r *provision.Reporter) error {
	for _, f := range s.advice() {
		r.Finding(f)
	}
	return nil
}

func (s base) advice() []provision.Finding {
	var list []provision.Finding
	for _, image := range s.missing() {
		name := "base-missing"
		if strings.HasPrefix(image, prepare.BaseName) {
			name = "base-missing-tutorial"
		}
		list = append(list, s.finding(provision.SeverityWarning, name, image, s.host))
	}
	return list
}
