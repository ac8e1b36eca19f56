package release

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// CutoverJob begins the id of every job that moves ports. One that an interrupted run left comes to its end by itself.
const CutoverJob = "cutover-"

// cutoverAttempts is how often the ports are moved when the host itself went away in the middle.
const cutoverAttempts = 3

// cutover has the host move its ports to the candidate, looks at once whether the site answers there, and lets the two containers
// change names. Where it does not answer, the previous one gets its ports back at once.
func (s *Switch) cutover(ctx context.Context) error {
	s.report.Command(s.cutoverSummary())
	early := s.confirmEarly(ctx)
	defer early.stop()
	gap, err := s.movePorts(ctx, early.begin)
	if err != nil {
		return err
	}
	s.switched, s.outside, s.letGo = true, s.mover.ready(), gap.moved.Add(-gap.ports)
	err = early.wait()
	gap.answered = time.Now()
	switch {
	case err == nil:
		s.confirmed = true
	case ctx.Err() != nil:
		return ctx.Err() // the next run finds the ports moved and goes on from there
	case s.previous.serves():
		return s.back(ctx, err)
	default:
		s.report.Say(provision.StreamErr, "release.first-fails", s.release.ID)
	}
	if err := s.exchangeNames(ctx); err != nil {
		return err
	}
	s.announce(gap)
	return nil
}

// cutoverSummary is the heart of the cutover as a person would type it.
func (s *Switch) cutoverSummary() string {
	var commands []string
	if s.previous.serves() {
		for _, place := range s.previous.places {
			commands = append(commands, shell.Quote(docker.Disconnect(place.Network, s.Site.Container)...))
		}
	}
	return strings.Join(append(commands, shell.Quote(s.mover.take(s)...)), " && ")
}

// announce says which way the release went live and how long nobody could reach the site.
func (s *Switch) announce(gap gap) {
	if !s.previous.serves() {
		s.report.Say(provision.StreamOut, "release.first", s.release.ID)
		return
	}
	s.mover.announce(s, gap)
}

// gap is how long the ports led nowhere, as the host has measured it, when that was known here, and when the site answered.
type gap struct {
	ports           time.Duration
	moved, answered time.Time
}

// untilAnswer is the time from the moment the previous container let go until the site answered.
func (g gap) untilAnswer() time.Duration { return g.ports + g.answered.Sub(g.moved) }

// movePorts runs the cutover on the host: one job that completes or undoes itself, whatever becomes of us. When the host itself
// went away in the middle, it is seen how far the job came. moved is called as soon as the candidate has the ports, which is
// before the job has ended.
func (s *Switch) movePorts(ctx context.Context, moved func()) (gap, error) {
	critical, done := critical(ctx)
	defer done()
	for attempt := 1; ; attempt++ {
		g, err := s.runJob(critical, CutoverJob+s.release.ID, s.mover.move(s), moved)
		switch exitCode(err) {
		case 0:
			return g, nil
		case undoneExit:
			s.restored = s.previous.serves() && (s.previous.publishes || s.previous.onHost)
			return g, s.abandon(ctx, notMoved(err))
		case lostExit:
			s.discard(ctx)
			return g, provision.Fail("release.nobody-serves", s.release.ID, s.Site.Host, s.portTaken(critical, err)).WithExit(provision.ExitFailed)
		}
		if critical.Err() != nil {
			return g, provision.Fail("release.cutover-left", s.Site.Host, ctx.Err())
		}
		s.rebooted = true
		known, lookErr := s.look(critical)
		if lookErr != nil {
			return g, provision.Fail("release.cutover-lost", s.Site.Host, err, lookErr)
		}
		if at := s.Site.Holder(known.Containers); at != nil && at.ID == s.booted {
			return g, nil
		}
		if attempt == cutoverAttempts || !s.mover.ready() {
			return g, s.abandon(ctx, notMoved(err))
		}
	}
}

// exitCode is the status that a job ended with, 0 for nil, -1 where it did not come to an end.
func exitCode(err error) int {
	var exit *remote.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	}
	return -1
}

// look gathers the facts anew.
func (s *Switch) look(ctx context.Context) (*facts.Facts, error) {
	known, err := s.Look(ctx)
	if err == nil {
		s.known = known.Docker
	}
	return known, err
}

// runJob runs a script that moves ports.
func (s *Switch) runJob(ctx context.Context, id string, script shell.Text, moved func()) (gap, error) {
	g := gap{moved: time.Now()}
	err := s.Host.Job(ctx, id+"-"+strconv.FormatInt(time.Now().UnixNano(), 36), script, safetext.EachLine(func(line string) {
		if ms, ok := strings.CutPrefix(line, gapMark); ok {
			n, _ := strconv.ParseUint(ms, 10, 31)
			g = gap{ports: time.Duration(n) * time.Millisecond, moved: time.Now()}
			moved()
			return
		}
		s.report.Output(line)
	}))
	return g, err
}

// critical is the context of work that an interruption must not leave half done: it ends a while after ctx.
func critical(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(cleanUpTimeout)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// notMoved is the error of a cutover that has undone itself. What docker said first is the cause: the attempts after it, and the
// way back, may fail in other ways because of it. Where it said nothing, the candidate was given the ports and did not hold them.
func notMoved(err error) *provision.Failure {
	if first := firstSaid(err); first != "" {
		return provision.Fail("release.not-moved", first).From(err)
	}
	if code := exitCode(err); code == undoneExit || code == lostExit {
		return provision.Fail("release.not-held").From(err)
	}
	return provision.Fail("release.not-moved", err)
}

// firstSaid is the first error of docker in a job's output, or else its first line.
func firstSaid(err error) string {
	var exit *remote.ExitError
	if !errors.As(err, &exit) {
		return ""
	}
	first := ""
	for line := range strings.Lines(exit.Stderr) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "Error response from daemon") {
			return line
		}
		if first == "" && !strings.HasPrefix(line, gapMark) {
			first = line
		}
	}
	return first
}

// portTaken is why nobody has the ports: what docker said first, and who holds a port of the site where that can be told.
func (s *Switch) portTaken(ctx context.Context, err error) error {
	why := notMoved(err)
	known, lookErr := s.look(ctx)
	out, askErr := s.Host.Exec(ctx, remote.Command{Script: facts.PortsScript(false)})
	if lookErr != nil || askErr != nil {
		return why
	}
	seen := known.WithPorts(facts.ParsePorts(out))
	for _, p := range s.Site.Ports {
		if p.Protocol == "udp" || p.Protocol == "sctp" {
			continue
		}
		if holder := s.Site.PortHolder(seen, p); holder != nil {
			return provision.Fail("release.port-taken", why, p.Host, holder)
		}
	}
	return why
}

// exchangeNames gives the live name to the container that has the ports now, and has it alone come up after a reboot.
func (s *Switch) exchangeNames(ctx context.Context) error {
	critical, done := critical(ctx)
	defer done()
	out, err := s.Host.Exec(critical, remote.Command{Script: s.namesScript(), Sudo: true})
	if err != nil {
		return provision.Fail("release.names", s.Site.Host, s.Site.Container, err)
	}
	live, err := s.Site.parseLive(out)
	if err == nil {
		s.known.Container = live
	}
	return err
}

// Complete ends an interrupted cutover: the container that has the ports gets the live name.
func (s *Switch) Complete(ctx context.Context, report Report, holder facts.Listed, known facts.Docker) (*docker.Container, error) {
	s.begin(report, Release{ID: holder.Release}, known)
	s.booted, s.switched = holder.ID, true
	report.Command(shell.Quote(docker.Rename(holder.Name, s.Site.Container)...))
	err := s.exchangeNames(ctx)
	return s.known.Container, err
}

// FailInPublic undoes the switch of this run, where live has failed with cause on the public ports; without one, or without
// anything to go back to, the failure is just that.
func (s *Switch) FailInPublic(ctx context.Context, report Report, live *docker.Container, cause error) (*docker.Container, error) {
	s.report, s.known.Container = report, live
	if !s.switched || !s.previous.serves() {
		newLog().show(ctx, s, s.Site.Container)
		return live, cause
	}
	err := s.back(ctx, cause)
	return s.known.Container, err
}

// back gives the ports back to the previous container, after the release has failed in public.
func (s *Switch) back(ctx context.Context, cause error) error {
	critical, done := critical(ctx)
	defer done()
	g, err := s.runJob(critical, CutoverJob+"back", s.mover.back(s), func() {})
	lost := exitCode(err) == lostExit
	if lookErr := s.lookAtLive(critical); err == nil {
		err = lookErr
	}
	switch {
	case lost:
		return provision.Fail("release.nobody-serves-after", s.release.ID, s.Site.Host, cause, s.portTaken(critical, err)).WithExit(provision.ExitFailed)
	case err != nil:
		return provision.Fail("release.not-back", s.release.ID, s.Site.Host, cause, err)
	}
	s.report.Say(provision.StreamErr, "release.back", s.release.ID, s.outOfReach(g).Milliseconds())
	s.switched, s.restored = false, true
	return s.abandon(ctx, cause)
}

// Tidy ends what a verified release leaves behind: the previous container stops, releases beyond site.keep go, and so do our
// images that no release has any more. Nobody waits for a container that takes its time to stop.
func (s *Switch) Tidy(ctx context.Context) error {
	replaced := ""
	if s.previous != nil {
		replaced = s.previous.retired
	}
	out, err := s.Host.Exec(ctx, remote.Command{Script: s.Site.tidyScript(replaced), Sudo: true})
	if err != nil {
		return provision.Fail("release.tidy", s.Site.Host, err)
	}
	switch state := strings.TrimSpace(string(out)); state {
	case "running":
		return nil
	case "":
		return provision.Fail("release.ended-gone", s.Site.Container, s.Site.Host)
	default:
		return provision.Fail("release.ended", s.Site.Container, s.Site.Host, state)
	}
}
