package steps

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/site"
)

// bases are the images that a build needs and a host lacks, and what is known of them before it begins.
type bases struct {
	way        string // one of inventory.BaseImages…
	mirrors    []string
	registries *images.Registries
	store      images.Store
	lacking    []base
	err        error // why nothing is known of the host's images
}

// base is one of them.
type base struct {
	site.Base
	found *images.Image // nil: no registry could be asked from here, and err says why
	err   error
}

const (
	// mostBases is more images than a Dockerfile names.
	mostBases = 32
	// pullAnswer is how long a host's engine may take for the first word of a pull, and pullTime for all of it.
	pullAnswer = 30 * time.Second
	pullTime   = 30 * time.Minute
	// lookQuietly is how long registries are asked before a person is told of it.
	lookQuietly = 2 * time.Second
)

// baseNames are the images that a build of the source may need.
func (d *Deployment) baseNames() (names []string) {
	for _, b := range d.Report.Bases {
		if !slices.Contains(names, b.Image) && len(names) < mostBases {
			names = append(names, b.Image)
		}
	}
	return names
}

// lookForBases finds out what a build needs and the host lacks: nothing is asked where nothing is to be built, or all is there.
func (h *Host) lookForBases(ctx context.Context, r *provision.Reporter) {
	*h.bases = bases{way: h.Inventory.Site.BaseImages, mirrors: h.Inventory.Site.Mirrors, registries: h.registries}
	lacks := func(b site.Base) bool {
		return !slices.Contains(h.facts.Bases, b.Image) && slices.Contains(h.baseNames(), b.Image)
	}
	if h.Manifest == nil || h.facts.DockerError != "" || h.facts.Podman || !h.receives() && !h.Leads() && !slices.ContainsFunc(h.Report.Bases, lacks) {
		return
	}
	if reason, err := h.Step(Build).(build).reason(); reason == "" || err != nil {
		return // the plan tells of it
	}
	out, err := h.connection.Exec(ctx, remote.Command{Script: images.Look(h.StateDir()), Sudo: true})
	if err == nil {
		h.bases.store, err = images.ParseLook(out)
	}
	if err != nil {
		h.bases.err = provision.Fail("image.look", h.Name(), err)
		return
	}
	if h.receives() { // whoever builds needs them
		if h.Inventory.Site.BuildOn == inventory.BuildOnHere {
			h.bases.err = h.rollout.sent.here.look(ctx)
		}
		return
	}
	for _, b := range h.Report.Bases {
		needed := b.Reached // the classic builder builds every stage, and knows no frontends
		if !h.bases.store.BuildKit {
			needed = !b.Frontend
		}
		if needed && lacks(b) {
			if !b.Frontend {
				b.Platform = cmp.Or(b.Platform, h.Inventory.Site.Build.Platform)
			}
			h.bases.lacking = append(h.bases.lacking, base{Base: b})
		}
	}
	slow := time.AfterFunc(lookQuietly, func() { r.Output(provision.StreamOut, h.Words.T("image.looking")) })
	defer slow.Stop()
	var asking sync.WaitGroup
	for i := range h.bases.lacking {
		b := &h.bases.lacking[i]
		asking.Go(func() { b.found, b.err = h.registries.Find(ctx, b.Image, h.bases.platform(*b)) })
	}
	asking.Wait()
}

// awaited reports whether there is an image that the host still lacks: then nothing builds yet.
func (s *bases) awaited(known *known) bool {
	return slices.ContainsFunc(s.lacking, func(b base) bool { return !slices.Contains(known.Bases, b.Image) })
}

// platform is the one that an image is wanted for.
func (s *bases) platform(b base) string {
	if b.Platform != "" {
		return b.Platform
	}
	return s.store.Platform
}

// cannotSend reports whether an image is pinned by its digest on an engine that knows digests only of what it pulled itself.
func (s *bases) cannotSend(b base) bool { return images.Pinned(b.Image) && !s.store.Containerd }

// bring plans the images that are to be there before the build.
func (s build) bring() (changes []provision.Change, err error) {
	if s.bases.err != nil {
		return nil, s.bases.err
	}
	for _, b := range s.bases.lacking {
		if slices.Contains(s.facts.Bases, b.Image) {
			continue
		}
		if s.bases.way == inventory.BaseImagesHere && s.bases.cannotSend(b) {
			return nil, &baseError{provision.Fail("image.pinned", b.Image, s.host), s.words}
		}
		change := one(s.words.T("plan.base.action", b.Image), s.words.T("plan.base.reason", s.host), s.words.T("plan.summary.base", b.Image))[0]
		change.Diff = strings.Join([]string{s.content(b), s.ways(b)}, "\n")
		change.Apply = s.explained(func(ctx context.Context, r *provision.Reporter) error { return s.bringOne(ctx, r, b) })
		changes = append(changes, change)
	}
	return changes, nil
}

// explained has a failure of images tell what to do about it.
func (s build) explained(apply func(context.Context, *provision.Reporter) error) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, r *provision.Reporter) error {
		err := apply(ctx, r)
		var f *provision.Failure
		if errors.As(err, &f) && s.words.Has(f.Code+".fix") && strings.HasPrefix(f.Code, "image.") {
			return &baseError{f, s.words}
		}
		return err
	}
}

// content says what an image is, in a line of the plan.
func (s build) content(b base) string {
	if b.found == nil {
		return s.words.T("plan.base.unknown", s.words.Error(b.err))
	}
	return s.words.T("plan.base.from", b.found.From, b.found.Platform, b.found.Digest, language.Bytes(b.found.Size()))
}

// ways says how an image comes to the host, in a line of the plan.
func (s build) ways(b base) string {
	pull := s.words.T("plan.base.pull", s.host, pullAnswer)
	send := s.words.T("plan.base.send-unknown")
	switch {
	case s.bases.cannotSend(b):
		send = s.words.T("plan.base.send-pinned")
	case b.found != nil:
		layers := s.bases.store.Lacks(b.found)
		send = s.words.T("plan.base.send", len(layers), len(b.found.Layers), language.Bytes(images.Size(layers)))
	}
	switch s.bases.way {
	case inventory.BaseImagesHost:
		return pull
	case inventory.BaseImagesHere:
		return send
	}
	return s.words.T("plan.base.or", pull, send)
}

// bringOne has the host pull an image, or sends it, as the inventory says.
func (s build) bringOne(ctx context.Context, r *provision.Reporter, b base) error {
	if slices.Contains(s.facts.Bases, b.Image) {
		return nil
	}
	var refused error
	if s.bases.way != inventory.BaseImagesHere {
		if refused = s.pull(ctx, r, b); refused == nil {
			s.facts.Facts = s.facts.WithBase(b.Image)
			return nil
		}
		switch {
		case ctx.Err() != nil || remote.IsLost(refused):
			return refused
		case s.bases.way == inventory.BaseImagesHost:
			return provision.Fail("image.host", b.Image, s.host, refused)
		}
		r.Output(provision.StreamErr, s.words.T("image.from-here", s.host, b.Image))
	}
	err := s.send(ctx, r, b)
	switch {
	case err == nil:
		s.facts.Facts = s.facts.WithBase(b.Image)
	case refused != nil && provision.CodeOf(err) == "image.unreachable":
		return provision.Fail("image.no-route", b.Image, s.host, refused, err)
	}
	return err
}

// pull has the host's engine pull an image, from the mirrors first.
func (s build) pull(ctx context.Context, r *provision.Reporter, b base) error {
	names, err := images.Names(b.Image, s.bases.mirrors)
	if err != nil {
		return provision.Fail("image.name", b.Image, err)
	}
	if images.Pinned(b.Image) { // no image can be given a name with a digest
		names = names[len(names)-1:]
	}
	for _, from := range names {
		r.Output(provision.StreamOut, s.words.T("image.pulling", s.host, from, pullAnswer))
		if err = s.pullFrom(ctx, r, docker.Pull(from, b.Platform)); err != nil {
			if ctx.Err() != nil || remote.IsLost(err) {
				return err
			}
			continue
		}
		if from == b.Image {
			return nil
		}
		for _, argv := range [][]string{docker.Tag(from, b.Image), docker.Untag(from)} {
			if _, err := s.connection.Exec(ctx, remote.Command{Argv: argv, Sudo: true}); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}

// pullFrom runs one docker pull, and gives it up where the registry does not answer.
func (s build) pullFrom(ctx context.Context, r *provision.Reporter, argv []string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, pullTime, provision.Fail("image.slow", s.host, pullTime))
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	silent := time.AfterFunc(pullAnswer, func() { giveUp(provision.Fail("image.silent", s.host, pullAnswer)) })
	defer silent.Stop()
	pass := s.connection.lines(r)
	out := safetext.NewLines(func(lines string) { silent.Stop(); pass(lines) })
	r.Command(remote.Command{Argv: argv}.String())
	_, err := s.connection.Exec(ctx, remote.Command{Argv: argv, Sudo: true, Stdout: out, Stderr: out})
	out.Flush()
	if cause := context.Cause(ctx); err != nil && provision.CodeOf(cause) != "" {
		return cause
	}
	return err
}

// send pulls an image on this machine and has the host load it. What was sent when the link dies, or the run, is not sent again.
func (s build) send(ctx context.Context, r *provision.Reporter, b base) error {
	found, err := s.bases.registries.Find(ctx, b.Image, s.bases.platform(b))
	switch {
	case err != nil:
		return err
	case s.bases.cannotSend(b):
		return provision.Fail("image.pinned", b.Image, s.host)
	}
	return s.deliver(ctx, r, found, s.bases.store.Lacks(found), "")
}

// deliver sends the layers of an image that the host lacks, and has it load the image; also is another name for it.
func (s build) deliver(ctx context.Context, r *provision.Reporter, found *images.Image, layers []images.Layer, also string) error {
	if err := s.bases.store.Holds(s.host, found, layers); err != nil {
		return err
	}
	layout, err := s.bases.registries.Fetch(ctx, found, layers, func(done, total int64) {
		r.Progress(done, total, provision.UnitBytes, s.words.T("image.fetching", found.Name))
	})
	if err != nil {
		return err
	}
	defer layout.Remove()
	if _, err := s.connection.Exec(ctx, remote.Command{Script: found.Clear(s.connection.stateDir)}); err != nil {
		return provision.Fail("image.send", found.Name, s.host, err)
	}
	var losses remote.RetryBudget
	err = s.connection.persistWhile(ctx, &losses, func() error {
		return images.Send(ctx, s.connection.client, s.connection.stateDir, found, layout, func(done, total int64) {
			losses.Left(total - done)
			r.Progress(done, total, provision.UnitBytes, s.words.T("image.sending", found.Name))
		})
	})
	if err != nil {
		return provision.Fail("image.send", found.Name, s.host, err)
	}
	r.Output(provision.StreamOut, s.words.T("image.loading", s.host, found.Name))
	err = s.connection.Job(ctx, found.JobID(), s.bases.store.Load(s.connection.stateDir, found, also), s.connection.lines(r))
	if err != nil {
		return s.bases.store.LoadFailed(s.host, found, err)
	}
	return nil
}

// baseError is why an image does not come to the host. What others printed on the way there explains less.
type baseError struct {
	*provision.Failure
	words *language.Printer
}

// Unwrap returns the failure.
func (e *baseError) Unwrap() error { return e.Failure }

// Findings tell the failure, and what to do about it.
func (e *baseError) Findings() []provision.Finding {
	finding := provision.Finding{Severity: provision.SeverityError, Code: e.Code, Cause: e.words.Error(e.Failure), Fix: e.words.T(e.Code + ".fix")}
	for _, value := range e.Values {
		if err, isError := value.(error); isError {
			finding.Evidence = e.words.Error(err)
		}
	}
	return []provision.Finding{finding}
}
