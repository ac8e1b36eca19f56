package probe_test

import (
	"net"
	"slices"
	"testing"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
)

// siteOn are the demands of a site that publishes ports, with a certificate or without one.
func siteOn(secure bool, ports ...inventory.Port) probe.Demands {
	return probe.Demands{Ports: ports, Health: inventory.Health{Path: "/", Status: 200}, Server: "nginx", TLS: secure}
}

func tcp(host, container int) inventory.Port {
	return inventory.Port{Host: host, Container: container, Protocol: "tcp"}
}

// asked lists what is asked, and of which port: "https 443" for the page, "http 80 redirect" for the redirect.
func asked(t *testing.T, list []probe.Check) []string {
	t.Helper()
	texts := []string{}
	for _, q := range list {
		_, port, err := net.SplitHostPort(q.Address)
		if err != nil {
			t.Fatal(err)
		}
		text := q.Name + " " + port
		if q.Want.Redirect {
			text += " redirect"
		}
		texts = append(texts, text)
	}
	return texts
}

func TestChecksByPorts(t *testing.T) {
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
			got := asked(t, siteOn(c.secure, c.ports...).FromHere("127.0.0.1"))
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
			if got := asked(t, h.FromHere("203.0.113.10")); !slices.Equal(got, c.here) {
				t.Errorf("from here asks %q, want %q", got, c.here)
			}
			if got := asked(t, h.FromHost(nil)); !slices.Equal(got, c.onTheHost) {
				t.Errorf("on the host asks %q, want %q", got, c.onTheHost)
			}
		})
	}
}
