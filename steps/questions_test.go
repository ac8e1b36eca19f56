package steps

import (
	"net"
	"slices"
	"strconv"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// siteOn is a host of a site that publishes ports, with a certificate or without one.
func siteOn(secure bool, ports ...inventory.Port) *Host {
	inv := &inventory.Inventory{Site: inventory.Site{Ports: ports, Health: inventory.Health{Path: "/", Status: 200}, Server: "nginx"}}
	if secure {
		inv.Site.Certificate = "ssl_files/it.pem"
	}
	d := &Deployment{Inventory: inv}
	return d.NewHost(inventory.Host{Name: "cloud", Address: "203.0.113.10"}, Connection{}, "test")
}

func tcp(host, container int) inventory.Port {
	return inventory.Port{Host: host, Container: container, Protocol: "tcp"}
}

// asked lists what is asked, and of which port: "https 443" for the page, "http 80 redirect" for the redirect.
func asked(t *testing.T, list []question) []string {
	t.Helper()
	texts := []string{}
	for _, q := range list {
		_, port, err := net.SplitHostPort(q.Address)
		if err != nil {
			t.Fatal(err)
		}
		text := q.name + " " + port
		if q.want.Redirect {
			text += " redirect"
		}
		texts = append(texts, text)
	}
	return texts
}

func TestQuestionsByPorts(t *testing.T) {
	for name, c := range map[string]struct {
		secure bool
		ports  []inventory.Port
		want   []string
	}{
		"the tutorial's":             {true, []inventory.Port{tcp(80, 80), tcp(443, 443)}, []string{"https 443", "http 80 redirect"}},
		"other ports on the host":    {true, []inventory.Port{tcp(8080, 80), tcp(8443, 443)}, []string{"https 8443", "http 8080 redirect"}},
		"another port for TLS":       {true, []inventory.Port{tcp(8443, 8443)}, []string{"https 8443"}},
		"two other ports":            {true, []inventory.Port{tcp(8080, 80), tcp(8443, 8443)}, []string{"https 8443", "http 8080 redirect"}},
		"other ports inside":         {true, []inventory.Port{tcp(80, 8080), tcp(443, 9443)}, []string{"https 443", "http 80 redirect"}},
		"one that is neither":        {true, []inventory.Port{tcp(9000, 9000), tcp(80, 80), tcp(8443, 8443)}, []string{"https 8443", "http 80 redirect"}},
		"TLS on any port":            {true, []inventory.Port{tcp(80, 80), tcp(9000, 9000)}, []string{"https 9000", "http 80 redirect"}},
		"without TLS":                {false, []inventory.Port{tcp(80, 80)}, []string{"http 80"}},
		"without TLS, 80 comes last": {false, []inventory.Port{tcp(9000, 9000), tcp(8080, 80)}, []string{"http 8080"}},
		"without TLS, any port":      {false, []inventory.Port{tcp(9000, 9000)}, []string{"http 9000"}},
		"no TCP at all":              {false, []inventory.Port{{Host: 53, Container: 53, Protocol: "udp"}}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := asked(t, siteOn(c.secure, c.ports...).questions(func(p publicPort) string {
				return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.host))
			}))
			if !slices.Equal(got, c.want) {
				t.Errorf("asks %q, want %q", got, c.want)
			}
		})
	}
}

// A port that the host keeps to itself is not asked from here, where nobody could reach it.
func TestLocalPortsAreAskedOnTheHost(t *testing.T) {
	local := func(address string, host, container int) inventory.Port {
		return inventory.Port{Address: address, Host: host, Container: container, Protocol: "tcp"}
	}
	for name, c := range map[string]struct {
		ports           []inventory.Port
		here, onTheHost []string
	}{
		"all":          {[]inventory.Port{tcp(80, 80), tcp(443, 443)}, []string{"https 443", "http 80 redirect"}, []string{"https 443", "http 80 redirect"}},
		"none":         {[]inventory.Port{local("127.0.0.1", 8080, 80), local("::1", 8443, 443)}, []string{}, []string{"https 8443", "http 8080 redirect"}},
		"one of them":  {[]inventory.Port{tcp(80, 80), local("127.0.0.1", 443, 443)}, []string{"http 80 redirect"}, []string{"https 443", "http 80 redirect"}},
		"one in plain": {[]inventory.Port{local("127.0.0.2", 80, 80), tcp(443, 443)}, []string{"https 443"}, []string{"https 443", "http 80 redirect"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := siteOn(true, c.ports...)
			if got := asked(t, h.publicQuestions()); !slices.Equal(got, c.here) {
				t.Errorf("from here asks %q, want %q", got, c.here)
			}
			if got := asked(t, h.hostQuestions(nil)); !slices.Equal(got, c.onTheHost) {
				t.Errorf("on the host asks %q, want %q", got, c.onTheHost)
			}
		})
	}
}

func TestSiteThatCannotBeAskedIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		port inventory.Port
		want int
	}{{tcp(80, 80), 0}, {inventory.Port{Host: 53, Container: 53, Protocol: "udp"}, 1}} {
		var found []provision.Finding
		sink := func(e provision.Event) {
			if f, ok := e.Body.(provision.Finding); ok {
				found = append(found, f)
			}
		}
		h := siteOn(false, c.port)
		h.Words = language.New(language.English)
		website{h}.unasked(provision.NewReporter(provision.Options{Sink: sink}, h.Name(), Site))
		if len(found) != c.want || c.want == 1 && (found[0].Severity != provision.SeverityWarning || found[0].Cause == "") {
			t.Errorf("with %v, warns of %v", c.port, found)
		}
	}
}
