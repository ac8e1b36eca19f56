package steps

import (
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

// questions are what the site must answer: its page over https and the redirect over http, or its page over http where it has
// no certificate. The place says at which address to ask for a port.
func (h *Host) questions(place func(publicPort) string) []question {
	s := h.demands()
	page := probe.Want{Status: s.Health.Status, Text: s.Health.Text, Server: s.Server}
	secure, plain := s.speak()
	var list []question
	if secure != nil {
		want := page
		want.Fingerprint = h.Report.Pair.SHA256
		list = append(list, question{
			name:     "https",
			want:     want,
			Question: probe.Question{Address: place(*secure), Domain: s.Domain, TLS: true, Path: s.Health.Path},
		})
	}
	if plain != nil {
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

// speak picks the ports that speak https and http: 443 and 80 in the container, as the tutorial has them; on a site without
// a certificate, the first port there is speaks http.
func (d demands) speak() (secure, plain *publicPort) {
	for _, p := range d.Ports {
		if p.Protocol != "tcp" {
			continue
		}
		port := publicPort{p.Address, p.Host, p.Container}
		switch {
		case d.TLS && (p.Container == 443 || p.Host == 443) && secure == nil:
			secure = &port
		case (p.Container == 80 || p.Host == 80 || !d.TLS) && plain == nil:
			plain = &port
		}
	}
	return secure, plain
}
