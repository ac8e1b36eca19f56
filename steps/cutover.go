package steps

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// cutoverJob begins the id of every job that moves ports.
const cutoverJob = "cutover-"

// outOfReach begins the line in which a cutover tells how long, in milliseconds, nobody could reach the site.
const outOfReach = "out-of-reach "

// cutoverAttempts is how often the ports are moved when the host itself went away in the middle.
const cutoverAttempts = 3

// cutover has the host move its ports to the candidate, looks at once whether the site answers there, and lets the two
// containers change names. Where it does not answer, the previous one gets its ports back in the same breath.
func (h *Host) cutover(ctx context.Context, r *provision.Reporter, rel *release) error {
	if err := ctx.Err(); err != nil {
		return h.abandon(ctx, r, rel, err)
	}
	if rel.saved != nil {
		if err := rel.saved(); err != nil {
			return h.abandon(ctx, r, rel, h.fail("fail.settings", h.Name(), err))
		}
	}
	r.Command(h.cutoverSummary(rel))
	early := h.confirmEarly(ctx, rel)
	defer early.stop()
	gap, err := h.movePorts(ctx, r, rel, early.begin)
	if err != nil {
		return err
	}
	rel.switched, rel.outside, rel.letGo = true, !rel.cold, gap.moved.Add(-gap.ports)
	err = early.wait()
	gap.answered = time.Now()
	switch {
	case err == nil:
		rel.confirmed = true
	case ctx.Err() != nil:
		return ctx.Err() // the next run finds the ports moved and goes on from there
	case rel.previous.serves():
		return h.back(ctx, r, err)
	default:
		r.Output(provision.StreamErr, h.Words.T("release.first-fails", rel.id))
	}
	if err := h.exchangeNames(ctx, rel); err != nil {
		return err
	}
	h.announce(r, rel, gap)
	return nil
}

// announce says which way the release went live and how long nobody could reach the site.
func (h *Host) announce(r *provision.Reporter, rel *release, gap gap) {
	switch {
	case !rel.previous.serves():
		r.Output(provision.StreamOut, h.Words.T("release.first", rel.id))
	case rel.cold:
		r.Output(provision.StreamOut, h.Words.T("release.cold", rel.id, gap.untilAnswer().Milliseconds()))
	default:
		r.Output(provision.StreamOut, h.Words.T("release.warm", rel.id, gap.ports.Milliseconds()))
	}
}

// gap is how long the ports led nowhere, as the host has measured it, when that was known here, and when the site answered.
type gap struct {
	ports           time.Duration
	moved, answered time.Time
}

// untilAnswer is the time from the moment the previous container let go until the site answered.
func (g gap) untilAnswer() time.Duration { return g.ports + g.answered.Sub(g.moved) }

// movePorts runs the cutover on the host: one job that completes or undoes itself, whatever becomes of us. When the host
// itself went away in the middle, it is seen how far the job came. moved is called as soon as the candidate has the ports, which
// is before the job has ended.
func (h *Host) movePorts(ctx context.Context, r *provision.Reporter, rel *release, moved func()) (gap, error) {
	critical, done := critical(ctx)
	defer done()
	for attempt := 1; ; attempt++ {
		g, err := h.runCutover(critical, r, cutoverJob+rel.id, h.cutoverScript(rel), moved)
		if err == nil {
			return g, nil
		}
		var exit *remote.ExitError
		if errors.As(err, &exit) && exit.Code == undoneExit {
			return g, h.abandon(ctx, r, rel, h.notMoved(err))
		}
		if critical.Err() != nil {
			return g, h.fail("fail.cutover-left", h.Name(), ctx.Err())
		}
		rel.rebooted = true
		if lookErr := h.gather(critical); lookErr != nil {
			return g, h.fail("fail.cutover-lost", h.Name(), err, lookErr)
		}
		if at := h.holdsPorts(); at != nil && at.ID == rel.bootedID {
			return g, nil
		}
		if attempt == cutoverAttempts || rel.cold {
			return g, h.abandon(ctx, r, rel, h.notMoved(err))
		}
	}
}

// notMoved is the error of a cutover that has undone itself. What docker said first is the cause: the attempts after it, and the
// way back, may fail in other ways because of it.
func (h *Host) notMoved(err error) error {
	t := &told{text: h.Words.T("fail.not-moved", err), errs: []error{err}}
	var exit *remote.ExitError
	if errors.As(err, &exit) {
		if first := firstSaid(exit.Stderr); first != "" {
			t.text = h.Words.T("fail.not-moved", first)
		}
	}
	return t
}

// firstSaid is the first error of docker in a job's output, or else its first line.
func firstSaid(output string) string {
	first := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "Error response from daemon") {
			return line
		}
		if first == "" && !strings.HasPrefix(line, outOfReach) {
			first = line
		}
	}
	return first
}

// critical is the context of work that an interruption must not leave half done: it ends a while after ctx.
func critical(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(tidyTimeout)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// runCutover runs a script that moves ports.
func (h *Host) runCutover(ctx context.Context, r *provision.Reporter, id, script string, moved func()) (gap, error) {
	g := gap{moved: time.Now()}
	pass := h.lines(r)
	err := h.job(ctx, id+"-"+strconv.FormatInt(time.Now().UnixNano(), 36), script, safetext.EachLine(func(line string) {
		if ms, ok := strings.CutPrefix(line, outOfReach); ok {
			n, _ := strconv.Atoi(ms)
			g = gap{ports: time.Duration(n) * time.Millisecond, moved: time.Now()}
			moved()
			return
		}
		pass(line)
	}))
	return g, err
}

func (h *Host) cutoverScript(rel *release) string {
	if !rel.cold {
		return warmCutover{
			candidate: rel.bootedID, restart: rel.spec.Restart, ports: len(rel.spec.Ports) > 0,
			previous: rel.previous, internal: h.network(),
		}.String()
	}
	c := coldCutover{
		candidate: rel.candidate, site: h.site().Name, stateDir: h.StateDir(),
		previous: rel.previous, internal: h.network(), restart: rel.spec.Restart,
	}
	if rel.existing == nil {
		c.create = rel.spec.Run(docker.RunOptions{
			Name: rel.candidate, Site: h.site().Name, Directory: h.site().Directory, Image: rel.image, Tree: rel.tree, Release: rel.id,
			Ports: true, Restart: true, Create: true,
		})
	}
	return c.String()
}

// cutoverSummary is the heart of the cutover as a person would type it.
func (h *Host) cutoverSummary(rel *release) string {
	take := shell.Quote(docker.Connect("bridge", rel.candidate)...)
	if rel.cold {
		take = shell.Quote(docker.Start(rel.candidate)...)
	}
	var let []string
	if rel.previous.serves() {
		for _, n := range rel.previous.networks {
			let = append(let, shell.Quote(docker.Disconnect(n.Network, h.site().Container)...))
		}
	}
	return strings.Join(append(let, take), " && ")
}

// exchangeNames gives the live name to the container that has the ports now, and has it alone come up after a reboot.
func (h *Host) exchangeNames(ctx context.Context, rel *release) error {
	critical, done := critical(ctx)
	defer done()
	names := namesScript{live: h.site().Container, site: h.site().Name, candidate: rel.bootedID, previous: rel.previous}
	if rel.cold {
		names.candidate = rel.candidate
	}
	if !rel.outside {
		names.internal = h.network()
	}
	out, err := h.exec(critical, remote.Command{Script: shell.Text(names.String()), Sudo: h.sudo})
	if err != nil {
		return h.fail("fail.names", h.Name(), h.site().Container, err)
	}
	return h.setLive(out)
}

// back gives the ports back to the previous container, after the release has failed in public.
func (h *Host) back(ctx context.Context, r *provision.Reporter, cause error) error {
	rel := h.release
	run, done := critical(ctx)
	defer done()
	id := rel.bootedID
	if rel.cold {
		id = rel.candidate
		if live := h.facts.Container; live != nil && live.ID != rel.previous.id {
			id = live.ID
		}
	}
	swap := swapBack{
		live: h.site().Container, failed: id, candidate: rel.candidate, previous: rel.previous, internal: h.network(),
		warm: !rel.cold && id == rel.bootedID,
	}
	g, err := h.runCutover(run, r, cutoverJob+"back", swap.String(), func() {})
	if err == nil {
		err = h.inspectLive(run)
	}
	if err != nil {
		return h.fail("fail.not-back", rel.id, h.Name(), cause, err)
	}
	out := g.ports
	if rel.cold { // it has not answered in between
		out = time.Since(rel.letGo)
	}
	r.Output(provision.StreamErr, h.Words.T("release.back", rel.id, out.Milliseconds()))
	rel.switched = false
	return h.abandon(ctx, r, rel, cause)
}
