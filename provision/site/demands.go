package site

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// demands examines what the tutorial's step 5 asks of nginx's configuration as a whole: a server for https with its pair, and
// one for http that redirects.
type demands struct {
	x     *examiner
	known *nginxImage
	view  *view
}

// ports are those of the container that https and http come in by; 0 for http where none is published for it.
func (d demands) ports() (secure, plain int) {
	published := d.x.in.Site.Ports
	if len(published) == 0 {
		return 443, 80
	}
	s, p := inventory.WebPorts(published, true)
	if s != nil {
		secure = s.Container
	}
	if p != nil {
		plain = p.Container
	}
	return secure, plain
}

func (d demands) examine() {
	secure, plain := d.ports()
	if slices.ContainsFunc(d.view.streams, func(l listen) bool { return l.port == secure }) || secure == 0 {
		return // what answers there is another server's, which only the candidate shows
	}
	if d.view.hasInclude() {
		return // what is demanded may stand in the file that is not known, or is missing
	}
	if len(d.view.servers) == 0 && d.commented(isTLSServer) == nil {
		if len(d.view.files) > 0 {
			f := d.view.files[len(d.view.files)-1]
			d.x.add(place{StepNginxConfig, f.Path, 1, lineOf(f.Text, 1)}, provision.SeverityError, "site.config-no-server")
		}
		return
	}
	s := d.tlsServer(secure)
	if s == nil {
		var l listen
		if s, l = d.withoutTLS(secure); s != nil {
			d.addTLS(s, l)
		}
	}
	if s != nil {
		d.certificates(s, secure)
		d.preferences(s)
		if plain != 0 {
			d.redirect(s, plain)
		}
		if d.x.in.Site.AnswersHTTP {
			d.challenge(s, plain)
		}
		return
	}
	if c := d.commented(isTLSServer); c != nil {
		d.x.mendable(c.at(), provision.SeverityError, "site.tls-commented-out", c.lines())
		if after, ok := d.restored(c); ok {
			after.examine()
		}
		return
	}
	d.convert(secure, plain)
}

// restored is what is demanded of the configuration with a commented server brought back.
func (d demands) restored(c *commentedServer) (demands, bool) {
	draft := d.x.draftOf(c.file)
	c.restore(draft)
	text := string(draft.content())
	file, err := nginxconf.Parse(c.file.Path, text)
	if err != nil {
		return d, false
	}
	draft.text, draft.patches = text, nil
	for at, old := range d.known.parsed {
		if old == c.file {
			d.known.parsed[at] = file
		}
	}
	return demands{d.x, d.known, d.x.viewOf(d.known)}, true
}

// tlsServer is the server that answers https for the domain: among those that speak TLS at the port, the one that nginx takes.
func (d demands) tlsServer(port int) *server {
	var secure []*server
	for _, s := range d.view.servers {
		if slices.ContainsFunc(s.listens, func(l listen) bool { return l.tls && l.reached(port) }) {
			secure = append(secure, s)
		}
	}
	return choose(secure, d.x.in.Site.Domain, port)
}

// withoutTLS is a server that listens on the port of https and does not speak TLS there.
func (d demands) withoutTLS(port int) (*server, listen) {
	s := choose(d.view.servers, d.x.in.Site.Domain, port)
	if s == nil {
		return nil, listen{}
	}
	at := slices.IndexFunc(s.listens, func(l listen) bool { return l.reached(port) })
	if s.listens[at].d == nil {
		return nil, listen{}
	}
	return s, s.listens[at]
}

// addTLS mends a listen that lacks ssl.
func (d demands) addTLS(s *server, l listen) {
	end := l.d.Args[0].End
	d.x.draftOf(l.d.File).replace(end, end, " ssl")
	d.x.mendable(inConfig(l.d, l.d.Line), provision.SeverityError, "site.tls-no-ssl", l.d.Line, l.port)
}

// certificates finds where nginx looks for the pair.
func (d demands) certificates(s *server, port int) {
	var missing []string
	certificate, key := d.x.in.Site.Certificate, d.x.in.Site.Key
	if d.x.in.Site.brought() {
		certificate, key = d.obtainedNames()
	}
	var named [2]*nginxconf.Directive
	for i, want := range []struct {
		directive, code, local string
		target                 *string
	}{
		{"ssl_certificate", "site.tls-certificate-missing", certificate, &d.x.report.CertificatePath},
		{"ssl_certificate_key", "site.tls-key-missing", key, &d.x.report.KeyPath},
	} {
		found := s.all(want.directive)
		if len(found) == 0 { // a server without its own has that of the default one
			if other := choose(d.view.servers, "", port); other != nil {
				found = other.all(want.directive)
			}
		}
		if len(found) > 0 {
			*want.target, named[i] = d.chosen(found, want.local), found[0]
			continue
		}
		*want.target = d.targetOf(want.local)
		line := fmt.Sprintf("%s %s;", want.directive, *want.target)
		missing = append(missing, line)
		d.missing(s, provision.SeverityError, want.directive, want.code, line)
	}
	d.insert(s, missing)
	if d.x.in.Site.brought() {
		d.ownFolder(named[0], named[1])
	}
}

// chosen is the path of the directive that names where the site's file is; of the first one where none does.
func (d demands) chosen(found []*nginxconf.Directive, local string) string {
	first := d.known.configPath(found[0].Value())
	for _, f := range found {
		at := d.known.configPath(f.Value())
		if d.x.recipe != nil && at != "" && d.x.isLocal(d.x.recipe.image().at(at), contextPath(local)) {
			return at
		}
	}
	return first
}

// targetOf is where the image has a file of the pair, or should have it.
func (d demands) targetOf(local string) string {
	if d.x.recipe == nil {
		return defaultCertificates + path.Base(local)
	}
	return d.x.target(contextPath(local))
}

// preferences names what else the tutorial sets for TLS; a site lives without it.
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
			d.missing(s, provision.SeverityWarning, want.directive, want.code, line)
		} else if want.value == "on" && found.Value() != "on" {
			d.x.add(inConfig(found, found.Line), provision.SeverityWarning, "site.tls-ciphers-off")
		}
	}
	d.insert(s, missing)
	if on := s.find("ssl"); on != nil {
		d.x.add(inConfig(on, on.Line), provision.SeverityWarning, "site.tls-ssl-on")
	}
	if protocols := s.find("ssl_protocols"); protocols != nil && slices.ContainsFunc(protocols.Values(), func(v string) bool {
		return v == "SSLv2" || v == "SSLv3" || v == "TLSv1" || v == "TLSv1.1"
	}) {
		d.x.add(inConfig(protocols, protocols.Line), provision.SeverityWarning, "site.tls-old-protocols")
	}
}

// missing notes a directive that a server lacks; where it stands in a comment, that is what is said.
func (d demands) missing(s *server, severity provision.Severity, directive, code, line string) {
	if c := s.commentedDirective(directive); c != nil {
		d.x.mendable(s.at(c.Line), severity, "site.directive-commented-out", directive, c.Line, line)
		return
	}
	d.x.mendable(s.at(s.d.Line), severity, code, s.d.Line, line)
}

// insert puts directives into a server: where they stand in a comment that is undone, otherwise below its listen and
// server_name.
func (d demands) insert(s *server, lines []string) {
	draft := d.x.draftOf(s.d.File)
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
		if d.File == s.d.File && (d.Name == "listen" || d.Name == "server_name" || strings.HasPrefix(d.Name, "ssl_certificate")) {
			end = d.End
		}
	}
	stop := lineEnd(s.d.File.Text, end)
	rest := strings.TrimSpace(s.d.File.Text[end:stop])
	if rest == "" || strings.HasPrefix(rest, "#") {
		draft.insertLines(end, lines...)
		return
	}
	outer := s.d.File.Text[lineStart(s.d.File.Text, s.d.Start):s.d.Start]
	draft.replace(end, end, eol+strings.Join(lines, eol)+eol+strings.TrimSpace(outer))
}

// indent is the blank space before the server's directives.
func (s *server) indent() string {
	outer := blankBefore(s.d.File.Text, s.d.Start)
	if len(s.d.Block) > 0 && s.d.Block[0].File == s.d.File && s.d.Block[0].Line > s.d.Line {
		return blankBefore(s.d.File.Text, s.d.Block[0].Start)
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
