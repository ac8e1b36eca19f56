package remote

import (
	"context"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
)

// errTooSlow is the cause of a context whose stopwatch ran out.
var errTooSlow = provision.Fail("remote.too-slow")

// stopwatch bounds an attempt to connect, but for the time in which a person is asked. One of a hop holds those that wait for
// the hop too.
type stopwatch struct {
	outer  *stopwatch
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration
	since  time.Time
	held   int
	cancel context.CancelCauseFunc
}

func withStopwatch(parent context.Context, limit time.Duration, outer *stopwatch) (context.Context, *stopwatch) {
	ctx, cancel := context.WithCancelCause(parent)
	w := &stopwatch{outer: outer, left: limit, since: time.Now(), cancel: cancel}
	w.timer = time.AfterFunc(limit, func() { cancel(errTooSlow) })
	return ctx, w
}

func (w *stopwatch) stop() {
	for ; w != nil; w = w.outer {
		w.hold()
	}
}

func (w *stopwatch) start() {
	for ; w != nil; w = w.outer {
		w.release()
	}
}

func (w *stopwatch) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held++; w.held == 1 {
		w.timer.Stop()
		w.left -= time.Since(w.since)
	}
}

func (w *stopwatch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held--; w.held == 0 {
		w.since = time.Now()
		w.timer.Reset(max(w.left, time.Second))
	}
}

func (w *stopwatch) end() {
	w.hold()
	w.cancel(context.Canceled)
}
