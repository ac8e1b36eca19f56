package steps

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/release"
)

// back brings a host of a rollout back to the release that it ran when the run connected to it, because another host failed.
type back struct {
	step
	host   *Host
	before string // empty: none that could be gone back to
}

// Back implements provision.Reverter. A first release stays: there is nothing to go back to.
func (h *Host) Back() provision.Step { return back{step{Run, h.Name(), h.Words}, h, h.before} }

// running is the release that the host runs; empty for none, and for a container that is not ours or was run by hand.
func (h *Host) running() string {
	if live := h.facts.Container; live != nil && h.site.Owns(live) {
		return live.Label(docker.LabelRelease)
	}
	return ""
}

// Title implements provision.Step.
func (s back) Title() string { return s.words.T("rollout.back.title") }

// Plan implements provision.Step.
func (s back) Plan() ([]provision.Change, error) {
	if s.before == "" || s.before == s.host.running() {
		return nil, nil
	}
	changes := one(s.words.T("plan.back.action", s.before), s.words.T("rollout.back.reason"))
	changes[0].Apply = s.goBack
	return changes, nil
}

func (s back) goBack(ctx context.Context, r *provision.Reporter) error {
	if err := s.host.gather(ctx); err != nil { // the release that was live is a retired one by now
		return err
	}
	to, err := release.FindTarget(ctx, s.host.connection, s.host.site, s.host.facts.Docker, s.before)
	if err != nil {
		return err
	}
	s.host.GoesBack(to)
	return s.host.GoBack(ctx, r, to)
}

// Verify implements provision.Verifier: the release before has to answer as it did.
func (s back) Verify(ctx context.Context, r *provision.Reporter) error {
	return s.host.Step(Site).(provision.Verifier).Verify(ctx, r)
}
