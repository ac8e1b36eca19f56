package release

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
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// Report is where a step says what happens.
type Report struct {
	Command func(command string)                     // that is about to run on the host
	Output  func(lines string)                       // of a container or of a job
	Say     func(stream, code string, values ...any) // a line of our own, in the words of code
	Waiting func(Wait)                               // how the wait for a candidate goes on, once a second
}

// Switch brings one release live in a run, and takes it back where it fails. Its methods return the container that has the
// site's name afterwards, also with an error.
type Switch struct {
	Host  Host
	Site  Site
	Look  func(ctx context.Context) (*facts.Facts, error) // gathers the facts anew: the host went away, or a port was taken
	Moved func()                                          // another container has the ports now: earlier answers tell nothing
	Fatal func(log []string) bool                         // the last lines of a log show an error that a program does not recover from
	// Inspect looks into a candidate that was asked, before it gets the ports or goes; answers tells whether it answers as wanted.
	// Nil: nobody does.
	Inspect func(ctx context.Context, container string, answers bool)

	report   Report
	release  Release
	known    facts.Docker // Container is what has the live name
	previous *previous    // nil for a first release

	candidate string // the candidate's name until it is live
	booted    string // its id, once it was started
	acted     bool   // a container was switched to or started in this run
	mover     mover  // cold where the application could not boot without a way out, or must not
	switched  bool   // the candidate has the ports
	outside   bool   // it has left the internal network
	confirmed bool   // it was seen to answer on the ports, from the host
	rebooted  bool   // the host went away during the cutover, so that the candidate is warm no longer
	restored  bool   // the host has looked: the previous container has the ports again
	letGo     time.Time

	pace     patience
	left     time.Duration // of site.health.timeout, for the tries that are still to come
	log      *containerLog // of the candidate under way
	watching sync.WaitGroup
}

// Acted reports whether this run has switched to a container or started one.
func (s *Switch) Acted() bool { return s.acted }

// Switched reports whether the release of this run has the ports.
func (s *Switch) Switched() bool { return s.switched }

// Confirmed reports whether the host has seen the release of this run answer on its ports.
func (s *Switch) Confirmed() bool { return s.confirmed }

// Run makes a release live: it boots the candidate, waits until it answers, and moves the ports to it. Until then nothing that
// serves is touched.
func (s *Switch) Run(ctx context.Context, report Report, r Release, known facts.Docker) (*docker.Container, error) {
	s.begin(report, r, known)
	if r.Kept != nil {
		s.candidate = r.Kept.BareName()
	}
	saved := func() error { return nil }
	if r.Save {
		saving := make(chan error, 1)
		go func() { saving <- save(ctx, s.Host, s.Site, r) }()
		saved = sync.OnceValue(func() error { return <-saving })
		defer func() { _ = saved() }()
	}
	defer s.watching.Wait()
	err := s.bringUp(ctx, saved)
	return s.known.Container, err
}

// bringUp tries the candidate and moves the ports to it, once the host has kept its settings.
func (s *Switch) bringUp(ctx context.Context, saved func() error) error {
	if err := cmp.Or(s.tryCandidate(ctx), ctx.Err()); err != nil {
		return s.abandon(ctx, err)
	}
	if err := saved(); err != nil {
		return s.abandon(ctx, provision.Fail("release.settings", s.Site.Host, err))
	}
	return s.cutover(ctx)
}

// begin forgets what an earlier release of the run came to.
func (s *Switch) begin(report Report, r Release, known facts.Docker) {
	*s = Switch{
		Host: s.Host, Site: s.Site, Look: s.Look, Moved: s.Moved, Fatal: s.Fatal, Inspect: s.Inspect, pace: cmp.Or(s.pace, usualPatience), log: newLog(),
		report: report, release: r, known: known, acted: true, mover: warmMover{},
	}
	s.candidate, s.previous = s.Site.Candidate(), s.Site.previousOf(known.Container, r.ID)
}

// previousOf is the live container as the one that release id replaces. One that an interrupted cutover has left without a
// network had its ports on the bridge.
func (s Site) previousOf(live *docker.Container, id string) *previous {
	if live == nil {
		return nil
	}
	bound := len(live.HostConfig.PortBindings) > 0
	p := &previous{
		id:      live.ID,
		retired: s.retiredName(live, id),
		places:  live.PublicEndpoints(s.Network()),
		inside:  live.On(s.Network()),
		onHost:  live.HostConfig.NetworkMode == "host",
		restart: live.RestartPolicy(),
		down:    !live.State.Running,
	}
	p.publishes = bound && !p.onHost
	if len(p.places) == 0 && p.publishes {
		p.places = []docker.Endpoint{{Network: "bridge"}}
	}
	return p
}

// retiredName is the name of a container that was live: that of its release, or made of its own id where it was run by hand or
// the release that follows it is the same one.
func (s Site) retiredName(c *docker.Container, next string) string {
	release := c.Label(docker.LabelRelease)
	if release == "" || release == next || !s.Owns(c) {
		release = docker.ShortID(c.ID)
	}
	return s.Container + "-" + release
}

// tryCandidate boots the candidate on the internal network and waits until it answers; where a way out to the network is what it
// may have missed, on the ordinary bridge without ports, in what is left of the time.
func (s *Switch) tryCandidate(ctx context.Context) error {
	s.left = s.release.Demands.Health.Timeout
	if !s.Site.coldOnly(s.release) {
		err := s.try(ctx, s.Site.Network())
		if errors.Is(err, errNoWayInside) {
			return s.untried()
		}
		if err == nil || ctx.Err() != nil || !s.mayTryCold() || s.left <= 0 || !s.mayMissWayOut(ctx, err) {
			return err
		}
		s.report.Say(provision.StreamErr, "release.trying-cold", err)
	}
	s.mover = coldMover{}
	// It would share the host's network, or take its ports wherever it starts.
	if s.release.Kept != nil || s.release.Spec.HostNetwork() {
		return s.untried()
	}
	err := s.try(ctx, "")
	if errors.Is(err, errNoWayInside) {
		return s.untried()
	}
	return err
}

// untried has the release be judged by its answers on the public ports.
func (s *Switch) untried() error {
	s.mover = coldMover{}
	s.report.Say(provision.StreamErr, "release.untried")
	return nil
}

// mayTryCold reports whether there is another way to try the candidate.
func (s *Switch) mayTryCold() bool { return s.mover.ready() && s.Site.Cutover != inventory.CutoverWarm }

// coldOnly reports whether the inventory or the container's options rule a boot on the internal network out.
func (s Site) coldOnly(r Release) bool {
	if s.Cutover == inventory.CutoverCold || r.Spec.OwnNetwork() {
		return true
	}
	return r.Kept != nil && !slices.Contains([]string{"default", "bridge", "", s.Network()}, r.Kept.HostConfig.NetworkMode)
}

// cleanUpTimeout bounds what is done after a failure, whatever has become of the run's own deadline.
const cleanUpTimeout = 20 * time.Second

// abandon shows the candidate's last log lines and removes it. What served before still does.
func (s *Switch) abandon(ctx context.Context, cause error) error {
	interrupted := ctx.Err()
	s.discard(ctx)
	if interrupted != nil {
		return interrupted
	}
	switch provision.ExitCode(cause) {
	case provision.ExitUnreachable, provision.ExitLocked: // nothing is known any more, or nothing is ours to say
		return provision.Fail("release.given-up", s.release.ID, s.Site.Host, cause)
	}
	if s.restored || s.Site.Serves(s.known) {
		return provision.Fail("release.kept-old", s.release.ID, s.Site.Host, cause).WithExit(provision.ExitKeptOld)
	}
	return provision.Fail("release.failed", s.release.ID, s.Site.Host, cause)
}

// discard shows the candidate's last log lines and removes it, or stops it where it is a kept one.
func (s *Switch) discard(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	s.log.show(ctx, s, s.candidate)
	cmd := remote.Command{Script: removeScript.With(s.candidate, s.Site.Name), Sudo: true}
	if s.release.Kept != nil {
		cmd = remote.Command{Argv: docker.Stop(1, s.candidate), Sudo: true}
	}
	if _, err := s.Host.Exec(ctx, cmd); err != nil {
		s.report.Say(provision.StreamErr, "release.candidate-left", s.candidate, err)
	}
	s.acted = false
}

// docker runs one docker command, which must bear being run twice, and returns what it printed.
func (s *Switch) docker(ctx context.Context, argv []string) ([]byte, error) {
	s.report.Command(shell.Quote(argv...))
	return s.Host.Exec(ctx, remote.Command{Argv: argv, Sudo: true})
}

// Start starts the live container, which is as it should be, but down.
func (s *Switch) Start(ctx context.Context, report Report, known facts.Docker) (*docker.Container, error) {
	s.begin(report, Release{}, known)
	s.previous = nil
	if _, err := s.docker(ctx, docker.Start(s.Site.Container)); err != nil {
		return known.Container, provision.Fail("release.start", s.Site.Container, s.Site.Host, err)
	}
	err := s.lookAtLive(ctx)
	return s.known.Container, err
}

// lookAtLive reads the live container again.
func (s *Switch) lookAtLive(ctx context.Context) error {
	live, err := Inspect(ctx, s.Host, s.Site)
	if err == nil {
		s.known.Container = live
	}
	return err
}

// Inspect reads the live container; nil where there is none.
func Inspect(ctx context.Context, host Host, site Site) (*docker.Container, error) {
	out, err := host.Exec(ctx, remote.Command{Argv: docker.Inspect(site.Container), Sudo: true})
	if err != nil {
		return nil, provision.Fail("release.look", site.Container, site.Host, err)
	}
	return site.parseLive(out)
}

// parseLive finds the live container in what docker inspect printed.
func (s Site) parseLive(inspected []byte) (*docker.Container, error) {
	objects, err := docker.ParseInspect(inspected)
	if err != nil {
		return nil, err
	}
	for i, c := range objects.Containers {
		if strings.EqualFold(c.BareName(), s.Container) {
			return &objects.Containers[i], nil
		}
	}
	return nil, nil
}
