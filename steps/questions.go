package steps

import (
	"net/netip"
	"slices"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
)

// question is one thing asked of the site, and the answer that is wanted.
type question struct {
	probe.Question
	name string // "https" or "http"
	want probe.Want
}

// demands are what the site must answer and where. They are kept with a release: one that is brought back is held against what
// was asked of it when it was made, and not against what a later one may have changed.
type demands struct {
	Ports  []inventory.Port `json:"ports"`
	Health inventory.Health `json:"health"`
	Server string           `json:"server"`
	Domain string           `json:"domain"`
	TLS    bool             `json:"tls"`
}

// demands are those of the release that is brought back, where the host has kept them, and else the inventory's.
func (h *Host) demands() demands {
	if h.keptDemands != nil {
		return *h.keptDemands
	}
	s := h.site()
	return demands{Ports: s.Ports, Health: s.Health, Server: s.Server, Domain: s.Domain, TLS: s.Certificate != ""}
}

// publicPort is where the site listens, on the host and in the container.
type publicPort struct {
	address         string
	host, container int
}

// local reports whether the host alone reaches the port, for another proxy there to pass it on.
func (p publicPort) local() bool {
	address, err := netip.ParseAddr(p.address)
	return err == nil && address.IsLoopback()
}

// questions are what the site must answer: its page over https and the redirect over http, or its page over http where it has
// no certificate. The place says at which address to ask for a port; nobody asks for one that has an empty place.
func (h *Host) questions(place func(publicPort) string) []question {
	s := h.demands()
	page := probe.Want{Status: s.Health.Status, Text: s.Health.Text, Server: s.Server}
	secure, plain := s.speak()
	var list []question
	reachable := func(p *publicPort) bool { return p != nil && place(*p) != "" }
	if reachable(secure) {
		want := page
		want.Fingerprint = h.Report.Pair.SHA256
		list = append(list, question{
			name:     "https",
			want:     want,
			Question: probe.Question{Address: place(*secure), Domain: s.Domain, TLS: true, Path: s.Health.Path},
		})
	}
	if reachable(plain) {
		want := page
		if secure != nil {
			want = probe.Want{Redirect: true, Server: s.Server}
		}
		list = append(list, question{
			name:     "http",
			want:     want,
			Question: probe.Question{Address: place(*plain), Domain: s.Domain, Path: s.Health.Path},
		})
	}
	return list
}

// speak picks the ports that speak https and http: 443 and 80, as the tutorial has them, in the container or else on the host.
// Where a site with a certificate has no such port for https, 8443 or else the first one that is not http's has to be it; on a
// site without one, the first port there is speaks http.
func (d demands) speak() (secure, plain *publicPort) {
	var ports []publicPort
	for _, p := range d.Ports {
		if p.Protocol == "tcp" {
			ports = append(ports, publicPort{p.Address, p.Host, p.Container})
		}
	}
	pick := func(fits ...func(publicPort) bool) *publicPort {
		for _, fit := range fits {
			if at := slices.IndexFunc(ports, fit); at >= 0 {
				return &ports[at]
			}
		}
		return nil
	}
	inside := func(port int) func(publicPort) bool { return func(p publicPort) bool { return p.container == port } }
	outside := func(port int) func(publicPort) bool { return func(p publicPort) bool { return p.host == port } }
	if !d.TLS {
		return nil, pick(inside(80), outside(80), func(publicPort) bool { return true })
	}
	secure = pick(inside(443), outside(443), inside(8443), func(p publicPort) bool { return p.container != 80 && p.host != 80 })
	other := func(fit func(publicPort) bool) func(publicPort) bool {
		return func(p publicPort) bool { return (secure == nil || p != *secure) && fit(p) }
	}
	return secure, pick(other(inside(80)), other(outside(80)))
}
