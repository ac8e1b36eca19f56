package remote

import (
	"context"
	"errors"
	"net"

	"github.com/cenkalti/backoff/v5"
)

// Reconnect makes a new connection when the one in use is lost, trying again with growing pauses until ctx ends. It does
// nothing when the connection lives. A host key that changed and a login that is refused end it at once. Of several calls one
// does it, and the others wait for that one.
func (c *Client) Reconnect(ctx context.Context) error { return c.replace(ctx, c.dialer.config.Link) }

// replace is Reconnect; link is told of it.
func (c *Client) replace(ctx context.Context, link func(up bool)) error {
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
	link(false)
	l, err := c.redial(ctx)
	if err != nil {
		return err
	}
	link(true)
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
		if err != nil && (!errors.As(err, &failure) || !failure.Temporary()) {
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
		c.before = c.before.plus(c.link.conn.count())
		c.link = l
	}
	c.mu.Unlock()
	if closed {
		l.close()
		return c.gone()
	}
	return nil
}

// Relogin replaces the connection, so that the host reads the user's groups anew.
func (c *Client) Relogin(ctx context.Context) error {
	l, err := c.current()
	if err != nil {
		return err
	}
	l.close()
	return c.replace(ctx, func(bool) {})
}

// gone is the error of a client that was closed.
func (c *Client) gone() error {
	return unreachable(&LostError{Host: c.Name(), Err: net.ErrClosed})
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
