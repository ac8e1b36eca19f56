package site

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// demands examines what the tutorial's step 5 asks of nginx's configuration as a whole: a server for https with its pair, and
// one for http that redirects.
type demands struct {
	x       *examiner
	configs []*config
	servers []*server
}

func (d demands) examine() {
	if len(d.servers) == 0 && d.commented(isTLSServer) == nil {
		c := d.configs[len(d.configs)-1]
		d.x.add(place{StepNginxConfig, c.path, 1, lineOf(c.text, 1)}, provision.SeverityError, "site.config-no-server")
		return
	}
	if s := d.tlsServer(); s != nil {
		d.certificates(s)
		d.preferences(s)
		d.redirect(s)
		return
	}
	if s, l := d.withoutTLS(); s != nil {
		d.addTLS(s, l)
		d.certificates(s)
		d.preferences(s)
		d.redirect(s)
		return
	}
	if c := d.commented(isTLSServer); c != nil {
		d.x.mendable(c.at(), provision.SeverityError, "site.tls-commented-out", c.lines())
		if after, ok := d.restored(c); ok {
			after.examine()
		}
		return
	}
	d.convert()
}

// restored is what is demanded of the configuration with a commented server brought back.
func (d demands) restored(c *commentedServer) (demands, bool) {
	draft := d.x.draft(c.config.path)
	c.restore(draft)
	text := string(draft.content())
	file, err := nginxconf.Parse(text)
	if err != nil {
		return d, false
	}
	draft.text, draft.patches = text, nil
	after := demands{x: d.x}
	for _, old := range d.configs {
		if old == c.config {
			old = &config{path: old.path, text: text, file: file}
			old.collectServers(file.Directives, nil)
		}
		after.configs = append(after.configs, old)
		after.servers = append(after.servers, old.servers...)
	}
	return after, true
}

// wanted reports whether a listen is one for https: port 443, or another port that the inventory publishes.
func (d demands) wanted(l listen) bool {
	return l.port == 443 || l.port != 80 && l.port != 0 && slices.Contains(d.x.in.Site.Ports, l.port)
}

// tlsServer is the server that answers https; one with a certificate before one without.
func (d demands) tlsServer() *server {
	var found *server
	for _, s := range d.servers {
		if slices.ContainsFunc(s.listens, func(l listen) bool { return l.tls && d.wanted(l) }) {
			if s.find("ssl_certificate") != nil {
				return s
			}
			if found == nil {
				found = s
			}
		}
	}
	return found
}

// withoutTLS is a server that listens on 443 and does not speak TLS there.
func (d demands) withoutTLS() (*server, listen) {
	for _, s := range d.servers {
		for _, l := range s.listens {
			if l.d != nil && l.port == 443 {
				return s, l
			}
		}
	}
	return nil, listen{}
}

// addTLS mends a listen that lacks ssl.
func (d demands) addTLS(s *server, l listen) {
	end := l.d.Args[0].End
	d.x.draft(s.config.path).replace(end, end, " ssl")
	d.x.mendable(s.at(l.d.Line), provision.SeverityError, "site.tls-no-ssl", l.d.Line)
}

// certificates finds where nginx looks for the pair.
func (d demands) certificates(s *server) {
	var missing []string
	for _, want := range []struct {
		directive, code, local string
		target                 *string
	}{
		{"ssl_certificate", "site.tls-certificate-missing", d.x.in.Site.Certificate, &d.x.report.CertificatePath},
		{"ssl_certificate_key", "site.tls-key-missing", d.x.in.Site.Key, &d.x.report.KeyPath},
	} {
		if found := s.find(want.directive); found != nil {
			*want.target = configPath(found.Value())
			continue
		}
		*want.target = d.targetOf(want.local)
		line := fmt.Sprintf("%s %s;", want.directive, *want.target)
		missing = append(missing, line)
		d.missing(s, want.directive, want.code, line)
	}
	d.insert(s, missing)
}

// targetOf is where the image has a file of the pair, or should have it.
func (d demands) targetOf(local string) string {
	if d.x.recipe == nil {
		return defaultCertificates + path.Base(local)
	}
	return d.x.target(contextPath(local))
}

// configPath makes a path of the configuration absolute; empty where only the running nginx knows it.
func configPath(name string) string {
	switch {
	case strings.Contains(name, "$") || strings.HasPrefix(name, "data:") || strings.HasPrefix(name, "engine:") || name == "":
		return ""
	case path.IsAbs(name):
		return path.Clean(name)
	}
	return path.Join("/etc/nginx", name)
}

// preferences demands what else the tutorial sets for TLS.
func (d demands) preferences(s *server) {
	var missing []string
	for _, want := range []struct{ directive, value, code string }{
		{"ssl_session_timeout", "10m", "site.tls-timeout-missing"},
		{"ssl_prefer_server_ciphers", "on", "site.tls-ciphers-missing"},
	} {
		found := s.find(want.directive)
		if found == nil {
			line := want.directive + " " + want.value + ";"
			missing = append(missing, line)
			d.missing(s, want.directive, want.code, line)
		} else if want.value == "on" && found.Value() != "on" {
			d.x.add(s.at(found.Line), provision.SeverityWarning, "site.tls-ciphers-off")
		}
	}
	d.insert(s, missing)
	if on := s.find("ssl"); on != nil {
		d.x.add(s.at(on.Line), provision.SeverityWarning, "site.tls-ssl-on")
	}
	if protocols := s.find("ssl_protocols"); protocols != nil && slices.ContainsFunc(protocols.Values(), func(v string) bool {
		return v == "SSLv2" || v == "SSLv3" || v == "TLSv1" || v == "TLSv1.1"
	}) {
		d.x.add(s.at(protocols.Line), provision.SeverityWarning, "site.tls-old-protocols")
	}
}

// missing notes a directive that a server lacks; where it stands in a comment, that is what is said.
func (d demands) missing(s *server, directive, code, line string) {
	if c := s.commentedDirective(directive); c != nil {
		d.x.mendable(s.at(c.Line), provision.SeverityError, "site.directive-commented-out", directive, c.Line, line)
		return
	}
	d.x.mendable(s.at(s.d.Line), provision.SeverityError, code, s.d.Line, line)
}

// insert puts directives into a server: where they stand in a comment that is undone, otherwise below its listen and
// server_name.
func (d demands) insert(s *server, lines []string) {
	draft := d.x.draft(s.config.path)
	var below []string
	indent := s.indent()
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		if c := s.commentedDirective(name); c != nil {
			uncomment(draft, *c, !strings.HasPrefix(c.Text, "  "))
			continue
		}
		below = append(below, indent+line)
	}
	s.insert(draft, below)
}

// insert puts whole lines below the server's last listen or server_name, or first in its block.
func (s *server) insert(draft *draft, lines []string) {
	if len(lines) == 0 {
		return
	}
	eol := draft.eol()
	end := s.d.Open
	for _, d := range s.d.Block {
		if d.Name == "listen" || d.Name == "server_name" || strings.HasPrefix(d.Name, "ssl_certificate") {
			end = d.End
		}
	}
	stop := lineEnd(s.config.text, end)
	rest := strings.TrimSpace(s.config.text[end:stop])
	if rest == "" || strings.HasPrefix(rest, "#") {
		draft.insertLines(end, lines...)
		return
	}
	outer := s.config.text[lineStart(s.config.text, s.d.Start):s.d.Start]
	draft.replace(end, end, eol+strings.Join(lines, eol)+eol+strings.TrimSpace(outer))
}

// indent is the blank space before the server's directives.
func (s *server) indent() string {
	outer := blankBefore(s.config.text, s.d.Start)
	if len(s.d.Block) > 0 && s.d.Block[0].Line > s.d.Line {
		return blankBefore(s.config.text, s.d.Block[0].Start)
	}
	return outer + "    "
}

// blankBefore is the blank space at the start of the line that holds position.
func blankBefore(text string, position int) string {
	line := text[lineStart(text, position):position]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// isTLSServer reports whether a server listens with TLS.
func isTLSServer(s *server) bool {
	return slices.ContainsFunc(s.listens, func(l listen) bool { return l.tls })
}
