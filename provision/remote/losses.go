package remote

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	mostLosses = 5                      // of the same work, after which it is given up
	lossPause  = 200 * time.Millisecond // after the second; it doubles with each one
)

// Losses counts how often the same work lost its connection without getting any further. The zero value has counted none.
type Losses struct {
	mu    sync.Mutex
	n     int
	told  bool
	least int64
}

// Progress tells that the work got further: what it lost before says nothing about what is to come.
func (l *Losses) Progress() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n = 0
}

// Left tells how much is left to do, which is progress where it is less than ever before.
func (l *Losses) Left(left int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.told || left < l.least {
		l.told, l.least, l.n = true, left, 0
	}
}

func (l *Losses) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	return l.n
}

// Recover makes ready to do work again that ended with why, of which IsLost is true: it reconnects, after a pause where it was
// not the first time. Work that has lost its connection too often is given up, with an error of which IsLost is true as well:
// the link may well live until the next attempt cuts it, and that would go on for ever.
func (c *Client) Recover(ctx context.Context, losses *Losses, why error) error {
	var lost *LostError
	if errors.As(why, &lost) && lost.Times > 0 { // given up already, further down
		return why
	}
	n := losses.count()
	if n >= mostLosses {
		if lost != nil {
			why = lost.Err
		}
		return unreachable(&LostError{Host: c.Name(), Times: n, Err: why})
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
