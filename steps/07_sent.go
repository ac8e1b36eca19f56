package steps

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// sent is the image of a run that one machine builds and the other hosts are sent.
type sent struct {
	builder   *Host        // nil: this machine, or a host that --limit leaves out
	receivers int          // hosts of the run that are sent it
	reading   atomic.Int32 // those that are not done yet
	here      here
	saving    once
	image     *images.Built
}

// Leads implements provision.Leader: the host that builds for others goes before them.
func (h *Host) Leads() bool {
	return h.Manifest != nil && h.rollout != nil && h.rollout.sent.builder == h && h.rollout.sent.receivers > 0
}

// receives reports whether the host is sent an image that is built elsewhere.
func (h *Host) receives() bool {
	return h.Manifest != nil && h.rollout != nil && h.Inventory.Site.BuildsElsewhere(h.Name())
}

// count takes the host in among those of a run.
func (s *sent) count(h *Host) {
	switch {
	case h.receives():
		s.receivers++
		s.reading.Add(1)
	case h.Inventory.Site.BuildOn == h.Name():
		s.builder = h
	}
}

// forget has the host that built remove what it has saved for others. All of them have ended.
func (s *sent) forget(ctx context.Context) {
	if s.image != nil {
		s.image.Forget(ctx)
	}
	s.image = nil
	s.saving.again()
}

// left counts a host out that was sent what this machine built. The last one leaves nothing behind here.
func (s *sent) left() {
	if s.reading.Add(-1) == 0 {
		s.here.close()
		s.image = nil
		s.saving.again()
		s.here.building.again()
	}
}

// beforeSent is what comes before any host of the run is changed: all of them have been looked at. This machine builds; another
// builder's image must be one that the host can run.
func (h *Host) beforeSent(ctx context.Context, r *provision.Reporter) error {
	if h.Inventory.Site.BuildOn == inventory.BuildOnHere {
		return h.buildHere(ctx, r)
	}
	from := h.rollout.sent.builder
	return provision.InStep(Build, h.Step(Build).(build).fits(from.bases.store.Platform, from.Name()))
}

// fits fails where what is built for a platform does not run on the host. One that the inventory names is taken at its word.
func (s build) fits(platform, builder string) error {
	if s.recipe.Platform == "" && platform != "" && s.bases.store.Platform != "" && machine(platform) != machine(s.bases.store.Platform) {
		return provision.Fail("build.platform", builder, machine(platform), s.host, machine(s.bases.store.Platform))
	}
	return nil
}

// machine is a platform without its variant.
func machine(platform string) string {
	parts := strings.SplitN(platform, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// from is where the image is built, in words.
func (s build) from() string {
	if s.on == inventory.BuildOnHere {
		return s.words.T("build.here")
	}
	return s.on
}

// planSent plans that the host is sent the image.
func (s build) planSent(reason string) ([]provision.Change, error) {
	switch {
	case s.bases.err != nil:
		return nil, s.bases.err
	case s.on != inventory.BuildOnHere && s.sent.builder == nil:
		return nil, provision.Fail("build.limited", s.host, s.on).WithExit(provision.ExitUsage)
	case s.on == inventory.BuildOnHere:
		if err := s.fits(s.sent.here.store.Platform, s.from()); err != nil {
			return nil, err
		}
	}
	changes := one(s.words.T("plan.sent.action", s.site.Image, s.from()), reason, s.words.T("plan.summary.sent", s.from()))
	lines := []string{s.words.T("plan.sent.built", s.from())}
	if platform := cmp.Or(s.recipe.Platform, s.sent.here.store.Platform); platform != "" {
		lines[0] = s.words.T("plan.sent.built-for", s.from(), platform)
	}
	lines = append(lines, s.words.T("plan.sent.layers", s.host))
	if recipe := s.recipe.Summary(); recipe != "" {
		lines = append(lines, recipe)
	}
	changes[0].Diff, changes[0].Apply = strings.Join(lines, "\n"), s.explained(s.receive)
	return changes, nil
}

// receive has the host load the image that its builder has.
func (s build) receive(ctx context.Context, r *provision.Reporter) error {
	s.makeRoom(ctx, r)
	err := s.sent.saving.do(func() (err error) {
		s.sent.image, err = s.saved(ctx, r)
		return err
	}, func() { r.Output(provision.StreamOut, s.words.T("build.waits", s.host, s.from())) })
	if err != nil {
		return err
	}
	built := s.sent.image
	if err := s.fits(built.Platform, s.from()); err != nil {
		return err
	}
	found, layers, err := s.bases.registries.Pack(ctx, built, s.bases.store.Lacks(built.Image), func(done, total int64) {
		r.Progress(done, total, provision.UnitBytes, s.words.T("image.reading", built.Name, s.from()))
	})
	if err != nil {
		return err
	}
	if err := s.deliver(ctx, r, found, layers, s.site.Image); err != nil {
		return err
	}
	made, err := s.inspect(ctx)
	if err != nil {
		return err
	}
	s.facts.Facts = s.facts.WithImage(made)
	return nil
}

// saved is the image as its builder keeps it for others, once a run.
func (s build) saved(ctx context.Context, r *provision.Reporter) (*images.Built, error) {
	if s.on == inventory.BuildOnHere {
		return s.sent.here.save(ctx, s.site.ImageOf(s.tree))
	}
	from := s.sent.builder
	made := from.facts.Image
	if made == nil || made.Label(docker.LabelTree) != s.tree {
		return nil, provision.Fail("build.not-built", s.host, s.on)
	}
	r.Output(provision.StreamOut, s.words.T("image.saving", s.on, s.site.Image))
	return from.connection.builder().Save(ctx, from.connection.stateDir, s.site.ImageOf(s.tree), made.ID)
}

// builder is the host as one that others are sent an image from.
func (c *connection) builder() images.Builder {
	return images.Builder{
		Name: c.host, Persist: c.persist,
		Read: func(ctx context.Context, script shell.Text, w io.Writer) error {
			return c.client.Run(ctx, remote.Command{Script: script, Sudo: c.sudo, Stdout: w})
		},
		Exit: func(err error) int {
			var exit *remote.ExitError
			if errors.As(err, &exit) {
				return exit.Code
			}
			return 0
		},
	}
}
