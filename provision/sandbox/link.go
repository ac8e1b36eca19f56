package sandbox

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Link is what a Relay makes of the way to its target.
type Link struct {
	RTT  time.Duration // round-trip time; half of it each way
	Rate int64         // bytes per second in each direction, shared by all connections; 0 is unlimited
}

func (l Link) check() error {
	if l.RTT < 0 || l.Rate < 0 {
		return fmt.Errorf("a link with a round trip of %s and %d bytes per second makes no sense: neither can be negative", l.RTT, l.Rate)
	}
	return nil
}

// pacerCredit is how far a lane may catch up after a timer that fired late, so
// that the average rate holds although no timer is exact.
const pacerCredit = 5 * time.Millisecond

// lane is one direction of the link: it gives each piece of data its place on
// the wire.
type lane struct {
	mutex sync.Mutex
	free  time.Time // when the wire has carried all it was given
}

// reserve returns when n bytes have left onto the wire.
func (l *lane) reserve(n int, rate int64) time.Time {
	now := time.Now()
	if rate == 0 {
		return now
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if earliest := now.Add(-pacerCredit); l.free.Before(earliest) {
		l.free = earliest
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return l.free
}

// sleepUntil waits until t or until ctx ends.
func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
