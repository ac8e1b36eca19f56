package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// inFlight bounds what one direction of a connection holds in memory: 64
	// MiB are 640 MB/s at a round trip of 200 ms.
	inFlight = 64 << 20
	// chunkSize is what is read at once; on a narrow link chunks are smaller,
	// so that connections take turns.
	chunkSize       = 64 << 10
	narrowChunkSize = 8 << 10
	narrowRate      = 16 << 20 // bytes per second
)

// relayConn is one connection through a Relay.
type relayConn struct {
	relay    *Relay
	client   *net.TCPConn
	ctx      context.Context
	cancel   context.CancelFunc
	accepted time.Time

	mutex  sync.Mutex
	target *net.TCPConn // nil until dialled
	open   atomic.Bool

	sent, received atomic.Int64
	// How deep the chain of questions and answers is that each side has seen.
	clientDepth, targetDepth atomic.Int64
}

func newRelayConn(r *Relay, client *net.TCPConn) *relayConn {
	c := &relayConn{relay: r, client: client, accepted: time.Now()}
	c.ctx, c.cancel = context.WithCancel(r.ctx)
	c.open.Store(true)
	return c
}

// run relays the connection until both directions have ended.
//
// On a real link the client is connected one round trip after it asked, and
// the target hears of it half a round trip later. Here the kernel has accepted
// at once, so the target is dialled after one and a half round trips, and what
// the client sends early counts as sent one round trip after it connected.
func (c *relayConn) run() {
	defer c.open.Store(false)
	defer c.abort()
	rtt := c.relay.current().RTT
	connected := c.accepted.Add(rtt)
	if sleepUntil(c.ctx, connected.Add(rtt/2)) != nil || c.relay.passable(c.ctx) != nil {
		return
	}
	conn, err := new(net.Dialer).DialContext(c.ctx, "tcp", c.relay.target)
	if err != nil {
		return
	}
	target := conn.(*net.TCPConn)
	c.mutex.Lock()
	c.target = target
	c.mutex.Unlock()
	if c.ctx.Err() != nil { // aborted while dialling: abort saw no target
		return
	}

	up := newPipe(c, c.client, target, &c.relay.up, &c.sent, connected)
	up.depth = func() int64 { return c.clientDepth.Load() + 1 }
	up.deliver = func(depth int64) { raise(&c.targetDepth, depth) }
	down := newPipe(c, target, c.client, &c.relay.down, &c.received, connected)
	down.depth = c.targetDepth.Load
	down.deliver = func(depth int64) { raise(&c.clientDepth, depth) }

	var wait sync.WaitGroup
	for _, work := range []func() error{up.read, up.write, down.read, down.write} {
		wait.Go(func() {
			if work() != nil {
				c.abort()
			}
		})
	}
	wait.Wait()
	if c.ctx.Err() == nil {
		c.close()
	}
}

// abort resets both sides. It may be called more than once.
func (c *relayConn) abort() {
	c.cancel()
	c.mutex.Lock()
	for _, conn := range []*net.TCPConn{c.client, c.target} {
		if conn != nil {
			_ = conn.SetLinger(0) // fails on a closed connection, which is what is wanted
		}
	}
	c.mutex.Unlock()
	c.close()
}

// close closes both sides; what was written before still arrives.
func (c *relayConn) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, conn := range []*net.TCPConn{c.client, c.target} {
		if conn != nil {
			_ = conn.Close() // closed already is fine
		}
	}
}

func (c *relayConn) stats() ConnStats {
	return ConnStats{Sent: c.sent.Load(), Received: c.received.Load(), RoundTrips: c.clientDepth.Load(), Open: c.open.Load()}
}

func raise(value *atomic.Int64, to int64) {
	for old := value.Load(); old < to; old = value.Load() {
		if value.CompareAndSwap(old, to) {
			return
		}
	}
}

// pipe is one direction of a connection: read puts chunks in flight, write
// delivers each when it is due.
type pipe struct {
	conn     *relayConn
	from, to *net.TCPConn
	lane     *lane
	count    *atomic.Int64
	earliest time.Time // nothing counts as sent before this
	depth    func() int64
	deliver  func(depth int64)

	room   *semaphore.Weighted
	mutex  sync.Mutex
	flight []chunk
	more   chan struct{} // holds a token when flight may have grown
}

// chunk is a piece of data in flight; no data is the end of the stream.
type chunk struct {
	data  []byte
	due   time.Time
	depth int64
}

func newPipe(c *relayConn, from, to *net.TCPConn, lane *lane, count *atomic.Int64, earliest time.Time) *pipe {
	return &pipe{conn: c, from: from, to: to, lane: lane, count: count, earliest: earliest,
		room: semaphore.NewWeighted(inFlight), more: make(chan struct{}, 1)}
}

func (p *pipe) read() error {
	buffer := make([]byte, chunkSize)
	for {
		size := chunkSize
		if rate := p.conn.relay.current().Rate; rate > 0 && rate < narrowRate {
			size = narrowChunkSize
		}
		n, err := p.from.Read(buffer[:size])
		if n > 0 {
			if err := p.send(bytes.Clone(buffer[:n])); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return p.send(nil)
		}
		if err != nil {
			return err
		}
	}
}

// send puts a chunk in flight once the wire has carried it.
func (p *pipe) send(data []byte) error {
	if err := p.room.Acquire(p.conn.ctx, int64(len(data))); err != nil {
		return err
	}
	link, depth := p.conn.relay.current(), p.depth()
	left := p.lane.reserve(len(data), link.Rate)
	if left.Before(p.earliest) {
		left = p.earliest
	}
	if link.Rate > 0 {
		if err := sleepUntil(p.conn.ctx, left); err != nil {
			return err
		}
	}
	p.mutex.Lock()
	p.flight = append(p.flight, chunk{data: data, due: left.Add(link.RTT / 2), depth: depth})
	p.mutex.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return nil
}

func (p *pipe) write() error {
	for {
		next, err := p.next()
		if err != nil {
			return err
		}
		if err := sleepUntil(p.conn.ctx, next.due); err != nil {
			return err
		}
		if err := p.conn.relay.passable(p.conn.ctx); err != nil {
			return err
		}
		if next.data == nil {
			return p.to.CloseWrite()
		}
		allowed, cut := p.conn.relay.allow(len(next.data))
		// Counted before it is delivered: the answer may come at once.
		p.deliver(next.depth)
		p.count.Add(int64(allowed))
		_, err = p.to.Write(next.data[:allowed])
		p.room.Release(int64(len(next.data)))
		if cut {
			p.conn.relay.Reset()
		}
		if err != nil {
			return err
		}
	}
}

// next waits for the first chunk in flight and takes it.
func (p *pipe) next() (chunk, error) {
	for {
		p.mutex.Lock()
		if len(p.flight) > 0 {
			first := p.flight[0]
			p.flight[0] = chunk{}
			p.flight = p.flight[1:]
			p.mutex.Unlock()
			return first, nil
		}
		p.mutex.Unlock()
		select {
		case <-p.more:
		case <-p.conn.ctx.Done():
			return chunk{}, p.conn.ctx.Err()
		}
	}
}
