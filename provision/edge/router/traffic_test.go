//go:build linux

package router

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

// raw is a backend that is a function of its connection.
func raw(t *testing.T, n int, serve func(*net.TCPConn)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.2."+strconv.Itoa(n)+":"+strconv.Itoa(backendPort))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn.(*net.TCPConn))
			}()
		}
	}()
}

func (e *edge) dial() *net.TCPConn {
	e.t.Helper()
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn.(*net.TCPConn)
}

const head = "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n"

func TestAnEndOfOneSideLeavesTheOther(t *testing.T) {
	e := newEdge(t)
	raw(t, 1, func(conn *net.TCPConn) { // says everything again once the visitor has ended
		all, _ := io.ReadAll(conn)
		_, _ = conn.Write(all)
	})
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	conn := e.dial()
	text := head + strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.CloseWrite()
	if got, err := io.ReadAll(conn); err != nil || string(got) != text {
		t.Error(len(got), err)
	}
}

func TestAResetIsPassedOn(t *testing.T) {
	e := newEdge(t)
	raw(t, 1, func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1024))
		_ = conn.SetLinger(0)
	})
	learned := make(chan error, 1)
	raw(t, 2, func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = conn.Write([]byte("x"))
		_, err := conn.Read(make([]byte, 1))
		learned <- err
	})
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	conn := e.dial()
	_, _ = io.WriteString(conn, head)
	if _, err := io.ReadAll(conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Error("the backend's:", err)
	}
	e.set(r, siteOf("one", 2))
	conn = e.dial()
	_, _ = io.WriteString(conn, head)
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetLinger(0)
	_ = conn.Close()
	if err := <-learned; !errors.Is(err, syscall.ECONNRESET) {
		t.Error("the visitor's:", err)
	}
}

func TestABackendLearnsTheVisitorsAddress(t *testing.T) {
	e := newEdge(t)
	raw(t, 1, func(conn *net.TCPConn) {
		got := make([]byte, 28+len(head))
		_, _ = io.ReadFull(conn, got)
		_, _ = conn.Write(got)
	})
	r := e.router(wide)
	s := siteOf("one", 1)
	s.ProxyProtocol = true
	e.set(r, s)
	conn := e.dial()
	_, _ = io.WriteString(conn, head)
	got, err := io.ReadAll(conn)
	from, to := addressOf(conn.LocalAddr()), addressOf(conn.RemoteAddr())
	want := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01" +
		string([]byte{byte(from.Port() >> 8), byte(from.Port()), byte(to.Port() >> 8), byte(to.Port())}) + head
	if string(got) != want || err != nil {
		t.Errorf("%q, want %q: %v", got, want, err)
	}
}

func TestABackendThatDoesNotAnswerIsPassedOver(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 2, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1, 2)) // nobody is at 1
	for range 5 {
		if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasSuffix(got, "2") {
			t.Errorf("%q", got)
		}
	}
	e.set(r, siteOf("one", 1))
	if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("%q", got)
	}
	if failed := r.Status().Sites[0].Failed; failed != 1 {
		t.Error(failed)
	}
}

// A thousand visitors who never say what they want, and one who does.
func TestSilentVisitorsHoldNothingUp(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	for n := range 1000 {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n%8+1))}}
		conn, err := dialer.Dial("tcp", e.address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET / HT")
	}
	begun := time.Now()
	for range 20 {
		if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasSuffix(got, "1") {
			t.Errorf("%q", got)
		}
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Error("20 requests took", took)
	}
}

func TestOneClientTakesItsShareAlone(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	r := e.router(Limits{Connections: 100, Client: 2})
	e.set(r, siteOf("one", 1))
	for range 2 {
		conn := e.dial()
		_, _ = io.WriteString(conn, head)
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
	}
	if third, err := net.Dial("tcp", e.address); err == nil { // it may be reset before it is known to be there
		_ = third.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a third connection of one address is open:", err)
		}
		_ = third.Close()
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, 9)}}
	conn, err := dialer.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, head)
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error("another address:", err)
	}
}

// Memory that the Go runtime has from the system for 1,000 idle connections; this process has both ends of all, and the backend.
func TestAnIdleConnectionTakesLittle(t *testing.T) {
	e := newEdge(t)
	raw(t, 1, func(conn *net.TCPConn) {
		_, _ = conn.Write([]byte("x"))
		_, _ = io.Copy(io.Discard, conn)
	})
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	taken := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	const connections = 1000
	before := taken()
	for range connections {
		conn := e.dial()
		_, _ = io.WriteString(conn, head)
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	each := (int64(taken()) - int64(before)) / connections
	t.Log(each, "bytes a connection")
	if each > 40<<10 {
		t.Error("an idle connection takes", each, "bytes, of which 20 KiB may be the router's")
	}
}

func FuzzServerName(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"))
	f.Fuzz(func(t *testing.T, seen []byte) {
		name, how := serverName(seen)
		if name != "" && how != complete {
			t.Error("a name of half a head:", name)
		}
		for i := range min(len(seen), 64) { // what is complete was not so wrong before
			if _, before := serverName(seen[:i]); before == malformed && how == complete {
				t.Error("malformed after", i, "bytes")
			}
		}
	})
}

func FuzzReadHead(f *testing.F) {
	for _, seed := range []string{head, "GET http://a@b:80/x HTTP/1.1\n\n", "\r\nPOST * HTTP/1.0\r\nhost :x\r\nHost: [::1]:80\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, seen []byte) {
		got, how := readHead(seen)
		for i := range min(len(seen), 64) {
			before, was := readHead(seen[:i])
			if was == malformed && how == complete || was == complete && before != got {
				t.Errorf("%d bytes: %+v %v, all: %+v %v", i, before, was, got, how)
			}
		}
	})
}

func FuzzRoutes(f *testing.F) {
	f.Add([]byte(`{"revision":1,"sites":[{"name":"a","directory":"/a","domains":["a.example"],"backends":[{"container":"0123456789ab"}],"http":80,"drain_ms":1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		routes, err := parse(text)
		if err != nil {
			return
		}
		again, _ := json.Marshal(routes)
		if _, err := parse(again); err != nil {
			t.Error(err)
		}
		newTable(lookup).apply(routes)
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add(`{"challenge":{"token":"t","answer":"a","seconds":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		request, err := ReadRequest(strings.NewReader(text))
		if err != nil || checkRequest(*request) != "" {
			return
		}
		after, refusal := changed(Routes{Sites: []route.Site{*siteOf("one", 1)}}, *request, time.Unix(0, 0))
		if field := checkRoutes(after); refusal == nil && field != "" {
			t.Error(field)
		}
	})
}
