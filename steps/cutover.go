package steps

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// cutoverJob begins the id of every job that moves ports.
const cutoverJob = "cutover-"

// cutoverAttempts is how often the ports are moved when the host itself went away in the middle.
const cutoverAttempts = 3

// cutover has the host move its ports to the candidate, looks at once whether the site answers there, and lets the two
// containers change names. Where it does not answer, the previous one gets its ports back in the same breath.
func (h *Host) cutover(ctx context.Context, r *provision.Reporter, rel *release) error {
	if err := ctx.Err(); err != nil {
		return h.abandon(ctx, r, rel, err)
	}
	r.Command(h.cutoverSummary(rel))
	gap, err := h.movePorts(ctx, r, rel)
	if err != nil {
		return err
	}
	rel.switched = true
	if err := h.confirm(ctx, rel); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the next run finds the ports moved and goes on from there
		}
		if rel.previous.serves() {
			return h.back(ctx, r, err)
		}
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

// gap is how long the ports led nowhere, as the host has measured it, and when that was known here.
type gap struct {
	ports time.Duration
	moved time.Time
}

// untilAnswer is the time from the moment the previous container let go until now.
func (g gap) untilAnswer() time.Duration { return g.ports + time.Since(g.moved) }

// movePorts runs the cutover on the host: one job that completes or undoes itself, whatever becomes of us. When the host
// itself went away in the middle, it is seen how far the job came.
func (h *Host) movePorts(ctx context.Context, r *provision.Reporter, rel *release) (gap, error) {
	critical, done := critical(ctx)
	defer done()
	for attempt := 1; ; attempt++ {
		g, err := h.runCutover(critical, r, cutoverJob+rel.id, h.cutoverScript(rel))
		if err == nil {
			return g, nil
		}
		var exit *remote.ExitError
		if errors.As(err, &exit) && exit.Code == undoneExit {
			return g, h.abandon(ctx, r, rel, fmt.Errorf("the ports could not be moved to the candidate and stay where they were: %w", err))
		}
		if critical.Err() != nil {
			return g, fmt.Errorf("the cutover on %s was left to itself: %w; the next run sees how it ended", h.Name(), ctx.Err())
		}
		if lookErr := h.gather(critical); lookErr != nil {
			return g, fmt.Errorf("the cutover on %s broke off (%w), and what became of it is not known: %w; run it again", h.Name(), err, lookErr)
		}
		if at := h.holdsPorts(); at != nil && at.ID == rel.bootedID {
			return g, nil
		}
		rel.rebooted = true
		if attempt == cutoverAttempts || rel.cold {
			return g, h.abandon(ctx, r, rel, fmt.Errorf("the ports could not be moved to the candidate: %w", err))
		}
	}
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
func (h *Host) runCutover(ctx context.Context, r *provision.Reporter, id, script string) (gap, error) {
	g := gap{moved: time.Now()}
	pass := h.lines(r)
	err := h.job(ctx, id+"-"+strconv.FormatInt(time.Now().UnixNano(), 36), script, func(line string) {
		if ms, ok := strings.CutPrefix(line, "out-of-reach "); ok {
			n, _ := strconv.Atoi(ms)
			g = gap{time.Duration(n) * time.Millisecond, time.Now()}
			return
		}
		pass(line)
	})
	return g, err
}

func (h *Host) cutoverScript(rel *release) string {
	if !rel.cold {
		return warmCutover{
			candidate: rel.bootedID, restart: rel.spec.Restart, ports: len(rel.spec.Ports) > 0,
			previous: rel.previous, internal: h.network(),
		}.String()
	}
	c := coldCutover{candidate: rel.candidate, previous: rel.previous, internal: h.network(), restart: rel.spec.Restart}
	if rel.existing == nil {
		c.create = rel.spec.Run(docker.RunOptions{
			Name: rel.candidate, Site: h.site().Name, Image: rel.image, Tree: rel.tree, Release: rel.id,
			Ports: true, Restart: true, Create: true,
		})
	}
	return c.String()
}

// cutoverSummary is the heart of the cutover as a person would type it.
func (h *Host) cutoverSummary(rel *release) string {
	take := remote.Quote(docker.Connect("bridge", rel.candidate)...)
	if rel.cold {
		take = remote.Quote(docker.Start(rel.candidate)...)
	}
	var let []string
	if rel.previous.serves() {
		for _, n := range rel.previous.networks {
			let = append(let, remote.Quote(docker.Disconnect(n.Network, h.site().Container)...))
		}
	}
	return strings.Join(append(let, take), " && ")
}

// confirmPause is the wait before a wrong answer of a site that was right a moment ago is asked for once more.
const confirmPause = 10 * time.Millisecond

// confirm asks the site on its public ports from the host, at once after the switch. A container that was warm is judged by
// its second answer; one that was switched cold may take as long as site.health.timeout allows.
func (h *Host) confirm(ctx context.Context, rel *release) error {
	patience := warmPatience
	if rel.cold || rel.rebooted {
		patience = h.site().Health.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wrong := 0
	for {
		var answered error
		err := h.persist(ctx, func() error {
			answered = h.askPublic(ctx)
			return answered
		})
		if err == nil || answered == nil {
			return err
		}
		var mismatch *probe.Mismatch
		if errors.As(err, &mismatch) {
			wrong++
		}
		if wrong > 1 && patience == warmPatience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(confirmPause):
		}
	}
}

// warmPatience is how long a container that has answered before it got the ports may take to be reached through them.
const warmPatience = 3 * time.Second

// askPublic puts the site's questions to the public ports, from the host itself.
func (h *Host) askPublic(ctx context.Context) error {
	for _, q := range h.hostQuestions(h.client) {
		if _, err := h.askOnce(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// exchangeNames gives the live name to the container that has the ports now, and has it alone come up after a reboot.
func (h *Host) exchangeNames(ctx context.Context, rel *release) error {
	critical, done := critical(ctx)
	defer done()
	names := namesScript{live: h.site().Container, site: h.site().Name, candidate: rel.bootedID, previous: rel.previous, internal: h.network()}
	if rel.cold {
		names.candidate = rel.candidate
	}
	if _, err := h.exec(critical, remote.Command{Script: names.String(), Sudo: h.sudo}); err != nil {
		return fmt.Errorf("name the new container on %s %s: %w; it serves, and the next run completes the cutover", h.Name(), h.site().Container, err)
	}
	return h.inspectLive(critical)
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
	g, err := h.runCutover(run, r, cutoverJob+"back", swap.String())
	if err == nil {
		err = h.inspectLive(run)
	}
	if err != nil {
		return fmt.Errorf("the new release %s failed on %s (%w), and the previous one could not be brought back: %w; see `provision status`", rel.id, h.Name(), cause, err)
	}
	r.Output(provision.StreamErr, h.Words.T("release.back", rel.id, g.ports.Milliseconds()))
	rel.switched = false
	return h.abandon(ctx, r, rel, cause)
}
