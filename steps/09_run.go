package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/remote"
)

// run is the tutorial's step 9: docker run -it -d -p 80:80 -p 443:443 --name myweb_https IMAGE bash ./start.sh. A container
// that is to replace another one boots and answers before it gets the ports; release.go tells how.
type run struct{ *Host }

func (run) ID() string      { return stepRun }
func (s run) Title() string { return s.title(stepRun) }

// Plan implements provision.Step.
func (s run) Plan() ([]provision.Change, error) {
	live, name, words := s.facts.Container, s.site().Container, s.Words
	if live != nil && !s.ours(live) {
		return s.takeOver(live, s.deploy)
	}
	if err := s.portsFree(); err != nil {
		return nil, err
	}
	if holder := s.holdsPorts(); holder != nil {
		changes := []provision.Change{s.complete(holder)}
		if holder.Release == s.Release {
			return changes, nil
		}
		next, err := s.replace(words.T("plan.replace.action", name), words.T("plan.run.reason-cutover"))
		return append(changes, next...), err
	}
	reason := s.drift(live)
	switch {
	case live == nil:
		return s.replace(words.T("plan.run.action", name), words.T("plan.run.reason-absent"))
	case reason != "":
		return s.replace(words.T("plan.replace.action", name), words.T(reason))
	case !live.Up():
		changes := one(words.T("plan.start.action", name), words.T("plan.run.reason-state", live.State.Status))
		changes[0].Apply = s.start
		return changes, nil
	case !live.Serves(s.network()):
		return s.replace(words.T("plan.replace.action", name), words.T("plan.run.reason-ports"))
	}
	return nil, nil
}

func (s run) replace(action, reason string) ([]provision.Change, error) {
	changes := one(action, reason)
	changes[0].Apply = s.deploy
	return changes, nil
}

// drift says in what the live container is not the one that this release makes, by the key of the words for it; empty where
// it is.
func (s run) drift(live *docker.Container) string {
	switch {
	case live == nil:
		return ""
	case live.Label(docker.LabelSpec) == "":
		return "plan.run.reason-by-hand"
	case live.Label(docker.LabelSpec) != s.Spec.Digest():
		return "plan.run.reason-settings"
	case live.Label(docker.LabelTree) != s.Manifest.Digest():
		return "plan.run.reason-files"
	case s.facts.Image != nil && live.Image != s.facts.Image.ID:
		return "plan.run.reason-image"
	}
	return ""
}

// portsFree makes sure that nobody else holds the ports that the site publishes.
func (s run) portsFree() error {
	for _, p := range s.site().Ports {
		if p.Protocol == "udp" || p.Protocol == "sctp" {
			continue
		}
		holder := s.holder(p.Address, p.Host)
		if holder != "" {
			return s.tell("fail.port-held", p.Host, s.Name(), holder)
		}
	}
	return nil
}

// holder names who has a port of the host, unless it is the site itself or nobody.
func (s run) holder(address string, port int) string {
	if live := s.facts.Container; live != nil && live.Up() && live.HostConfig.NetworkMode == "host" {
		return "" // what listens on the host may well be the site
	}
	for _, c := range s.facts.Containers {
		if !c.Publishes(address, port) {
			continue
		}
		if c.Name == s.site().Container || s.made(c) || s.strayed(c) {
			return ""
		}
		return s.Words.T("holder.container", c.Name, c.Image)
	}
	at := slices.IndexFunc(s.facts.Listeners, func(l facts.Listener) bool { return l.Holds(address, port) })
	if at < 0 {
		return ""
	}
	if name := s.facts.Listeners[at].Process; name != "" && name != "docker-proxy" {
		return s.Words.T("holder.process", name)
	}
	return s.Words.T("holder.stranger", port)
}

// start starts a container that is as it should be, but down.
func (s run) start(ctx context.Context, r *provision.Reporter) error {
	if _, err := s.docker(ctx, r, docker.Start(s.site().Container)); err != nil {
		return s.fail("fail.start", s.site().Container, s.Name(), err)
	}
	s.release = &release{started: true}
	return s.inspectLive(ctx)
}

// inspectLive reads the live container again.
func (h *Host) inspectLive(ctx context.Context) error {
	out, err := h.exec(ctx, remote.Command{Argv: docker.Inspect(h.site().Container), Sudo: h.sudo})
	if err != nil {
		return h.fail("fail.look", h.site().Container, h.Name(), err)
	}
	return h.setLive(out)
}

// setLive takes what docker inspect printed of the live container.
func (h *Host) setLive(inspected []byte) error {
	objects, err := docker.ParseInspect(inspected)
	if err != nil {
		return err
	}
	h.facts.Container = nil
	for i, c := range objects.Containers {
		if strings.EqualFold(c.BareName(), h.site().Container) {
			h.facts.Container = &objects.Containers[i]
		}
	}
	return nil
}
