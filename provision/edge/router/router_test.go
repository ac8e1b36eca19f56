//go:build linux

package router

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

// say sends bytes to the edge, and is all that comes back.
func (e *edge) say(text string) string {
	e.t.Helper()
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, text)
	got, err := io.ReadAll(conn)
	if err != nil {
		e.t.Error(err)
	}
	return string(got)
}

func TestVisitorsReachTheSiteTheyName(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	newBackend(t, 2, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	e.set(r, siteOf("two", 2))
	if reply := r.Change(t.Context(), route.Request{Challenge: &route.Challenge{Token: "tok_1", Answer: "tok_1.key", Seconds: 60}}); reply.Error != "" {
		t.Fatal(reply)
	}
	for request, want := range map[string]string{
		"GET / HTTP/1.0\r\nHost: one.example\r\n\r\n":                                                "200 OK 1",
		"GET / HTTP/1.0\r\nX: y\r\nhost:TWO.example.:80\r\n\r\n":                                     "200 OK 2",
		"GET / HTTP/1.0\r\nHost: www.two.example\r\n\r\n":                                            "200 OK 2",
		"GET / HTTP/1.0\r\nHost: a.www.two.example\r\n\r\n":                                          "421 Misdirected Request no site has this name\n",
		"GET http://two.example/x HTTP/1.0\r\nHost: one.example\r\n\r\n":                             "200 OK 2",
		"GET / HTTP/1.1\r\nHost: three.example\r\n\r\n":                                              "421 Misdirected Request no site has this name\n",
		"GET / HTTP/1.0\r\n\r\n":                                                                     "421 Misdirected Request no site has this name\n",
		"GET /.well-known/acme-challenge/tok_1 HTTP/1.1\r\nHost: elsewhere\r\n\r\n":                  "200 OK tok_1.key",
		"GET /.well-known/acme-challenge/tok_2 HTTP/1.1\r\nHost: elsewhere\r\n\r\n":                  "421 Misdirected Request no site has this name\n",
		"GET / HTTP/1.0\r\nHost: one.example\r\nCookie: " + strings.Repeat("c", 20<<10) + "\r\n\r\n": "200 OK 1",
	} {
		got := e.say(request)
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		status, _, _ := strings.Cut(head, "\r\n")
		if _, text, _ := strings.Cut(status, " "); text+" "+body != want {
			t.Errorf("%.80q is answered %q, want %q", request, got, want)
		}
	}
	if got := e.say("\x16\x04nonsense"); got != "" {
		t.Errorf("%q", got)
	}
	status := r.Status()
	if len(status.Sites) != 2 || status.Sites[0].Total != 2 || status.Sites[1].Total != 3 || status.Refused != 5 || status.Sites[0].Out == 0 || status.Revision != 3 {
		t.Errorf("%+v", status)
	}
}

func TestTLSIsPassedOnByName(t *testing.T) {
	e := newEdge(t)
	server := newBackend(t, 3, nil)
	r := e.router(wide)
	server.Close()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.2.3:%d", backendPort))
	if err != nil {
		t.Fatal(err)
	}
	secure := newBackendTLS(t, listener)
	e.set(r, siteOf("secure", 3))
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := tls.Dial("tcp", e.address, &tls.Config{ServerName: "secure.example", InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if err != nil {
			t.Fatal(version, err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
		if got, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(got), "secure") {
			t.Errorf("%x: %q %v", version, got, err)
		}
		_ = conn.Close()
	}
	_ = secure
	_, err = tls.Dial("tcp", e.address, &tls.Config{ServerName: "other.example", InsecureSkipVerify: true})
	if err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Error(err)
	}
	if _, err = tls.Dial("tcp", e.address, &tls.Config{InsecureSkipVerify: true}); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func newBackendTLS(t *testing.T, listener net.Listener) *http.Server {
	t.Helper()
	server := newUnstarted(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secure") }))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Config
}

func TestRequestsAreRefusedWithAReason(t *testing.T) {
	e := newEdge(t)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	other := siteOf("other", 2)
	for name, c := range map[string]struct {
		change func(*route.Site)
		want   route.Reply
	}{
		"a domain of another": {func(s *route.Site) { s.Domains = []string{"one.example"} }, route.Reply{Error: route.ErrorDomainTaken, Values: []string{"one.example", "one", "/srv/one"}}},
		"nowhere":             {func(s *route.Site) { s.Backends[0].Container = "dead00000001" }, route.Reply{Error: route.ErrorUnresolved, Values: []string{"dead00000001"}}},
		"no container":        {func(s *route.Site) { s.Backends[0].Container = "localhost" }, route.Reply{Error: route.ErrorInvalid, Values: []string{"backends[0].container"}}},
		"upper case":          {func(s *route.Site) { s.Domains = []string{"Other.example"} }, route.Reply{Error: route.ErrorInvalid, Values: []string{"domains[0]"}}},
		"a wide star":         {func(s *route.Site) { s.Domains = []string{"*.example"} }, route.Reply{Error: route.ErrorInvalid, Values: []string{"domains[0]"}}},
		"an address":          {func(s *route.Site) { s.Domains = []string{"127.0.0.1"} }, route.Reply{Error: route.ErrorInvalid, Values: []string{"domains[0]"}}},
		"no port":             {func(s *route.Site) { s.HTTP, s.HTTPS = 0, 0 }, route.Reply{Error: route.ErrorInvalid, Values: []string{"https"}}},
		"no name":             {func(s *route.Site) { s.Name = "" }, route.Reply{Error: route.ErrorInvalid, Values: []string{"name"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var s route.Site
			text, _ := json.Marshal(other)
			_ = json.Unmarshal(text, &s)
			c.change(&s)
			got := r.Change(t.Context(), route.Request{Set: &s})
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := r.Change(t.Context(), route.Request{}); got.Error != route.ErrorInvalid {
		t.Error(got)
	}
	if got := r.Status(); got.Revision != 1 {
		t.Error("a refusal changed the routes", got.Revision)
	}
}

func TestABrokenFileIsKeptAside(t *testing.T) {
	e := newEdge(t)
	if err := os.WriteFile(filepath.Join(e.folder, "routes.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	newBackend(t, 1, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	r.end()
	if text, err := os.ReadFile(filepath.Join(e.folder, "routes.json.broken")); string(text) != "{" {
		t.Error(string(text), err)
	}
	e.router(wide)
	if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasSuffix(got, "1") {
		t.Errorf("%q", got)
	}
}

func TestAHolderThatDiedGetsItsSocketsBack(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	for range 3 {
		e.letGo()
		if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasSuffix(got, "1") {
			t.Errorf("without a holder: %q", got)
		}
		e.hold()
		if !strings.HasPrefix(e.held, "took") {
			t.Error(e.held)
		}
	}
	next := e.router(wide)
	r.end()
	if got := e.say("GET / HTTP/1.0\r\nHost: one.example\r\n\r\n"); !strings.HasSuffix(got, "1") {
		t.Errorf("from a holder that took them back: %q", got)
	}
	next.end()
	e.letGo()
	e.hold()
	if !strings.HasPrefix(e.held, "holding") {
		t.Error("with no router left:", e.held)
	}
}

func TestADrainEndsWhatRunsOn(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	newBackend(t, 2, nil)
	r := e.router(wide)
	e.set(r, siteOf("one", 1))
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ask := func() error {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err := conn.Read(make([]byte, 4096))
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	e.set(r, siteOf("one", 2))
	if status := r.Status().Sites[0].Backends; len(status) != 2 || !status[1].Draining || status[1].Open != 1 || status[0].Draining {
		t.Errorf("%+v", status)
	}
	if err := ask(); err != nil {
		t.Error("within its drain:", err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Error("after its drain:", err)
	}
	if status := r.Status().Sites[0].Backends; len(status) != 1 {
		t.Errorf("%+v", status)
	}
}

// Twenty routers, one after another, and as many switches, under requests of which none may fail.
func TestNothingFailsWhenRoutersAndRoutesChange(t *testing.T) {
	e := newEdge(t)
	newBackend(t, 1, nil)
	newBackend(t, 2, nil)
	r := e.router(wide)
	site := func(n int) *route.Site {
		s := siteOf("one", n)
		s.DrainMS = 1500
		return s
	}
	e.set(r, site(1))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var asked, failed atomic.Int64
	fail := func(what string, err any) {
		failed.Add(1)
		t.Error(what, err)
	}
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() { // a new connection every 5 ms
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				conn, err := net.Dial("tcp", e.address)
				if err != nil {
					fail("dial", err)
					continue
				}
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\nHost: one.example\r\n\r\n")
				got, err := io.ReadAll(conn)
				_ = conn.Close()
				if err != nil || !strings.HasPrefix(string(got), "HTTP/1.0 200") {
					fail("new", fmt.Sprintf("%q %v", got, err))
				}
				asked.Add(1)
				<-tick.C
			}
		})
	}
	for range 20 {
		clients.Go(func() { // kept ones, each for a second, within the drain
			buffer := make([]byte, 4096)
			for ctx.Err() == nil {
				conn, err := net.Dial("tcp", e.address)
				if err != nil {
					fail("dial", err)
					continue
				}
				for end := time.Now().Add(time.Second); time.Now().Before(end); pause(ctx, 20*time.Millisecond) {
					_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
					_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n")
					if _, err := conn.Read(buffer); err != nil {
						fail("kept", err)
						break
					}
					asked.Add(1)
				}
				_ = conn.Close()
			}
		})
	}
	for i := range 20 {
		next := e.router(wide)
		e.set(r, site(1+i%2)) // while two have the sockets
		if next.Status().Revision != r.Status().Revision {
			t.Error("two routers differ")
		}
		r.stop()
		e.set(next, site(1+(i+1)%2)) // while one drains
		r = next
	}
	stop()
	clients.Wait()
	t.Log(asked.Load(), "requests,", failed.Load(), "failed")
}
