package site

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// config is one file of nginx's configuration.
type config struct {
	path    string
	text    string // as parsed: the draft's
	file    *nginxconf.File
	servers []*server
}

// server is a server block for http.
type server struct {
	config  *config
	d       *nginxconf.Directive
	outer   []*nginxconf.Directive // what it inherits: the directives beside it
	http    *nginxconf.Directive   // the http block around it; nil in a file that nginx.conf includes
	listens []listen
}

// listen is a listen directive, or the one that nginx assumes where there is none.
type listen struct {
	d       *nginxconf.Directive // nil: assumed
	address string
	port    int // 0: a unix socket
	tls     bool
	byOn    bool // TLS by the old directive "ssl on"
	primary bool // default_server
}

// configs examines what step 5 asks.
func (x *examiner) configs() {
	var all []*config
	for _, f := range x.in.Configs {
		if errors.Is(f.Err, fs.ErrNotExist) {
			x.configMissing()
			continue
		}
		if !x.readable(f, StepNginxConfig) {
			continue
		}
		if c := x.parseConfig(f); c != nil {
			all = append(all, c)
		}
	}
	if len(all) < len(x.in.Configs) || len(all) == 0 {
		return // what is demanded may stand in the file that cannot be read
	}
	var servers []*server
	for _, c := range all {
		x.directives(c, c.file.Directives)
		servers = append(servers, c.servers...)
	}
	x.listenClashes(servers)
	x.upstreams(all)
	x.configCopied()
	if !x.tls() {
		x.add(place{step: StepNginxConfig, file: all[0].path, evidence: all[0].path}, provision.SeverityInfo, "site.tls-not-wanted")
		return
	}
	demands{x, all, servers}.examine()
}

// configMissing notes that the Dockerfile brings nginx no configuration. Where it names one that is not there, that line has a
// finding already; and of a Dockerfile that cannot be read nobody knows what it brings.
func (x *examiner) configMissing() {
	if x.recipe == nil {
		return
	}
	missing := func(source word) bool { return source.open || !x.recipe.context.has(source.text) }
	if slices.ContainsFunc(contextCopies(x.recipe.finalLines()), func(c copied) bool { return nginxPath(c.dest.text) && slices.ContainsFunc(c.sources, missing) }) {
		return
	}
	x.add(place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: "server: " + x.in.Site.Server}, provision.SeverityError, "site.config-missing")
}

// collectServers finds the server blocks: at the top of an included file, or in http.
func (c *config) collectServers(list []*nginxconf.Directive, http *nginxconf.Directive) {
	for _, d := range list {
		switch {
		case d.Name == "http" && d.HasBody && http == nil:
			c.collectServers(d.Block, d)
		case d.Name == "server" && d.HasBody:
			c.servers = append(c.servers, newServer(c, d, list, http))
		}
	}
}

func newServer(c *config, d *nginxconf.Directive, outer []*nginxconf.Directive, http *nginxconf.Directive) *server {
	s := &server{config: c, d: d, outer: outer, http: http}
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

func parseListen(d *nginxconf.Directive, byOn bool) listen {
	l := listen{d: d, tls: byOn, byOn: byOn, address: "*", port: 80}
	value := d.Value()
	switch host, port, err := net.SplitHostPort(value); {
	case strings.HasPrefix(value, "unix:"):
		l.address, l.port = value, 0
	case err == nil:
		l.address = host
		l.port, _ = strconv.Atoi(port)
	default:
		if number, err := strconv.Atoi(value); err == nil {
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
			l.primary = l.primary || flag == "default_server" || flag == "default"
		}
	}
	return l
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

func (s *server) at(line int) place {
	return place{StepNginxConfig, s.config.path, line, lineOf(s.config.text, line)}
}

// names are the server's names; the empty one where it has none.
func (s *server) names() []string {
	if d := s.find("server_name"); d != nil && len(d.Args) > 0 {
		return d.Values()
	}
	return []string{""}
}

// directives notes directives that nginx allows once and finds twice.
func (x *examiner) directives(c *config, list []*nginxconf.Directive) {
	first := map[string]*nginxconf.Directive{}
	for _, d := range list {
		at := place{StepNginxConfig, c.path, d.Line, lineOf(c.text, d.Line)}
		if before := first[d.Name]; before != nil && slices.Contains(onceDirectives(), d.Name) {
			x.add(at, provision.SeverityError, "site.config-duplicate", d.Name, before.Line)
		} else {
			first[d.Name] = d
		}
		x.directives(c, d.Block)
	}
}

func onceDirectives() []string {
	return []string{"ssl_session_timeout", "ssl_prefer_server_ciphers", "ssl_protocols", "ssl_ciphers", "ssl_session_cache", "root", "proxy_pass", "client_max_body_size"}
}

// listenClashes notes what nginx does not start with: a listen twice in a server, two default servers for one address.
func (x *examiner) listenClashes(servers []*server) {
	defaults := map[string]*server{}
	owners := map[string]*server{}
	for _, s := range servers {
		seen := map[string]bool{}
		for _, l := range s.listens {
			if l.d == nil || l.port == 0 && l.address == "" {
				continue
			}
			address := net.JoinHostPort(l.address, strconv.Itoa(l.port))
			if seen[address] {
				x.add(s.at(l.d.Line), provision.SeverityError, "site.listen-twice", address)
			}
			seen[address] = true
			if other := defaults[address]; l.primary && other != nil && other != s {
				x.add(s.at(l.d.Line), provision.SeverityError, "site.default-server-twice", address, other.d.Line)
			} else if l.primary {
				defaults[address] = s
			}
			for _, name := range s.names() {
				if other := owners[address+" "+name]; other != nil && other != s {
					x.add(s.at(l.d.Line), provision.SeverityWarning, "site.server-hidden", name, address, other.d.Line)
				} else {
					owners[address+" "+name] = s
				}
			}
		}
	}
}

// upstreams notes a proxy_pass to a plain name that no upstream has: nginx looks it up when it starts, and ends if it fails.
func (x *examiner) upstreams(all []*config) {
	known := map[string]bool{"localhost": true}
	for _, c := range all {
		walk(c.file.Directives, func(d *nginxconf.Directive) {
			if d.Name == "upstream" {
				known[d.Value()] = true
			}
		})
	}
	for _, c := range all {
		walk(c.file.Directives, func(d *nginxconf.Directive) {
			_, rest, ok := strings.Cut(d.Value(), "://")
			host := hostOf(rest)
			if d.Name != "proxy_pass" || !ok || known[host] || host == "" || strings.ContainsAny(host, ".$[") || strings.HasPrefix(rest, "unix:") {
				return
			}
			x.add(place{StepNginxConfig, c.path, d.Line, lineOf(c.text, d.Line)}, provision.SeverityWarning, "site.upstream-unknown", host)
		})
	}
}

// hostOf is the host at the start of a URL without its scheme.
func hostOf(rest string) string {
	if i := strings.IndexAny(rest, "/:?"); i >= 0 && !strings.HasPrefix(rest, "[") {
		return rest[:i]
	}
	return rest
}

func walk(list []*nginxconf.Directive, visit func(*nginxconf.Directive)) {
	for _, d := range list {
		visit(d)
		walk(d.Block, visit)
	}
}

// configCopied warns of a configuration that the Dockerfile does not bring to nginx.
func (x *examiner) configCopied() {
	if x.recipe == nil {
		return
	}
	for _, f := range x.in.Configs {
		brought := slices.ContainsFunc(x.recipe.landings(f.Path), func(at landing) bool { return nginxPath(at.path) })
		used := slices.ContainsFunc(x.in.Scripts, func(s File) bool { return strings.Contains(string(s.Content), f.Path) }) ||
			strings.Contains(string(x.in.Dockerfile.Content), "RUN") && x.recipe.runMentionsFile(f.Path)
		if !brought && !used {
			x.add(place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: f.Path}, provision.SeverityWarning, "site.config-not-copied", f.Path)
		}
	}
}
