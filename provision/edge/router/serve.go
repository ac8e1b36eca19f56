//go:build linux

package router

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// heads are used until a visitor has said what is wanted.
var heads = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}

// request is what a visitor wants, and the bytes that said so.
type request struct {
	seen   []byte
	secure bool
	name   string
	token  string
}

// serve sees a visitor to a site and back.
func (r *Router) serve(ctx context.Context, visitor *net.TCPConn, client netip.Addr) {
	defer r.visitors.leave(client)
	defer func() { _ = visitor.Close() }()
	buffer := heads.Get().(*[]byte)
	_ = visitor.SetReadDeadline(time.Now().Add(headTime))
	wanted, ok := readRequest(visitor, *buffer)
	r.visitors.known(client)
	if !ok {
		r.refused.Add(1)
		heads.Put(buffer)
		return
	}
	_ = visitor.SetReadDeadline(time.Time{})
	_ = visitor.SetKeepAliveConfig(keepAlive)
	s := r.table.find(wanted.name)
	if answer, known := r.table.answer(wanted.token); known {
		respond(visitor, "200 OK", answer)
	} else if s == nil || !s.serves(wanted.secure) {
		r.refused.Add(1)
		refuse(visitor, wanted)
	} else {
		r.relay(ctx, visitor, s, wanted, func() { heads.Put(buffer) })
		return
	}
	heads.Put(buffer)
}

// relay passes a visitor on to a site; release is called when the head has been passed on.
func (r *Router) relay(ctx context.Context, visitor *net.TCPConn, s *site, wanted request, release func()) {
	connection := &relay{visitor: visitor}
	b, conn := s.connect(ctx, wanted.secure, connection)
	if b == nil {
		release()
		if !wanted.secure {
			respond(visitor, "503 Service Unavailable", "the site cannot be reached\n")
		}
		return
	}
	defer b.leave(connection)
	connection.run(conn, wanted.seen, release, &s.in, &s.out)
}

// readRequest reads until it is known what a visitor wants.
func readRequest(visitor net.Conn, buffer []byte) (wanted request, ok bool) {
	seen := buffer[:0]
	for {
		if len(seen) == cap(seen) {
			seen = append(make([]byte, 0, 2*cap(seen)), seen...)
		}
		n, err := visitor.Read(seen[len(seen):cap(seen)])
		if err != nil {
			return wanted, false
		}
		seen = seen[:len(seen)+n]
		wanted.seen = seen
		var how progress
		limit := headLimit
		if wanted.secure = seen[0] == recordHandshake; wanted.secure {
			limit = helloLimit
			wanted.name, how = serverName(seen)
		} else {
			var head httpHead
			head, how = readHead(seen)
			wanted.name, wanted.token = head.host, head.token
		}
		if how != incomplete || len(seen) > limit {
			return wanted, how == complete
		}
	}
}

// refuse says that no site has the name.
func refuse(visitor *net.TCPConn, wanted request) {
	switch {
	case !wanted.secure:
		respond(visitor, "421 Misdirected Request", "no site has this name\n")
	case wanted.name != "":
		_, _ = visitor.Write(unrecognizedName)
		leave(visitor)
	}
}

func respond(visitor *net.TCPConn, status, body string) {
	_ = visitor.SetWriteDeadline(time.Now().Add(headTime))
	_, _ = io.WriteString(visitor, "HTTP/1.1 "+status+"\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	leave(visitor)
}

// leave lets a visitor read to the end what was said: a connection that is closed with bytes unread is reset.
func leave(visitor *net.TCPConn) {
	_ = visitor.CloseWrite()
	_ = visitor.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(io.Discard, io.LimitReader(visitor, 64<<10))
}
