package provision

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// pace has hosts connected to as many at a time as the machine can serve: with more of them every deadline would pass.
type pace chan struct{}

const (
	abreast = 32          // how many hosts a processor connects to at a time
	turn    = time.Second // after which a host that is slow, or hangs, lets the next one go ahead
)

func newPace() pace { return make(pace, abreast*runtime.GOMAXPROCS(0)) }

// take waits for a turn, and returns what ends it.
func (p pace) take(ctx context.Context) (end func()) {
	select {
	case p <- struct{}{}:
	case <-ctx.Done(): // which whatever comes next notices
		return func() {}
	}
	free := sync.OnceFunc(func() { <-p })
	timer := time.AfterFunc(turn, free)
	return func() { timer.Stop(); free() }
}
