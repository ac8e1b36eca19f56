//go:build linux

package router

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// containers is Docker's name server for tests: container numbers of which the last digits are an address on loopback.
func lookup(_ context.Context, container string) (netip.Addr, error) {
	if strings.HasPrefix(container, "dead") {
		return netip.Addr{}, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	n, err := strconv.ParseUint(container[8:], 16, 8)
	return netip.AddrFrom4([4]byte{127, 0, 2, byte(n)}), err
}

// container is the name of the one at 127.0.2.n.
func container(n int) string { return "cccccccc00" + strconv.FormatInt(int64(0x100+n), 16)[1:] }

const backendPort = 18080

// backend serves its own name at 127.0.2.n.
func newBackend(t *testing.T, n int, handler http.Handler) *httptest.Server {
	t.Helper()
	if handler == nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(strconv.Itoa(n))) })
	}
	listener, err := net.Listen("tcp", "127.0.2."+strconv.Itoa(n)+":"+strconv.Itoa(backendPort))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// edge is a holder and a folder for routers.
type edge struct {
	t       *testing.T
	folder  string
	address string
	routers int
	letGo   func() // ends the holder
	held    string // how the holder came to its sockets
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	folder, err := os.MkdirTemp("", "edge")
	if err != nil {
		t.Fatal(err)
	}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{t: t, folder: folder, address: probe.Addr().String()}
	_ = probe.Close()
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	e.hold()
	return e
}

// hold starts a holder, and returns when it has its sockets.
func (e *edge) hold() {
	e.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended, holding := make(chan error, 1), make(chan string, 2)
	go func() {
		ended <- Hold(ctx, e.folder, []string{e.address}, 5*time.Second, func(line string) { e.t.Log("holder:", line); holding <- line })
	}()
	e.letGo = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			e.t.Error("the holder:", err)
		}
	})
	e.t.Cleanup(e.letGo)
	select {
	case e.held = <-holding:
	case err := <-ended:
		e.t.Fatal("the holder:", err)
	}
}

// running is a router of a test.
type running struct {
	*Router
	stop  func()
	ended chan error
}

func (e *edge) router(limits Limits) *running {
	e.t.Helper()
	e.routers++
	name := strconv.Itoa(e.routers)
	accepting := make(chan struct{})
	r := &running{ended: make(chan error, 1)}
	r.Router = New(Config{Name: name, Version: "test", Folder: e.folder, Control: e.folder + "/control-" + name, Lookup: lookup, Limits: limits, Say: func(line string) {
		e.t.Log("router", name+":", line)
		if strings.HasPrefix(line, "accepting") {
			close(accepting)
		}
	}})
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- r.Run(ctx) }()
	e.t.Cleanup(r.end)
	select {
	case <-accepting:
	case err := <-r.ended:
		e.t.Fatal("the router:", err)
	case <-time.After(10 * time.Second):
		e.t.Fatal("the router does not accept")
	}
	return r
}

// end tells the router to end and waits for it.
func (r *running) end() {
	r.stop()
	<-r.ended
	r.ended <- nil
}

func siteOf(name string, backends ...int) *route.Site {
	s := &route.Site{Owner: route.Owner{Name: name, Directory: "/srv/" + name}, Domains: []string{name + ".example", "*." + name + ".example"},
		HTTP: backendPort, HTTPS: backendPort, DrainMS: 300}
	for _, n := range backends {
		s.Backends = append(s.Backends, route.Backend{Container: container(n)})
	}
	return s
}

func (e *edge) set(r *running, s *route.Site) {
	e.t.Helper()
	if reply := r.Change(e.t.Context(), route.Request{Set: s}); reply.Error != "" {
		e.t.Fatalf("%+v", reply)
	}
}

var wide = Limits{Connections: 10_000, Client: 10_000}

func newUnstarted(listener net.Listener, handler http.Handler) *httptest.Server {
	return &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
}
