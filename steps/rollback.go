package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
)

// Rollback is the target that brings an earlier release back: the same cutover as a deployment, to a container that is
// still there, or to one made again from what the host kept of the release.
type Rollback struct {
	*Host
	asked    string // the release asked for; empty: the one before the live one
	to       string // the release that this is
	retired  []docker.Container
	saved    *state.Release    // what the host kept of it; nil: nothing
	replaced *docker.Container // the container to go back to; nil: it is made again
}

// NewRollback returns the target that takes a host back to a release, or to the previous one for an empty name.
func NewRollback(h *Host, release string) *Rollback { return &Rollback{Host: h, asked: release} }

// Steps implements provision.Target.
func (b *Rollback) Steps() []provision.Step {
	return []provision.Step{login{b.Host}, goBack{b}, status{b.Host}, website{b.Host}}
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
	planned, known := b.to, b.facts
	if err := b.Host.Begin(ctx, r, changes); err != nil || b.facts == known {
		return err
	}
	if err := b.look(ctx); err != nil || b.to == planned {
		return err
	}
	return b.tell("fail.back-changed", b.Name(), b.to, planned)
}

// look finds out which release to go back to, and what there is of it.
func (b *Rollback) look(ctx context.Context) error {
	b.to, b.retired, b.saved, b.replaced = b.asked, nil, nil, nil
	var names []string
	for _, c := range b.Host.retired() {
		names = append(names, c.ID)
	}
	if len(names) > 0 {
		out, err := b.exec(ctx, remote.Command{Argv: docker.Inspect(names...), Sudo: b.sudo})
		if err != nil {
			return b.fail("fail.back-look", b.Name(), err)
		}
		objects, err := docker.ParseInspect(out)
		if err != nil {
			return err
		}
		b.retired = objects.Containers
	}
	if err := b.choose(ctx); err != nil || b.saved == nil || b.saved.Asked == nil {
		return err
	}
	// What was asked so far was what the inventory asks.
	b.keptDemands = &demands{}
	if err := json.Unmarshal(b.saved.Asked, b.keptDemands); err != nil {
		return fmt.Errorf("what %s has kept of release %s cannot be read: %w", b.Name(), b.to, err)
	}
	b.probes.anew()
	b.probes.fromHost(b.probes.ctx, b.client)
	return nil
}

// choose finds the release to go back to: the one that was asked for, or the one that was live last.
func (b *Rollback) choose(ctx context.Context) error {
	slices.SortFunc(b.retired, lastLive)
	for i, c := range b.retired {
		if b.to == "" && !b.isLive(b.releaseOf(&c)) || b.releaseOf(&c) == b.to {
			b.replaced, b.to = &b.retired[i], b.releaseOf(&c)
			_, err := b.readSaved(ctx) // one that was run by hand has nothing saved
			return err
		}
	}
	if b.to == "" {
		return b.tell("fail.back-none", b.site().Name, b.Name())
	}
	if b.isLive(b.to) && b.facts.Container.Up() {
		_, err := b.readSaved(ctx)
		return err
	}
	if strings.Trim(b.to, "0123456789abcdef") != "" {
		return provision.WithExit(provision.ExitUsage, b.tell("fail.back-name", b.to))
	}
	if saved, err := b.readSaved(ctx); err != nil || saved == nil {
		return errors.Join(b.tell("fail.back-gone", b.to, b.Name()), err)
	}
	return nil
}

// isLive reports whether the live container is a release: another one may have been retired from the same.
func (b *Rollback) isLive(release string) bool {
	live := b.facts.Container
	return live != nil && live.Label(docker.LabelRelease) == release
}

// lastLive sorts retired containers, the one that was live last first. One that runs was retired a moment ago and is still
// being stopped.
func lastLive(x, y docker.Container) int {
	switch {
	case x.State.Running && y.State.Running:
		return y.State.StartedAt.Compare(x.State.StartedAt)
	case x.State.Running:
		return -1
	case y.State.Running:
		return 1
	}
	return y.State.FinishedAt.Compare(x.State.FinishedAt)
}

// readSaved reads what the host kept of the release to go back to; nil where it has nothing of it.
func (b *Rollback) readSaved(ctx context.Context) (*state.Release, error) {
	if strings.Trim(b.to, "0123456789abcdef") != "" {
		return nil, nil
	}
	out, err := b.exec(ctx, remote.Command{Script: state.Saved(b.site().Directory, b.to)})
	var exit *remote.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, nil
	case err != nil:
		return nil, err
	}
	saved, err := state.ParseRelease(b.site().Directory, out)
	if err != nil {
		return nil, fmt.Errorf("what %s has kept of release %s cannot be read: %w", b.Name(), b.to, err)
	}
	b.saved = &saved
	return b.saved, nil
}

// releaseOf is the release that a retired container is; one that was run by hand goes by the id in its name.
func (b *Rollback) releaseOf(c *docker.Container) string {
	if id := c.Label(docker.LabelRelease); id != "" {
		return id
	}
	return strings.TrimPrefix(c.BareName(), b.site().Container+"-")
}

// goBack stands where a deployment runs a new container.
type goBack struct{ *Rollback }

func (goBack) ID() string      { return stepRun }
func (s goBack) Title() string { return s.title(stepRun) }

// Plan implements provision.Step.
func (s goBack) Plan() ([]provision.Change, error) {
	if s.isLive(s.to) && s.facts.Container.Up() {
		return nil, nil
	}
	if live := s.facts.Container; live != nil && !s.ours(live) && s.takenOver != live.ID {
		return run{s.Host}.takeOver(live, s.apply)
	}
	var changes []provision.Change
	if holder := s.holdsPorts(); holder != nil {
		changes = append(changes, s.complete(holder))
		if holder.Release == s.to {
			return changes, nil
		}
	}
	return append(changes, provision.Change{Action: s.Words.T("plan.back.action", s.to), Reason: s.Words.T("plan.asked"), Apply: s.apply}), nil
}

// apply brings the release back: its own container where that is still there and can boot beside the live one, and else one
// made again with the release's own settings.
func (s goBack) apply(ctx context.Context, r *provision.Reporter) error {
	rel := s.newRelease(s.to, docker.Spec{Restart: s.site().Restart}, "", "")
	if s.saved != nil {
		rel.spec, rel.tree, rel.image = s.saved.Spec, s.saved.Tree, s.saved.Image
	}
	if c := s.replaced; c != nil {
		rel.candidate, rel.existing = c.BareName(), c
		if s.saved != nil && s.coldOnly(rel) {
			rel.candidate, rel.existing = s.candidateName(), nil
		}
	}
	if rel.existing == nil {
		// By its id, for which nobody else's image is ever fetched: a name that is not there any more is asked for at a registry.
		id, err := s.docker(ctx, r, docker.ImageID(rel.image))
		if err != nil {
			return s.fail("fail.back-image", rel.image, rel.id, s.Name(), err)
		}
		rel.image = strings.TrimSpace(string(id))
	}
	s.wentBack = s.to
	if err := s.bringUp(ctx, r, rel); err != nil {
		return err
	}
	_, err := s.docker(ctx, r, docker.Tag(s.facts.Container.Image, s.site().Image))
	return err
}
