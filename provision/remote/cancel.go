package remote

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
)

// signalTime is what it takes to have the host send a command's signals and to hear of its end.
const (
	signalTime  = 2 * time.Second
	cancelGrace = defaultGrace + signalTime
)

// watch gives the command up when ctx ends: first by the end of its lifeline, which ends its process group, or by killing
// that, then by closing.
func (p *Process) watch(ctx context.Context) (stop func()) {
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		if !p.begins(ctx, ended) {
			p.hangUp(ended)
			return
		}
		select {
		case <-ended:
			return
		case <-p.link.down:
			return
		case <-ctx.Done():
		}
		if p.command.Stdin == nil || p.command.detached {
			_ = p.channel.CloseWrite()
		} else { // an end of the input in the middle of it could be taken for the true one
			p.link.workers.Go(p.kill)
		}
		select {
		case <-ended:
		case <-p.link.down:
		case <-time.After(p.command.grace() + signalTime):
			p.hangUp(ended)
		}
	})
	return func() { close(ended); watching.Wait() }
}

// hangUp closes the channel. A host that does not agree loses the whole link, so that nobody waits for ever.
func (p *Process) hangUp(ended <-chan struct{}) {
	_ = p.channel.Close()
	select {
	case <-ended:
	case <-p.link.down:
	case <-time.After(cancelGrace):
		p.link.abandon(provision.Fail("remote.lost.stuck"))
	}
}

// begins waits for the command to begin, or for a reason to wait no more. It reports whether the time was enough: a host
// that takes no command, or a login shell that hangs, says nothing.
func (p *Process) begins(ctx context.Context, ended <-chan struct{}) bool {
	timer := time.NewTimer(p.link.d.timeout())
	defer timer.Stop()
	select {
	case <-p.marker.found:
	case <-ended:
	case <-p.link.down:
	case <-ctx.Done():
	case <-timer.C:
		return false
	}
	return true
}

// kill ends the process group of a command whose standard input is in use, by way of another session. It is an attempt:
// where no session is to be had, the command still sees the end of its input.
func (p *Process) kill() {
	ctx, cancel := context.WithTimeout(context.Background(), p.command.grace()+signalTime)
	defer cancel()
	select {
	case <-p.marker.found: // what is cancelled at once may not have told its process group yet
	case <-p.done:
		return
	case <-ctx.Done():
		return
	}
	group := p.marker.group()
	if group == 0 {
		return
	}
	if killer, err := p.another(ctx, Command{Script: script("kill_group.sh").With(strconv.Itoa(group), p.command.graceSeconds()), Sudo: p.command.Sudo, detached: true}); err == nil {
		_ = killer.Wait()
	}
}
