// Package operate walks a live site through what is no deployment: the way back to an earlier release, another certificate,
// and the end. Each is some of the tutorial's steps, where need be with another one in the place of docker run.
package operate

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/steps"
)

// Rollback is the target that brings an earlier release back: the same cutover as a deployment, to a container that is
// still there, or to one made again from what the host kept of the release.
type Rollback struct {
	*steps.Host
	asked  string // the release asked for; empty: the one before the live one
	target release.Target
}

// NewRollback returns the target that takes a host back to a release, or to the previous one for an empty name.
func NewRollback(h *steps.Host, release string) *Rollback { return &Rollback{Host: h, asked: release} }

// Steps implements provision.Target.
func (b *Rollback) Steps() []provision.Step {
	return []provision.Step{b.Step(steps.Login), goBack{b.Step(steps.Run), b}, b.Step(steps.Status), b.Step(steps.Site)}
}

// Connect implements provision.Target.
func (b *Rollback) Connect(ctx context.Context, r *provision.Reporter) error {
	if err := b.Host.Connect(ctx, r); err != nil {
		return err
	}
	return b.look(ctx)
}

// Begin implements provision.Target. Another run may have made a release since this one was planned; the way back from that is
// not the one that was approved.
func (b *Rollback) Begin(ctx context.Context, r *provision.Reporter, changes []provision.Change) error {
	planned, known := b.target.ID, b.Facts()
	if err := b.Host.Begin(ctx, r, changes); err != nil || b.Facts() == known {
		return err
	}
	if err := b.look(ctx); err != nil || b.target.ID == planned {
		return err
	}
	return provision.Fail("fail.back-changed", b.Name(), b.target.ID, planned)
}

// look finds out which release to go back to, and what there is of it. What was asked of the site so far was what the inventory
// asks.
func (b *Rollback) look(ctx context.Context) (err error) {
	b.target, err = release.FindTarget(ctx, b.Connection(), b.Site(), b.Facts().Docker, b.asked)
	if err == nil {
		b.GoesBack(b.target)
	}
	return err
}

// goBack stands where a deployment runs a new container.
type goBack struct {
	provision.Step
	back *Rollback
}

// Plan implements provision.Step.
func (s goBack) Plan() ([]provision.Change, error) {
	b, live := s.back, s.back.Facts().Container
	if release.IsLive(live, b.target.ID) && live.Up() {
		return nil, nil
	}
	if live != nil && !b.Site().Owns(live) {
		return b.TakeOver(live, s.apply), nil
	}
	var changes []provision.Change
	if holder := b.Site().Holder(b.Facts().Containers); holder != nil {
		changes = append(changes, b.Complete(*holder))
		if holder.Release == b.target.ID {
			return changes, nil
		}
	}
	return append(changes, provision.Change{Action: b.Words.T("plan.back.action", b.target.ID), Reason: b.Words.T("plan.asked"), Apply: s.apply}), nil
}

func (s goBack) apply(ctx context.Context, r *provision.Reporter) error {
	return s.back.GoBack(ctx, r, s.back.target)
}
