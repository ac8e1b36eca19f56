package remote

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	firstTries   = 6                // attempts of Dial at a host that hangs up
	reconnecting = 10 * time.Minute // how long Reconnect tries: a reboot takes less
)

// pauses grow from a fifth of a second to five seconds, with the library's jitter.
func pauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 200 * time.Millisecond
	b.MaxInterval = 5 * time.Second
	return b
}

// permanent takes the retry library's own wrapping off an error.
func permanent(ctx context.Context, err error) error {
	var wrapped *backoff.PermanentError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// Reconnect makes a new connection when the one in use is lost, trying again with growing pauses until ctx ends. It does
// nothing when the connection lives. A host key that changed and a login that is refused end it at once. Of several calls one
// does it, and the others wait for that one.
func (c *Client) Reconnect(ctx context.Context) error {
	select {
	case c.replacing <- struct{}{}:
		defer func() { <-c.replacing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.open.Done():
		return c.gone()
	}
	dead, err := c.current()
	if err != nil || dead.alive() {
		return err
	}
	dead.close()
	c.dialer.config.Link(false)
	l, err := c.redial(ctx)
	if err != nil {
		return err
	}
	c.dialer.config.Link(true)
	return c.use(l)
}

// redial connects to a host that was reached before, until it succeeds, ctx ends or the client is closed.
func (c *Client) redial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(c.open, func() { cancel(c.gone()) })
	defer stop()
	l, err := backoff.Retry(ctx, func() (*link, error) {
		l, err := c.dialer.dial(ctx)
		var failure *DialError
		if err != nil && (!errors.As(err, &failure) || !failure.temporary) {
			return nil, backoff.Permanent(err)
		}
		return l, err
	}, backoff.WithBackOff(pauses()), backoff.WithMaxElapsedTime(reconnecting))
	if err != nil {
		return nil, permanent(ctx, err)
	}
	return l, nil
}

// use puts l in the place of a connection that is gone. A client that was closed meanwhile has no use for it.
func (c *Client) use(l *link) error {
	c.mu.Lock()
	closed := c.open.Err() != nil
	if !closed {
		c.link = l
	}
	c.mu.Unlock()
	if closed {
		l.close()
		return c.gone()
	}
	return nil
}

// gone is the error of a client that was closed.
func (c *Client) gone() error {
	return lostError(c.Name(), net.ErrClosed)
}

// Close hangs up. Commands that run end with a *LostError, and their process groups on the host end too; a Reconnect under
// way ends as well.
func (c *Client) Close() error {
	c.hangUp()
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	l.close() // waits for what ran over it, which may want mu
	return nil
}

const (
	mostLosses = 5                      // of the same work, after which it is given up
	lossPause  = 200 * time.Millisecond // after the second; it doubles with each one
)

// RetryBudget bounds how often the same work may lose its connection without getting any further. The zero value is unspent.
type RetryBudget struct {
	mu    sync.Mutex
	n     int
	set   bool
	least int64
}

// Progress tells that the work got further: what it lost before says nothing about what is to come.
func (b *RetryBudget) Progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n = 0
}

// Left tells how much is left to do, which is progress where it is less than ever before.
func (b *RetryBudget) Left(left int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.set || left < b.least {
		b.set, b.least, b.n = true, left, 0
	}
}

func (b *RetryBudget) spend() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	return b.n
}

// Recover makes ready to do work again that ended with why, of which IsLost is true: it reconnects, after a pause where it was
// not the first time. Work that has lost its connection too often is given up, with an error of which IsLost is true as well:
// the link may well live until the next attempt cuts it, and that would go on for ever.
func (c *Client) Recover(ctx context.Context, budget *RetryBudget, why error) error {
	var lost *LostError
	if errors.As(why, &lost) && lost.givenUp { // given up already, further down
		return why
	}
	n := budget.spend()
	if n >= mostLosses {
		if lost != nil {
			why = lost.why
		}
		return givenUpError(c.Name(), why, n)
	}
	if n > 1 {
		select {
		case <-time.After(lossPause << (n - 2)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return c.Reconnect(ctx)
}
