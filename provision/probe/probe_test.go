package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
)

var words = language.New(language.English)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site answers as the tutorial's does.
func site(t *testing.T, secure bool, handler http.HandlerFunc) (*httptest.Server, probe.Question) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	dialer := &net.Dialer{}
	return server, probe.Question{
		Dial: dialer.DialContext, Address: server.Listener.Addr().String(), Domain: "kevinhuo.cool", TLS: secure, Path: "/",
	}
}

func ask(t *testing.T, q probe.Question) probe.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a, err := probe.Ask(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPageOverTLS(t *testing.T) {
	server, q := site(t, true, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "kevinhuo.cool" || r.TLS.ServerName != "kevinhuo.cool" || r.URL.Path != "/health" {
			t.Errorf("asked for %s%s, server name %s", r.Host, r.URL.Path, r.TLS.ServerName)
		}
		w.Header().Set("Server", "nginx/1.14.1")
		_, _ = io.WriteString(w, "<h1>welcome</h1>")
	})
	q.Path = "/health"
	a := ask(t, q)
	if a.Status != 200 || a.Server != "nginx/1.14.1" || a.URL != "https://kevinhuo.cool/health" || a.Certificate == nil || a.Duration <= 0 {
		t.Fatalf("got %+v", a)
	}
	right := probe.Want{Status: 200, Text: "welcome", Server: "nginx", Fingerprint: probe.Fingerprint(server.Certificate())}
	if err := right.Check(a); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string]struct {
		want probe.Want
		says string
	}{
		"status":      {probe.Want{Status: 204}, "answers 200 instead of 204"},
		"text":        {probe.Want{Text: "goodbye"}, `without the text "goodbye"`},
		"product":     {probe.Want{Server: "gunicorn"}, "instead of gunicorn"},
		"version":     {probe.Want{Server: "nginx/1.18.0"}, "instead of nginx/1.18.0"},
		"certificate": {probe.Want{Fingerprint: strings.Repeat("0", 64)}, "another certificate"},
		"redirect":    {probe.Want{Redirect: true}, "instead of a redirect to https"},
	} {
		err := wrong.want.Check(a)
		var mismatch *probe.MismatchError
		if !errors.As(err, &mismatch) || !strings.Contains(words.Error(err), wrong.says) || !strings.Contains(words.Error(err), a.URL) {
			t.Errorf("a wrong %s is judged %v", name, err)
		}
	}
}

func TestRedirect(t *testing.T) {
	for location, right := range map[string]bool{
		"https://kevinhuo.cool/": true, "http://kevinhuo.cool/": false, "/elsewhere": false, "": false,
	} {
		_, q := site(t, false, func(w http.ResponseWriter, _ *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(http.StatusMovedPermanently)
		})
		a := ask(t, q) // and does not follow it
		if a.Status != 301 || a.Location != location || a.Certificate != nil {
			t.Errorf("got %+v", a)
		}
		if err := (probe.Want{Redirect: true}).Check(a); (err == nil) != right {
			t.Errorf("a redirect to %q is judged %v", location, err)
		}
	}
}

func TestServerNames(t *testing.T) {
	for _, c := range []struct {
		got, want string
		ok        bool
	}{
		{"nginx", "nginx", true},
		{"nginx/1.22.1", "nginx", true},
		{"nginx/1.18.0 (Debian)", "nginx/1.18.0", true},
		{"NGINX/1.14.1", "nginx", true},
		{"nginx/1.14.1", "nginx/1.14", false},
		{"nginx", "nginx/1.14.1", false},
		{"gunicorn", "nginx", false},
		{"nginx-rc", "nginx", false},
		{"", "nginx", false},
		{"", "", true},
		{"gunicorn", "", true},
	} {
		if err := (probe.Want{Server: c.want}).Check(probe.Answer{Server: c.got}); (err == nil) != c.ok {
			t.Errorf("%q for %q is judged %v", c.got, c.want, err)
		}
	}
}

// Go's own server names no product, and neither do many others: where none is asked for, that is right.
func TestAnAnswerWithoutAServerHeader(t *testing.T) {
	_, q := site(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	a := ask(t, q)
	if err := (probe.Want{Status: 200}).Check(a); err != nil || a.Server != "" {
		t.Errorf("the answer %+v is judged %v", a, err)
	}
	if err := (probe.Want{Status: 200, Server: "nginx"}).Check(a); err == nil || !strings.Contains(words.Error(err), `site.server: ""`) {
		t.Errorf("an answer without the header that is asked for is judged %v", err)
	}
}

func TestAPageWithoutEndIsRead(t *testing.T) {
	_, q := site(t, false, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	if a := ask(t, q); len(a.Body) != 64<<10 {
		t.Errorf("read %d bytes", len(a.Body))
	}
}

func TestNobodyAnswers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, q := site(t, false, func(http.ResponseWriter, *http.Request) {})
	if a, err := probe.Ask(ctx, q); !errors.Is(err, context.Canceled) || a.Status != 0 {
		t.Errorf("after its end: %+v, %v", a, err)
	}
	q.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	if a, err := probe.Ask(t.Context(), q); err == nil || a.URL != "http://kevinhuo.cool/" {
		t.Errorf("a closed port gives %+v, %v", a, err)
	}
	_, secure := site(t, true, func(http.ResponseWriter, *http.Request) {})
	secure.TLS = false
	if a := ask(t, secure); a.Status != http.StatusBadRequest {
		t.Errorf("http to a port that speaks TLS gives %+v", a)
	}
}

func TestWithoutADomainTheAddressIsAskedFor(t *testing.T) {
	_, q := site(t, false, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	q.Domain, q.Path = "", ""
	if a := ask(t, q); a.Body != q.Address || a.URL != "http://"+q.Address+"/" {
		t.Errorf("got %+v", a)
	}
}

func TestAddressesOfIPv6AreAskedFor(t *testing.T) {
	server, q := site(t, false, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	q.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	for _, c := range []struct{ domain, address, want string }{
		{"", "[2001:db8::10]:80", "[2001:db8::10]"}, {"", "[2001:db8::10]:8080", "[2001:db8::10]:8080"}, {"2001:db8::1", "[2001:db8::10]:80", "[2001:db8::1]"},
	} {
		q.Domain, q.Address = c.domain, c.address
		if a := ask(t, q); a.Body != c.want || a.URL != "http://"+c.want+"/" {
			t.Errorf("%q at %s: asked for %s, %s", c.domain, c.address, a.Body, a.URL)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	server, _ := site(t, true, func(http.ResponseWriter, *http.Request) {})
	end := server.Certificate().NotAfter
	for left, want := range map[time.Duration]int{36 * time.Hour: 1, 24 * time.Hour: 1, 23 * time.Hour: 0, -time.Hour: -1, -36 * time.Hour: -2} {
		if got := probe.DaysLeft(server.Certificate(), end.Add(-left)); got != want {
			t.Errorf("%s before the end: %d days, want %d", left, got, want)
		}
	}
}
