package remote

import (
	"net"
	"sync/atomic"
	"time"
)

// meteredConn notes when the link last showed a sign of life.
type meteredConn struct {
	net.Conn
	last atomic.Int64 // Unix nanoseconds
}

func (c *meteredConn) touch() { c.last.Store(time.Now().UnixNano()) }

// idle is how long ago the last byte moved.
func (c *meteredConn) idle() time.Duration {
	return time.Duration(time.Now().UnixNano() - c.last.Load())
}

func (c *meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.touch()
	}
	return n, err
}

func (c *meteredConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		c.touch()
	}
	return n, err
}
