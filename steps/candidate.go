package steps

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// try boots the candidate without the host's ports and waits until it answers as the inventory asks.
func (h *Host) try(ctx context.Context, r *provision.Reporter, rel *release, network string) error {
	address, err := h.boot(ctx, r, rel, network)
	if err != nil {
		return err
	}
	return h.awaitHealthy(ctx, rel, address)
}

// boot creates and starts the candidate and returns its own address. A candidate that an interrupted run left behind makes
// room.
func (h *Host) boot(ctx context.Context, r *provision.Reporter, rel *release, network string) (string, error) {
	var script string
	if rel.existing != nil {
		r.Command(shell.Quote(docker.Start(rel.candidate)...))
		script = rebootScript{candidate: rel.candidate, network: network, site: h.site().Name, stateDir: h.StateDir()}.String()
	} else {
		argv := rel.spec.Run(docker.RunOptions{
			Name:      rel.candidate,
			Site:      h.site().Name,
			Directory: h.site().Directory,
			Image:     rel.image,
			Tree:      rel.tree,
			Release:   rel.id,
			Network:   network,
			Ports:     network != "",
		})
		r.Command(shell.Quote(argv...))
		script = bootScript{candidate: rel.candidate, network: network, site: h.site().Name, run: argv}.String()
	}
	out, err := h.exec(ctx, remote.Command{Script: shell.Text(script), Sudo: h.sudo})
	if err != nil {
		return "", h.fail("fail.candidate-run", rel.candidate, h.Name(), err)
	}
	objects, err := docker.ParseInspect(out)
	if err != nil {
		return "", err
	}
	if len(objects.Containers) == 0 {
		return "", h.fail("fail.candidate-gone", rel.candidate, h.Name())
	}
	candidate := objects.Containers[0]
	if !candidate.State.Running {
		return "", h.fail("fail.candidate-ended", candidate.State.ExitCode)
	}
	rel.bootedID = candidate.ID
	return candidate.AnyAddress(network), nil
}

// probeTimeout bounds one question.
const probeTimeout = 5 * time.Second

// probePause is the wait before a candidate that does not answer yet is asked again: a tenth of the time that it had, so
// that one that boots at once is live at once, and the log of one that takes long is not full of questions.
func probePause(waited time.Duration) time.Duration {
	return min(max(waited/10, 50*time.Millisecond), time.Second)
}

// awaitHealthy asks the candidate at its own address, through the connection, until it answers as the live site must, or
// ends, or site.health.timeout is over.
func (h *Host) awaitHealthy(ctx context.Context, rel *release, address string) error {
	if address == "" {
		return h.fail("fail.candidate-address", rel.candidate)
	}
	ctx, cancel := context.WithTimeout(ctx, h.demands().Health.Timeout)
	defer cancel()
	ended, begun := h.watch(ctx, rel.candidate), time.Now()
	var answer error // the last one that was an answer: it tells more than the deadline that cut the next question short
	for {
		var answered error
		err := h.persist(ctx, func() error {
			answered = h.ask(ctx, address)
			return answered
		})
		if err == nil {
			return nil
		}
		if answered == nil || remote.IsLost(err) && ctx.Err() == nil {
			return err // the link, or the lock, could not be had again
		}
		if remote.IsForbidden(err) {
			return h.noWayIn(err)
		}
		if answer == nil || ctx.Err() == nil {
			answer = answered
		}
		select {
		case code := <-ended:
			return h.fail("fail.candidate-silent", code)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return h.fail("fail.candidate-late", h.demands().Health.Timeout, answer)
		case <-time.After(probePause(time.Since(begun))):
		}
	}
}

// noWayIn is the error of a host whose sshd connects us to no port there: no release can be asked whether it answers.
func (h *Host) noWayIn(err error) error {
	return provision.WithExit(h.failedRelease(), h.fail("fail.no-way-in", h.Name(), err))
}

// watch sends the exit status of a container once it ends.
func (h *Host) watch(ctx context.Context, container string) <-chan string {
	ended := make(chan string, 1)
	go func() {
		out, err := h.exec(ctx, remote.Command{Argv: docker.Wait(container), Sudo: h.sudo})
		if err == nil {
			ended <- strings.TrimSpace(string(out))
		}
	}()
	return ended
}

// ask puts the site's questions to a container at its own address.
func (h *Host) ask(ctx context.Context, address string) error {
	list := h.questions(func(p publicPort) string {
		return net.JoinHostPort(address, strconv.Itoa(p.container))
	})
	for i := range list {
		list[i].Dial = h.client.DialContext
	}
	return h.askAll(ctx, list)
}

// askAll puts questions side by side. The error is that of the first one in the list that is not answered as wanted.
func (h *Host) askAll(ctx context.Context, list []question) error {
	errs := make([]error, len(list))
	var asking sync.WaitGroup
	for i, q := range list {
		asking.Go(func() { _, errs[i] = h.askOnce(ctx, q) })
	}
	asking.Wait()
	return cmp.Or(errs...)
}

func (h *Host) askOnce(ctx context.Context, q question) (probe.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answer, err := probe.Ask(ctx, q.Question)
	if err != nil {
		return answer, h.fail("fail.silent", q.name, err)
	}
	return answer, q.want.Check(answer)
}
