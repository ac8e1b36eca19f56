package release

import (
	"context"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// try boots the candidate without the host's ports and waits until it answers as the site must.
func (s *Switch) try(ctx context.Context, network string) error {
	s.log = newLog()
	address, err := s.boot(ctx, network)
	if err != nil {
		return err
	}
	if address == "" {
		return provision.Fail("release.candidate-address", s.candidate)
	}
	way, err := s.way(ctx)
	if err != nil {
		return err
	}
	err = s.awaitHealthy(ctx, s.release.Demands.Inside(way, address))
	if s.Inspect != nil && ctx.Err() == nil && provision.ExitCode(err) != provision.ExitUnreachable {
		s.Inspect(ctx, s.candidate, err == nil)
	}
	if err == nil {
		s.log = newLog() // what it writes from now on has not been shown
	}
	return err
}

// boot creates and starts the candidate and returns its own address. A candidate that an interrupted run left behind makes room.
func (s *Switch) boot(ctx context.Context, network string) (string, error) {
	var script shell.Text
	if s.release.Kept != nil {
		s.report.Command(shell.Quote(docker.Start(s.candidate)...))
		script = bootKeptScript.With(s.candidate, network, s.Site.Name, s.Site.StateDir)
	} else {
		argv := s.release.Spec.Run(s.options(docker.RunOptions{Network: network, Ports: network != ""}))
		s.report.Command(shell.Quote(argv...))
		script = bootScript.With(append([]string{s.candidate, network, s.Site.Name}, argv...)...)
	}
	out, err := s.Host.Exec(ctx, remote.Command{Script: script, Sudo: true})
	if err != nil {
		return "", provision.Fail("release.candidate-run", s.candidate, s.Site.Host, err)
	}
	objects, err := docker.ParseInspect(out)
	if err != nil {
		return "", err
	}
	if len(objects.Containers) == 0 {
		return "", provision.Fail("release.candidate-gone", s.candidate, s.Site.Host)
	}
	candidate := objects.Containers[0]
	if candidate.State.OOMKilled {
		return "", provision.Fail("release.candidate-memory")
	}
	if !candidate.State.Running {
		return "", provision.Fail("release.candidate-ended", candidate.State.ExitCode)
	}
	s.booted = candidate.ID
	return candidate.AnyAddress(network), nil
}

// ran is why a candidate failed: that the kernel ended a process of it over its memory tells more than what came of that.
func (s *Switch) ran(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	out, err := s.Host.Exec(ctx, remote.Command{Argv: docker.Inspect(s.candidate), Sudo: true})
	if err != nil {
		return cause
	}
	if objects, err := docker.ParseInspect(out); err == nil && len(objects.Containers) > 0 && objects.Containers[0].State.OOMKilled {
		return provision.Fail("release.candidate-memory")
	}
	return cause
}

// watch sends the exit status of a container once it ends. Run waits for the end of it.
func (s *Switch) watch(ctx context.Context, container string) <-chan string {
	ended := make(chan string, 1)
	s.watching.Go(func() {
		out, err := s.Host.Exec(ctx, remote.Command{Argv: docker.Wait(container), Sudo: true})
		if err == nil {
			ended <- strings.TrimSpace(string(out))
		}
	})
	return ended
}

// mostLosses is how often in a row questions may lose the link before that is the answer.
const mostLosses = 5

// ask runs checks, again where the link was lost under them and is back. answer is what came of them; err is why the host cannot
// be reached again, or has another run at work.
func (s *Switch) ask(ctx context.Context, checks []probe.Check) (answer, err error) {
	for range mostLosses {
		answer = probe.RunAll(ctx, checks)
		if !remote.IsLost(answer) && provision.ExitCode(answer) != provision.ExitLocked || ctx.Err() != nil {
			return answer, nil
		}
		if _, err := s.Host.Exec(ctx, remote.Command{Argv: []string{"true"}}); err != nil {
			return answer, err
		}
	}
	return answer, provision.WithExit(provision.ExitUnreachable, answer)
}
