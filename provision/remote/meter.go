package remote

import (
	"bufio"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// meteredConn notes when the link last showed a sign of life, and how long the answers of the login took.
type meteredConn struct {
	net.Conn
	in     *bufio.Reader // the library reads the server's version byte by byte
	last   atomic.Int64  // Unix nanoseconds
	ended  atomic.Bool   // the other side, or the network, ended the connection
	closed atomic.Bool   // this side did

	mu      sync.Mutex
	waiting bool // something was sent since the last answer
	asked   time.Time
	hurries int             // answers that were acknowledged at once
	waits   []time.Duration // for the answers of the login
}

// readBuffer holds a packet of the library's size.
const readBuffer = 64 << 10

func newMeteredConn(conn net.Conn) *meteredConn {
	c := &meteredConn{Conn: conn}
	c.in = bufio.NewReaderSize(conn, readBuffer)
	c.last.Store(time.Now().UnixNano())
	c.waits = make([]time.Duration, 0, loginTrips)
	return c
}

// Close implements net.Conn.
func (c *meteredConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// blocked is how long a write takes that had to wait until the other side took something. Any other one only tells that this
// machine had room for it, which it has for a long time after a link has died.
const blocked = 5 * time.Millisecond

// idle is how long ago the other side last sent something or is known to have taken something.
func (c *meteredConn) idle() time.Duration {
	return time.Duration(time.Now().UnixNano() - c.last.Load())
}

func (c *meteredConn) Read(b []byte) (int, error) {
	fresh := c.in.Buffered() == 0
	n, err := c.in.Read(b)
	if err != nil && !c.closed.Load() {
		c.ended.Store(true)
	}
	if n > 0 && fresh {
		c.last.Store(time.Now().UnixNano())
		c.answered()
	}
	return n, err
}

// hurried is how many answers are acknowledged at once: those of the handshake and of the first command. Until then sshd
// holds a second small packet back until the first one is acknowledged, which the kernel puts off by 40 ms.
const hurried = 32

func (c *meteredConn) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		c.waiting = false
		if len(c.waits) < cap(c.waits) {
			c.waits = append(c.waits, time.Since(c.asked))
		}
	}
	if c.hurries < hurried {
		c.hurries++
		acknowledge(c.Conn)
	}
}

func (c *meteredConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if !c.waiting {
		c.waiting, c.asked = true, time.Now()
	}
	c.mu.Unlock()
	began := time.Now()
	n, err := c.Conn.Write(b)
	if n > 0 && time.Since(began) > blocked {
		c.last.Store(time.Now().UnixNano())
	}
	return n, err
}

// loginTrips is how many answers a login waits for after the link is made.
const loginTrips = 6

// roundTrip is the median of the waits of the login: some answers come early, because they were not asked for, and some late,
// because the host had to think.
func (c *meteredConn) roundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(c.waits))
	return sorted[(len(sorted)-1)/2]
}
