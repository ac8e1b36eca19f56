//go:build linux

package router

import (
	"cmp"
	"context"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

const (
	dialTime    = 500 * time.Millisecond
	refusalTime = 10 * time.Second // a backend that did not answer is asked last for so long
)

// table is the routes that are in force, with the traffic on them.
type table struct {
	lookup Lookup

	mu      sync.RWMutex
	routes  Routes
	sites   map[route.Owner]*site
	domains map[string]*site
}

// site is the traffic of one site. It outlives a change of its routes.
type site struct {
	total, failed, in, out atomic.Int64

	mu       sync.RWMutex
	routes   route.Site
	backends []*backend // also those whose connections run out
}

type backend struct {
	container string
	address   address

	mu     sync.Mutex
	conns  map[*relay]struct{}
	cutter *time.Timer // runs while the backend drains
}

func newTable(lookup Lookup) *table {
	return &table{lookup: lookup, sites: map[route.Owner]*site{}, domains: map[string]*site{}}
}

// apply puts routes in force: new connections follow them from now on.
func (t *table) apply(routes Routes) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.routes = routes
	t.domains = map[string]*site{}
	wanted := map[route.Owner]bool{}
	for _, r := range routes.Sites {
		wanted[r.Owner] = true
		s := t.sites[r.Owner]
		if s == nil {
			s = &site{}
			t.sites[r.Owner] = s
		}
		s.set(r, t.lookup)
		for _, d := range r.Domains {
			t.domains[d] = s
		}
	}
	for owner, s := range t.sites {
		if wanted[owner] {
			continue
		}
		s.set(route.Site{Owner: owner, DrainMS: s.routes.DrainMS}, t.lookup)
		if len(s.backends) == 0 {
			delete(t.sites, owner)
		}
	}
}

// find is the site that has a name, by itself or by a star for its first label.
func (t *table) find(name string) *site {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if s := t.domains[name]; s != nil {
		return s
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		return t.domains["*."+parent]
	}
	return nil
}

// answer is what a CA wants to hear for a token.
func (t *table) answer(token string) (string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	c, ok := t.routes.Challenges[token]
	return c.Answer, ok && time.Now().Unix() < c.Until
}

// drain lets all connections run out, and tells how long that may take.
func (t *table) drain() (longest time.Duration) {
	for b, ms := range t.each() {
		b.drain(ms)
		longest = max(longest, time.Duration(ms)*time.Millisecond)
	}
	return longest
}

// cut ends all connections.
func (t *table) cut() {
	for b := range t.each() {
		b.cut()
	}
}

// each goes through all backends, with their sites' drain.
func (t *table) each() iter.Seq2[*backend, int64] {
	return func(yield func(*backend, int64) bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, s := range t.sites {
			s.mu.RLock()
			backends, ms := slices.Clone(s.backends), s.routes.DrainMS
			s.mu.RUnlock()
			for _, b := range backends {
				if !yield(b, ms) {
					return
				}
			}
		}
	}
}

// set changes a site's routes. What is no longer a backend drains, and is forgotten when its last connection is gone.
func (s *site) set(routes route.Site, lookup Lookup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = routes
	var next []*backend
	for _, r := range routes.Backends {
		b := s.backend(r.Container)
		if b == nil {
			b = &backend{container: r.Container, conns: map[*relay]struct{}{}, address: address{lookup: lookup, container: r.Container}}
		}
		b.stay()
		next = append(next, b)
	}
	for _, b := range s.backends {
		if !slices.Contains(next, b) && b.retire(routes.DrainMS) {
			next = append(next, b)
		}
	}
	s.backends = next
}

func (s *site) backend(container string) *backend {
	for _, b := range s.backends {
		if b.container == container {
			return b
		}
	}
	return nil
}

// connect reaches a backend for a connection, and counts it there.
func (s *site) connect(ctx context.Context, secure bool, r *relay) (*backend, *net.TCPConn) {
	s.total.Add(1)
	var tried []*backend
	for {
		b, routes := s.choose(r, tried)
		if b == nil {
			s.failed.Add(1)
			return nil, nil
		}
		port := routes.HTTP
		if secure {
			port = routes.HTTPS
		}
		conn, err := b.dial(ctx, port)
		if err == nil && routes.ProxyProtocol {
			_, err = conn.Write(proxyHeader(r.visitor))
		}
		if err == nil {
			return b, conn
		}
		if conn != nil {
			_ = conn.Close()
		}
		b.leave(r)
		tried = append(tried, b)
	}
}

// choose enters the connection at the backend that has the fewest; one that lately did not answer comes last.
func (s *site) choose(r *relay, tried []*backend) (*backend, route.Site) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var best *backend
	var least int
	for _, b := range s.backends[:len(s.routes.Backends)] {
		if slices.Contains(tried, b) {
			continue
		}
		open := b.open()
		if b.address.isRefusing() {
			open += mostConnections
		}
		if best == nil || open < least {
			best, least = b, open
		}
	}
	if best != nil {
		best.enter(r)
	}
	return best, s.routes
}

// serves reports whether the site has something on port 80, or 443.
func (s *site) serves(secure bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.routes.Backends) > 0 && (secure && s.routes.HTTPS != 0 || !secure && s.routes.HTTP != 0)
}

// dial connects to a backend's port.
func (b *backend) dial(ctx context.Context, port int) (*net.TCPConn, error) {
	at, err := b.address.find(ctx)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTime, KeepAliveConfig: keepAlive}
	conn, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(at, uint16(port)).String())
	if err != nil {
		b.address.forget()
		return nil, err
	}
	b.address.answers()
	return conn.(*net.TCPConn), nil
}

func (b *backend) open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

// enter counts a connection from before it is made, so that a change of routes finds it.
func (b *backend) enter(r *relay) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns[r] = struct{}{}
}

func (b *backend) leave(r *relay) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, r)
}

// drain cuts what is still open after a time.
func (b *backend) drain(ms int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cutter == nil {
		b.cutter = time.AfterFunc(time.Duration(ms)*time.Millisecond, b.cut)
	}
}

// retire drains what is no longer a backend; false where it has no connections.
func (b *backend) retire(ms int64) bool {
	if b.open() == 0 {
		return false
	}
	b.drain(ms)
	return true
}

// stay calls a drain off.
func (b *backend) stay() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cutter != nil {
		b.cutter.Stop()
		b.cutter = nil
	}
}

func (b *backend) isDraining() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cutter != nil
}

func (b *backend) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.conns {
		r.cut()
	}
	clear(b.conns)
}

func (t *table) revision() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.routes.Revision
}

// knows reports whether a site's backends are those that are in force.
func (t *table) knows(wanted route.Site) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, s := range t.routes.Sites {
		if s.Owner == wanted.Owner {
			return slices.Equal(s.Backends, wanted.Backends)
		}
	}
	return false
}

// status is the traffic of every site. What has run out is forgotten on the way.
func (t *table) status() []route.SiteStatus {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := []route.SiteStatus{}
	for owner, s := range t.sites {
		s.mu.Lock()
		status := route.SiteStatus{Site: s.routes, Backends: []route.BackendStatus{}, Total: s.total.Load(), Failed: s.failed.Load(), In: s.in.Load(), Out: s.out.Load()}
		current := slices.Clone(s.backends[:len(s.routes.Backends)])
		s.backends = slices.DeleteFunc(s.backends, func(b *backend) bool { return !slices.Contains(current, b) && b.open() == 0 })
		for _, b := range s.backends {
			status.Backends = append(status.Backends, route.BackendStatus{Backend: route.Backend{Container: b.container}, Open: int64(b.open()), Draining: b.isDraining()})
		}
		if len(s.backends) == 0 && len(s.routes.Domains) == 0 {
			delete(t.sites, owner)
		} else {
			all = append(all, status)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b route.SiteStatus) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Directory, b.Directory))
	})
	return all
}
