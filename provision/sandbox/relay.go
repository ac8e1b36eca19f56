package sandbox

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Relay is a TCP relay that makes the way to its target as long, as narrow and
// as unreliable as a test wants it. Opening a connection costs a round trip as
// it does on a real link, and the delay does not limit the throughput: data is
// in flight meanwhile.
type Relay struct {
	listener net.Listener
	target   string
	ctx      context.Context // ends with Close; owns every goroutine of the relay
	cancel   context.CancelFunc
	running  sync.WaitGroup
	up, down lane // towards the target, and back

	mutex sync.Mutex
	link  Link
	open  chan struct{} // closed while data passes; replaced by Stall
	cut   *int64        // bytes that still pass before everything is cut; nil is no cut
	conns []*relayConn  // every connection ever accepted, in order
}

// Stats is what went through a Relay so far.
type Stats struct {
	Conns []ConnStats // in the order in which they were accepted
}

// ConnStats is what went through one connection.
type ConnStats struct {
	Sent     int64 // bytes delivered to the target
	Received int64 // bytes delivered to the client
	// RoundTrips counts how often the client sent something after it had seen
	// an answer to what it sent before, and got an answer to that: the waits in
	// sequence, each of which costs the link's RTT. The one of opening the
	// connection is not in it. A stream that flows without waiting counts one
	// for each RTT it lasts.
	RoundTrips int64
	Open       bool
}

// NewRelay listens at listen, such as 127.0.0.1:0, and relays every connection
// to target until Close or until ctx ends.
func NewRelay(ctx context.Context, listen, target string, link Link) (*Relay, error) {
	if err := link.check(); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("cannot relay to %s: %w", target, err)
	}
	r := &Relay{listener: listener, target: target, link: link, open: make(chan struct{})}
	close(r.open)
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.running.Go(r.accept)
	r.running.Go(func() {
		<-r.ctx.Done()
		_ = r.listener.Close()
		r.Reset()
	})
	return r, nil
}

// Addr is the address to connect to instead of the target's.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// SetLink changes the link for what is sent from now on.
func (r *Relay) SetLink(link Link) error {
	if err := link.check(); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.link = link
	return nil
}

// CutAfter resets every open connection as soon as n more bytes have been
// delivered, counted over all connections and both directions; not a byte more
// gets through. Connections made afterwards are relayed again.
func (r *Relay) CutAfter(n int64) {
	if n <= 0 {
		r.Reset()
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cut = &n
}

// Stall holds everything back, as a link does that went dead without a word:
// connections stay open and nothing arrives, new ones open and stay silent.
func (r *Relay) Stall() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	select {
	case <-r.open:
		r.open = make(chan struct{})
	default: // stalled already
	}
}

// Resume ends a Stall; what was held back arrives.
func (r *Relay) Resume() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	select {
	case <-r.open:
	default:
		close(r.open)
	}
}

// Reset ends every open connection at once, with a reset to both sides.
func (r *Relay) Reset() {
	for _, c := range r.snapshot() {
		c.abort()
	}
}

// Stats tells what went through so far.
func (r *Relay) Stats() Stats {
	var s Stats
	for _, c := range r.snapshot() {
		s.Conns = append(s.Conns, c.stats())
	}
	return s
}

// Close stops listening, resets what is open and waits for all goroutines.
func (r *Relay) Close() error {
	r.cancel()
	r.running.Wait()
	return nil
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			if r.ctx.Err() != nil {
				return
			}
			// Out of file descriptors, say: the listener lives on.
			if sleepUntil(r.ctx, time.Now().Add(10*time.Millisecond)) != nil {
				return
			}
			continue
		}
		c := newRelayConn(r, conn.(*net.TCPConn))
		r.mutex.Lock()
		r.conns = append(r.conns, c)
		r.mutex.Unlock()
		r.running.Go(c.run)
	}
}

func (r *Relay) snapshot() []*relayConn {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]*relayConn(nil), r.conns...)
}

// current returns the link as it is now.
func (r *Relay) current() Link {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.link
}

// passable waits while the relay is stalled.
func (r *Relay) passable(ctx context.Context) error {
	r.mutex.Lock()
	open := r.open
	r.mutex.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// allow takes n bytes from what may still be delivered before a cut. It returns
// how many of them may be, and whether the cut is due after those.
func (r *Relay) allow(n int) (allowed int, cut bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.cut == nil {
		return n, false
	}
	allowed = int(min(int64(n), *r.cut))
	*r.cut -= int64(allowed)
	if *r.cut > 0 {
		return allowed, false
	}
	r.cut = nil
	return allowed, true
}
