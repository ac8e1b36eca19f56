package site

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// server is a server block for http.
type server struct {
	d       *nginxconf.Directive
	outer   []*nginxconf.Directive // what it inherits: the directives beside it
	http    *nginxconf.Directive   // the http block around it; nil in a file alone
	listens []listen
}

// listen is a listen directive, or the one that nginx assumes where there is none.
type listen struct {
	d         *nginxconf.Directive // nil: assumed
	address   string               // "*" for all of IPv4
	port      int                  // 0: a unix socket
	tls       bool
	byOn      bool // TLS by the old directive "ssl on"
	primary   bool // default_server
	quic      bool // UDP
	reuse     bool // reuseport
	bothStack bool // ipv6only=off
}

// collectServers finds the server blocks: at the top of an included file, or in http.
func collectServers(list []*nginxconf.Directive, http *nginxconf.Directive) []*server {
	var found []*server
	for _, d := range list {
		switch {
		case d.Name == "http" && d.HasBody:
			found = append(found, collectServers(d.Block, d)...)
		case d.Name == "server" && d.HasBody:
			found = append(found, newServer(d, list, http))
		}
	}
	shareTLS(found)
	return found
}

func newServer(d *nginxconf.Directive, outer []*nginxconf.Directive, http *nginxconf.Directive) *server {
	s := &server{d: d, outer: outer, http: http}
	on := s.find("ssl")
	byOn := on != nil && on.Value() == "on"
	for _, l := range nginxconf.Find(d.Block, "listen") {
		s.listens = append(s.listens, parseListen(l, byOn))
	}
	if len(s.listens) == 0 {
		s.listens = []listen{{address: "*", port: 80, tls: byOn, byOn: byOn}}
	}
	return s
}

// shareTLS gives the TLS of one listen to all servers at that address: it is the socket that speaks TLS.
func shareTLS(servers []*server) {
	secure := map[string]bool{}
	for _, s := range servers {
		for _, l := range s.listens {
			if l.tls && !l.byOn {
				secure[l.socket()] = true
			}
		}
	}
	for _, s := range servers {
		for i := range s.listens {
			l := &s.listens[i]
			l.tls = l.tls || secure[l.socket()]
		}
	}
}

func parseListen(d *nginxconf.Directive, byOn bool) listen {
	l := listen{d: d, tls: byOn, byOn: byOn, address: "*", port: 80}
	value := d.Value()
	switch host, port, err := net.SplitHostPort(value); {
	case strings.HasPrefix(value, "unix:"):
		l.address, l.port = value, 0
	case err == nil:
		l.address = host
		l.port = portNumber(port)
	default:
		if number := portNumber(value); number > 0 {
			l.port = number
		} else {
			l.address = strings.Trim(value, "[]")
		}
	}
	if l.address == "0.0.0.0" || l.address == "" {
		l.address = "*"
	}
	if len(d.Args) > 1 {
		for _, flag := range d.Values()[1:] {
			l.tls = l.tls || flag == "ssl"
			l.quic = l.quic || flag == "quic" || flag == "http3"
			l.reuse = l.reuse || flag == "reuseport"
			l.bothStack = l.bothStack || flag == "ipv6only=off"
			l.primary = l.primary || flag == "default_server" || flag == "default"
		}
	}
	return l
}

// portNumber reads a port, or the first one of a range; 0 where it is none.
func portNumber(text string) int {
	first, last, isRange := strings.Cut(text, "-")
	number, err := strconv.Atoi(first)
	if _, lastErr := strconv.Atoi(last); err != nil || isRange && lastErr != nil || number < 0 || number > 65535 {
		return 0
	}
	return number
}

// socket names what is bound: a TCP and a UDP port of one number are two.
func (l listen) socket() string {
	if l.quic {
		return net.JoinHostPort(l.address, strconv.Itoa(l.port)) + "/udp"
	}
	return net.JoinHostPort(l.address, strconv.Itoa(l.port))
}

// reached reports whether a visitor whom Docker forwards to a port of the container comes to this listen.
func (l listen) reached(port int) bool {
	ip, err := netip.ParseAddr(l.address)
	return l.port == port && !l.quic && (err != nil || !ip.IsLoopback())
}

// find is the directive that holds in the server: its own, or one that it inherits.
func (s *server) find(name string) *nginxconf.Directive {
	for _, list := range [][]*nginxconf.Directive{s.d.Block, s.outer} {
		if found := nginxconf.Find(list, name); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return nil
}

// all are the directives of a name that hold in the server.
func (s *server) all(name string) []*nginxconf.Directive {
	if own := nginxconf.Find(s.d.Block, name); len(own) > 0 {
		return own
	}
	return nginxconf.Find(s.outer, name)
}

func (s *server) at(line int) place { return inConfig(s.d, line) }

// names are the server's names; the empty one where it has none.
func (s *server) names() []string {
	var names []string
	for _, d := range nginxconf.Find(s.d.Block, "server_name") {
		names = append(names, d.Values()...)
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// How well a server's name fits, in the order in which nginx chooses.
const (
	fitsNot = iota
	fitsExpression
	fitsEnd   // www.example.*
	fitsStart // *.example.com
	fitsWhole
)

// fit tells how well the server's names cover a host's; the longest one counts.
func (s *server) fit(host string) (kind, length int) {
	for _, name := range s.names() {
		name = strings.ToLower(name)
		k := fitsNot
		switch rest := strings.TrimPrefix(name, "*"); {
		case name == host || name == "."+host:
			k = fitsWhole
		case strings.HasPrefix(name, "~"):
			if e := expression(name[1:], true); e != nil && e.MatchString(host) {
				k = fitsExpression
			}
		case strings.HasPrefix(rest, ".") && strings.HasSuffix(host, rest):
			k = fitsStart
		case strings.HasSuffix(name, ".*") && strings.HasPrefix(host, strings.TrimSuffix(name, "*")):
			k = fitsEnd
		}
		if k > kind || k == kind && len(name) > length {
			kind, length = k, len(name)
		}
	}
	return kind, length
}

// choose is the server that nginx takes for a host at a port: the one whose name fits best, or else the default one. Nil where
// none listens there.
func choose(servers []*server, host string, port int) *server {
	var best, fallback *server
	kind, length, primary := fitsNot, 0, false
	for _, s := range servers {
		at := slices.IndexFunc(s.listens, func(l listen) bool { return l.reached(port) })
		if at < 0 {
			continue
		}
		isPrimary := slices.ContainsFunc(s.listens, func(l listen) bool { return l.reached(port) && l.primary })
		if fallback == nil || isPrimary && !primary {
			fallback, primary = s, isPrimary
		}
		if k, n := s.fit(strings.ToLower(host)); host != "" && (k > kind || k == kind && k != fitsNot && k != fitsExpression && n > length) {
			best, kind, length = s, k, n
		}
	}
	if best != nil {
		return best
	}
	return fallback
}

// expression compiles what PCRE and Go both understand; nil for others.
func expression(text string, ignoreCase bool) *regexp.Regexp {
	if ignoreCase {
		text = "(?i)" + text
	}
	compiled, err := regexp.Compile(strings.ReplaceAll(text, "(?<", "(?P<"))
	if err != nil {
		return nil
	}
	return compiled
}
