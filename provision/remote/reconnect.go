package remote

import (
	"context"
	"errors"
	"net"

	"github.com/cenkalti/backoff/v5"
)

// Reconnect makes a new connection when the one in use is lost, trying again with growing pauses until ctx ends, ten minutes
// at most. It does nothing when the connection lives, so several goroutines may call it for the same loss. A host key that
// changed and a login that is refused end it at once.
func (c *Client) Reconnect(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	old, err := c.current()
	if err != nil || old.alive() {
		return err
	}
	old.shut()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	fresh, err := backoff.Retry(ctx, func() (*link, error) {
		l, err := c.dialer.dial(ctx)
		var failure *DialError
		if err != nil && (!errors.As(err, &failure) || !failure.Temporary()) {
			return nil, backoff.Permanent(err)
		}
		return l, err
	}, backoff.WithBackOff(pauses()), backoff.WithMaxElapsedTime(reconnecting))
	if err != nil {
		return permanent(ctx, err)
	}
	return c.replace(fresh)
}

// replace puts a new connection into use, unless the client was closed meanwhile.
func (c *Client) replace(fresh *link) error {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.gone = append(c.gone, c.link)
		c.link = fresh
	}
	c.mu.Unlock()
	if closed {
		fresh.close()
		return unreachable(&LostError{Host: c.Name(), Err: net.ErrClosed})
	}
	return nil
}

// Relogin replaces the connection, so that the host reads the user's groups anew. What runs over the old one is lost.
func (c *Client) Relogin(ctx context.Context) error {
	l, err := c.current()
	if err != nil {
		return err
	}
	l.shut()
	return c.Reconnect(ctx)
}

// Traffic is what went over the link so far, over all connections one after another.
func (c *Client) Traffic() Traffic {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.link.conn.count()
	for _, l := range c.gone {
		sum = sum.plus(l.conn.count())
	}
	return sum
}

// Close hangs up and waits until nothing of any connection is left. Commands that run end with a *LostError, and their
// process groups on the host end too.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	links := append(c.gone, c.link)
	c.gone = nil
	c.mu.Unlock()
	c.end()
	for _, l := range links {
		l.close()
	}
	return nil
}
