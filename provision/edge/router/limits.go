//go:build linux

package router

import (
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// What a visitor may take.
const (
	helloLimit = 16 << 10 // bytes of a ClientHello
	headLimit  = 8 << 10  // bytes of a request, until its host is known
	headTime   = 5 * time.Second

	mostConnections = 16_000
	mostOfAClient   = 1_024 // connections of one address: a company's, or a proxy's
	mostHeads       = 256   // of these, those that have not yet said what they want
	spareFiles      = 128   // descriptors for everything but connections, which take two each
)

// Limits bound what visitors take.
type Limits struct {
	Connections int // in all
	Client      int // of one address, or one /64 of IPv6
}

// Ordinary are the limits that follow from how many descriptors this process may have.
func Ordinary() Limits {
	most := mostConnections
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur < 2*mostConnections+spareFiles {
		most = max(16, (int(files.Cur)-spareFiles)/2)
	}
	return Limits{Connections: most, Client: min(mostOfAClient, most)}
}

// visitors counts connections by who has them.
type visitors struct {
	limits Limits

	mu      sync.Mutex
	open    int
	clients map[netip.Addr]*visitor
}

type visitor struct{ open, heads int }

// clientOf is whom a connection counts for.
func clientOf(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if net, err := address.Prefix(64); err == nil {
			return net.Addr()
		}
	}
	return address
}

// enter counts a new connection, or refuses it.
func (v *visitors) enter(client netip.Addr) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.clients[client]
	if c == nil {
		c = &visitor{}
	}
	if v.open >= v.limits.Connections || c.open >= v.limits.Client || c.heads >= mostHeads {
		return false
	}
	c.open++
	c.heads++
	v.open++
	v.clients[client] = c
	return true
}

// known is called when a connection has said what it wants.
func (v *visitors) known(client netip.Addr) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clients[client].heads--
}

func (v *visitors) leave(client netip.Addr) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.clients[client]
	c.open--
	v.open--
	if c.open == 0 {
		delete(v.clients, client)
	}
}
