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
	// How many hosts a processor connects to at a time.
	abreast = 40
	// After this a host lets the next one go ahead, so that those that hang hold nobody up. On a machine that is short of processors
	// every host takes long: a shorter turn would have them all under way in the end.
	turn = 5 * time.Second
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
