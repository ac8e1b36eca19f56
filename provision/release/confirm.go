package release

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kehuo/provision/provision/probe"
)

// confirmation asks the site on its public ports as soon as a release has them, while the job that moves them ends.
type confirmation struct {
	s      *Switch
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once
	asking sync.WaitGroup
	early  chan error
}

func (s *Switch) confirmEarly(ctx context.Context) *confirmation {
	c := &confirmation{s: s, early: make(chan error, 1)}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// stop ends what is under way, and waits for that.
func (c *confirmation) stop() {
	c.cancel()
	c.asking.Wait()
}

// begin starts to ask: from here, for the last step, and from the host. It may be called more than once.
func (c *confirmation) begin() {
	c.once.Do(func() {
		c.s.Moved()
		patience := c.s.patience()
		c.asking.Go(func() { c.early <- c.s.confirm(c.ctx, patience) })
	})
}

// wait returns what came of it. What was asked before the host went away does not count.
func (c *confirmation) wait() error {
	if c.s.rebooted {
		c.s.Moved()
		return c.s.confirm(c.ctx, c.s.patience())
	}
	c.begin()
	return <-c.early
}

// warmPatience is how long a container that has answered before it got the ports may take to be reached through them.
const warmPatience = 3 * time.Second

// patience is how long the site may take to answer on its public ports: one that was warm is reached through them at once, one
// that was switched cold may take as long as site.health.timeout allows.
func (s *Switch) patience() time.Duration {
	if !s.mover.ready() || s.rebooted {
		return s.release.Demands.Health.Timeout
	}
	return warmPatience
}

// confirmPause is the wait before a wrong answer of a site that was right a moment ago is asked for once more.
const confirmPause = 10 * time.Millisecond

// confirm asks the site on its public ports from the host, at once after the switch. A container that was warm is judged by its
// second answer.
func (s *Switch) confirm(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	checks, wrong := s.release.Demands.FromHost(s.Host.Dial), 0
	for {
		answered, err := s.ask(ctx, checks)
		if answered == nil || err != nil {
			return err
		}
		if errors.As(answered, new(*probe.MismatchError)) {
			wrong++
		}
		if wrong > 1 && patience == warmPatience {
			return answered
		}
		select {
		case <-ctx.Done():
			return answered
		case <-time.After(confirmPause):
		}
	}
}
