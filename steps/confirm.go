package steps

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kehuo/provision/provision/probe"
)

// confirmation asks the site on its public ports as soon as a release has them, while the job that moves them ends.
type confirmation struct {
	host    *Host
	ctx     context.Context
	cancel  context.CancelFunc
	release *release
	once    sync.Once
	asking  sync.WaitGroup
	early   chan error
}

func (h *Host) confirmEarly(ctx context.Context, rel *release) *confirmation {
	c := &confirmation{host: h, release: rel, early: make(chan error, 1)}
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
		c.host.probes.anew()
		patience := c.host.confirmWithin(c.release)
		c.asking.Go(func() { c.early <- c.host.confirm(c.ctx, patience) })
	})
}

// wait returns what came of it. What was asked before the host went away does not count.
func (c *confirmation) wait() error {
	if c.release.rebooted {
		c.host.probes.anew()
		return c.host.confirm(c.ctx, c.host.confirmWithin(c.release))
	}
	c.begin()
	return <-c.early
}

// confirmWithin is how long the site may take to answer on its public ports: one that was warm is reached through them at once, one
// that was switched cold may take as long as site.health.timeout allows.
func (h *Host) confirmWithin(rel *release) time.Duration {
	if rel.cold || rel.rebooted {
		return h.demands().Health.Timeout
	}
	return warmPatience
}

// confirmPause is the wait before a wrong answer of a site that was right a moment ago is asked for once more.
const confirmPause = 10 * time.Millisecond

// confirm asks the site on its public ports from the host, at once after the switch. A container that was warm is judged by
// its second answer.
func (h *Host) confirm(ctx context.Context, patience time.Duration) error {
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
		if errors.As(err, new(*probe.MismatchError)) {
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
func (h *Host) askPublic(ctx context.Context) error { return h.askAll(ctx, h.hostQuestions(h.client)) }
