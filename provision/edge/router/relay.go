//go:build linux

package router

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// keepAlive finds peers that have gone without a word. Nothing else ends a connection that is open: a visitor may be silent for hours.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}

// buffers are used while bytes move; a connection that is silent has none.
var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// relay is one connection of a visitor and the one to a backend that belongs to it.
type relay struct {
	visitor *net.TCPConn

	mu      sync.Mutex
	backend *net.TCPConn
	isCut   bool
}

// run moves bytes both ways until both sides have ended, or one is reset.
func (r *relay) run(backend *net.TCPConn, head []byte, release func(), in, out *atomic.Int64) {
	defer func() { _ = backend.Close() }()
	reached := r.reach(backend)
	var err error
	if reached {
		_, err = backend.Write(head)
	}
	release()
	if err != nil {
		r.reset()
	}
	if err != nil || !reached {
		return
	}
	in.Add(int64(len(head)))
	back := make(chan struct{})
	go func() {
		defer close(back)
		r.pass(r.visitor, backend, out)
	}()
	r.pass(backend, r.visitor, in)
	<-back
}

// pass moves bytes one way; an end or a reset is passed on as what it is.
func (r *relay) pass(to, from *net.TCPConn, count *atomic.Int64) {
	if err := pump(to, from, count); err != nil {
		r.reset()
		return
	}
	_ = to.CloseWrite()
}

// reach notes the backend, so that a cut ends it too; false where the cut came first.
func (r *relay) reach(backend *net.TCPConn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.backend = backend
	return !r.isCut
}

// cut ends both connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
	_ = r.visitor.Close()
	if r.backend != nil {
		_ = r.backend.Close()
	}
}

// reset ends both connections so that either side learns that something is missing.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range []*net.TCPConn{r.visitor, r.backend} {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}

// pump moves bytes until there are no more. It waits for them without a buffer.
func pump(to, from *net.TCPConn, count *atomic.Int64) error {
	raw, err := from.SyscallConn()
	if err != nil {
		return err
	}
	var buffer *[]byte
	var n int
	var failed error
	read := func(fd uintptr) bool {
		buffer = buffers.Get().(*[]byte)
		for {
			n, failed = syscall.Read(int(fd), *buffer)
			if failed != syscall.EINTR {
				break
			}
		}
		if failed == syscall.EAGAIN {
			buffers.Put(buffer)
			buffer = nil
			return false
		}
		return true
	}
	for {
		if err := raw.Read(read); err != nil {
			return err
		}
		if failed == nil && n > 0 {
			_, failed = to.Write((*buffer)[:n])
			count.Add(int64(n))
		} else if failed == nil {
			failed = io.EOF
		}
		buffers.Put(buffer)
		if errors.Is(failed, io.EOF) {
			return nil
		}
		if failed != nil {
			return failed
		}
	}
}

// proxyHeader tells a backend who the visitor is (PROXY protocol, version 2: haproxy's doc/proxy-protocol.txt).
func proxyHeader(visitor net.Conn) []byte {
	header := []byte("\r\n\r\n\x00\r\nQUIT\n\x21")
	from, to := addressOf(visitor.RemoteAddr()), addressOf(visitor.LocalAddr())
	family, length := byte(0x11), uint16(12)
	if from.Addr().Is6() || to.Addr().Is6() {
		family, length = 0x21, 36
	}
	header = binary.BigEndian.AppendUint16(append(header, family), length)
	for _, end := range []netip.AddrPort{from, to} {
		if family == 0x21 {
			whole := end.Addr().As16()
			header = append(header, whole[:]...)
		} else {
			header = append(header, end.Addr().AsSlice()...)
		}
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(header, from.Port()), to.Port())
}

// addressOf is a connection's end, an IPv4 address as one.
func addressOf(end net.Addr) netip.AddrPort {
	at := end.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}
