package steps

import (
	"github.com/kehuo/provision/provision/probe"
)

// question is one thing asked of the site, and the answer that is wanted.
type question struct {
	probe.Question
	name string // "https" or "http"
	want probe.Want
}

// publicPort is where the site listens, on the host and in the container.
type publicPort struct {
	address         string
	host, container int
}

// questions are what the site must answer: its page over https and the redirect over http, or its page over http where it has
// no certificate. The place says at which address to ask for a port.
func (h *Host) questions(place func(publicPort) string) []question {
	s := h.site()
	page := probe.Want{Status: s.Health.Status, Text: s.Health.Text, Server: s.Server}
	secure, plain := h.ports()
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

// ports picks the ports that speak https and http: 443 and 80 in the container, as the tutorial has them; on a site without
// a certificate, the first port there is speaks http.
func (h *Host) ports() (secure, plain *publicPort) {
	for _, p := range h.site().Ports {
		if p.Protocol != "tcp" {
			continue
		}
		port := publicPort{p.Address, p.Host, p.Container}
		switch {
		case h.site().Certificate != "" && (p.Container == 443 || p.Host == 443) && secure == nil:
			secure = &port
		case (p.Container == 80 || p.Host == 80 || h.site().Certificate == "") && plain == nil:
			plain = &port
		}
	}
	return secure, plain
}
