package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// probePause is the wait between two probes of a candidate that does not answer yet; probeTimeout bounds one of them.
const (
	probePause   = 100 * time.Millisecond
	probeTimeout = 5 * time.Second
)

// awaitHealthy asks the candidate at its own address, through the connection, until it answers as the live site must, or
// ends, or site.health.timeout is over.
func (h *Host) awaitHealthy(ctx context.Context, r *provision.Reporter, rel *release, address string) error {
	if address == "" {
		return fmt.Errorf("the candidate %s has no address to be asked at", rel.candidate)
	}
	ctx, cancel := context.WithTimeout(ctx, h.site().Health.Timeout)
	defer cancel()
	ended := h.watch(ctx, rel.candidate)
	for {
		err := h.ask(ctx, r, address)
		if err == nil {
			return nil
		}
		select {
		case code := <-ended:
			if code != "" {
				return fmt.Errorf("the candidate ended with status %s before it answered", code)
			}
			ended = nil // the link broke, not the candidate
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("the candidate did not answer as wanted within %s (site.health.timeout): %w", h.site().Health.Timeout, err)
		case <-time.After(probePause):
		}
	}
}

// watch sends the exit status of a container once it ends.
func (h *Host) watch(ctx context.Context, container string) <-chan string {
	ended := make(chan string, 1)
	go func() {
		out, _ := h.client.Output(ctx, remote.Command{Argv: docker.Wait(container), Sudo: h.sudo})
		ended <- strings.TrimSpace(string(out))
	}()
	return ended
}

// ask puts the site's questions to a container at its own address.
func (h *Host) ask(ctx context.Context, r *provision.Reporter, address string) error {
	for _, q := range h.questions(func(p publicPort) string {
		return net.JoinHostPort(address, strconv.Itoa(p.container))
	}) {
		q.Dial = h.client.DialContext
		if _, err := h.askOnce(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) askOnce(ctx context.Context, q question) (probe.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answer, err := probe.Ask(ctx, q.Question)
	if err != nil {
		return answer, fmt.Errorf("%s does not answer: %w", q.name, err)
	}
	return answer, q.want.Check(answer)
}

// cutoverJob begins the id of every job that moves ports.
const cutoverJob = "cutover-"

// cutover has the host move its ports to the candidate: one job that completes or undoes itself, whatever becomes of us.
func (h *Host) cutover(ctx context.Context, r *provision.Reporter, rel *release) error {
	script := h.cutoverScript(rel)
	r.Command(h.cutoverSummary(rel))
	var gap string
	pass := h.lines(r)
	err := h.client.RunJob(ctx, remote.Job{
		StateDir: h.StateDir(),
		ID:       cutoverJob + rel.id + "-" + strconv.FormatInt(time.Now().UnixNano(), 36),
		Script:   script,
		Sudo:     h.sudo,
	}, func(line string) {
		if ms, ok := strings.CutPrefix(line, "out-of-reach "); ok {
			gap = ms
			return
		}
		pass(line)
	})
	if err != nil {
		return h.abandon(ctx, r, rel, fmt.Errorf("the ports could not be moved to the candidate and stay where they were: %w", err))
	}
	rel.switched = true
	switch {
	case rel.previous == "":
		r.Output(provision.StreamOut, h.Words.T("release.first", rel.id))
	case rel.cold:
		r.Output(provision.StreamOut, h.Words.T("release.cold", rel.id, gap))
	default:
		r.Output(provision.StreamOut, h.Words.T("release.warm", rel.id, gap))
	}
	return h.inspectLive(ctx)
}

func (h *Host) cutoverScript(rel *release) string {
	if !rel.cold {
		return warmCutover{
			live: h.site().Container, candidate: rel.candidate, retired: rel.retired, restart: rel.spec.Restart,
			previousNetworks: rel.previousNetworks, internal: h.network(),
		}.String()
	}
	return coldCutover{
		live: h.site().Container, candidate: rel.candidate, retired: rel.retired,
		create: rel.spec.Run(docker.RunOptions{
			Name: rel.candidate, Site: h.site().Name, Image: rel.image, Tree: rel.tree, Release: rel.id,
			Ports: true, Restart: true, Create: true,
		}),
		previousNetworks: rel.previousNetworks,
		stopPrevious:     rel.previousOnHost,
	}.String()
}

// cutoverSummary is the heart of the cutover as a person would type it.
func (h *Host) cutoverSummary(rel *release) string {
	take := remote.Quote(docker.Connect("bridge", rel.candidate)...)
	if rel.cold {
		take = remote.Quote(docker.Start(rel.candidate)...)
	}
	var let []string
	for _, n := range rel.previousNetworks {
		let = append(let, remote.Quote(docker.Disconnect(n, h.site().Container)...))
	}
	return strings.Join(append(let, take), " && ")
}

// publicNetworks are the networks through which a container holds host ports.
func (h *Host) publicNetworks(c *docker.Container) []string {
	if c == nil || c.HostConfig.NetworkMode == "host" {
		return nil
	}
	names := slices.Sorted(maps.Keys(c.NetworkSettings.Networks))
	return slices.DeleteFunc(names, func(n string) bool { return n == h.network() || n == "none" })
}

// back gives the ports back to the previous container, after the release has failed in public.
func (h *Host) back(ctx context.Context, r *provision.Reporter, cause error) error {
	rel := h.release
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	script := swapBack{
		live: h.site().Container, candidate: rel.candidate, retired: rel.retired, restart: rel.spec.Restart,
		networks: h.publicNetworks(h.facts.Container), previousNetworks: rel.previousNetworks, startPrevious: rel.previousOnHost,
	}.String()
	err := h.client.RunJob(ctx, remote.Job{
		StateDir: h.StateDir(),
		ID:       cutoverJob + "back-" + strconv.FormatInt(time.Now().UnixNano(), 36),
		Script:   script,
		Sudo:     h.sudo,
	}, h.lines(r))
	if err != nil {
		return fmt.Errorf("the new release %s failed on %s (%w), and the previous one could not be brought back: %w; see `provision status`", rel.id, h.Name(), cause, err)
	}
	h.facts.Container.State.Running = true // the previous one again
	return h.abandon(ctx, r, rel, cause)
}
