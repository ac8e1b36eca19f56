//go:build linux

package router

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	resolveTime = 2 * time.Second
	// An address is asked for anew after this time. It spares the engine, which answers, at hundreds of connections a second; a network
	// belongs to one site, so that meanwhile no other site's container can have got the address.
	resolveFresh = 250 * time.Millisecond
	// While the engine restarts nobody answers, and no container gets an address either.
	resolveStale = 30 * time.Second
)

// Lookup finds the address of a container. A name that nobody has is a *net.DNSError that says so.
type Lookup func(ctx context.Context, container string) (netip.Addr, error)

// AtDocker asks Docker's own name server, as every container can.
func AtDocker(ctx context.Context, container string) (netip.Addr, error) {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.11:53")
	}}
	addresses, err := resolver.LookupNetIP(ctx, "ip4", container+".") // as it is, without the domains of the host
	if err != nil {
		return netip.Addr{}, err
	}
	return addresses[0].Unmap(), nil
}

// address is where a container was found, and when.
type address struct {
	lookup    Lookup
	container string

	mu      sync.Mutex // held while it is looked up: who comes meanwhile waits for the same answer
	at      netip.Addr
	asked   time.Time
	refused time.Time // when it last did not answer
}

func (a *address) find(ctx context.Context) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := time.Since(a.asked)
	if a.at.IsValid() && age < resolveFresh {
		return a.at, nil
	}
	ctx, stop := context.WithTimeout(ctx, resolveTime)
	defer stop()
	at, err := a.lookup(ctx, a.container)
	if err != nil {
		var answer *net.DNSError
		if a.at.IsValid() && age < resolveStale && !(errors.As(err, &answer) && answer.IsNotFound) {
			return a.at, nil
		}
		a.at = netip.Addr{}
		return a.at, err
	}
	a.at, a.asked = at, time.Now()
	return at, nil
}

// forget is called when nobody answered at the address.
func (a *address) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = time.Time{}
	a.refused = time.Now()
}

func (a *address) answers() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = time.Time{}
}

func (a *address) isRefusing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.refused) < refusalTime
}
