package remote

import (
	"context"
	"sync"
	"time"
)

// Gate bounds how many connections to one address wait for their login at a time: sshd drops some from the tenth on (MaxStartups
// 10:30:100), and a host that others are reached through is connected to once for each of them. The zero value is ready; nil bounds nothing.
type Gate struct {
	mu     sync.Mutex
	places map[string]chan struct{} // by address
}

const (
	atTheDoor = 6               // connections that wait for their login
	patience  = 3 * time.Second // after which one that still waits lets the next one go: a host that hangs is not overloaded by more
)

// enter waits for a place, and returns what gives it back.
func (g *Gate) enter(ctx context.Context, address string) (leave func()) {
	if g == nil {
		return func() {}
	}
	g.mu.Lock()
	if g.places == nil {
		g.places = map[string]chan struct{}{}
	}
	if g.places[address] == nil {
		g.places[address] = make(chan struct{}, atTheDoor)
	}
	places := g.places[address]
	g.mu.Unlock()
	select {
	case places <- struct{}{}:
	case <-ctx.Done(): // which the dialling notices
		return func() {}
	}
	free := sync.OnceFunc(func() { <-places })
	timer := time.AfterFunc(patience, free)
	return func() { timer.Stop(); free() }
}
