package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// rewriteLine is how the tutorial redirects.
const rewriteLine = "rewrite ^(.*) https://$host$1 permanent;"

// redirect demands that the server on the port of http sends the domain's visitors to https; tls is the server that answers
// https.
func (d demands) redirect(tls *server, port int) {
	var plain []*server
	for _, s := range d.view.servers {
		if slices.ContainsFunc(s.listens, func(l listen) bool { return l.reached(port) && (!l.tls || l.byOn) }) {
			plain = append(plain, s)
		}
	}
	s := choose(plain, d.x.in.Site.Domain, port)
	redirectsToo := func(s *server) bool { return hasPlain(s, port) && d.redirects(s, port) != nil }
	if s == nil {
		if c := d.commented(redirectsToo); c != nil {
			d.x.mendable(c.at(), provision.SeverityError, "site.redirect-commented-out", c.lines())
			c.restore(d.x.draftOf(c.file))
			return
		}
		d.x.mendable(tls.at(tls.d.Line), provision.SeverityError, "site.redirect-missing", tls.d.Line, port)
		d.appendRedirect(tls, nil, port)
		return
	}
	if r := d.redirects(s, port); r != nil {
		d.redirectTarget(s, r)
		return
	}
	line := s.plainLine(port)
	if s == tls {
		d.x.mendable(s.at(line), provision.SeverityError, "site.redirect-shared", line, port)
		d.appendRedirect(s, d.moveListens(s, port), port)
		return
	}
	d.x.mendable(s.at(line), provision.SeverityError, "site.redirect-none", line, rewriteLine, port)
	s.insert(d.x.draftOf(s.d.File), []string{s.indent() + rewriteLine})
}

func hasPlain(s *server, port int) bool {
	return slices.ContainsFunc(s.listens, func(l listen) bool { return l.port == port && !l.quic && (!l.tls || l.byOn) })
}

// plainLine is where the server says that it listens on the port of http.
func (s *server) plainLine(port int) int {
	for _, l := range s.listens {
		if l.port == port && l.d != nil {
			return l.d.Line
		}
	}
	return s.d.Line
}

// redirects is the directive by which a server sends the domain's visitors to https, or may: what depends on something that only
// the running nginx knows is not held against it. Nil if there is none.
func (d demands) redirects(s *server, port int) *nginxconf.Directive {
	return newVisit(s, d.x.in.Site.Domain, port).redirect()
}

// redirectTarget warns of a redirect to a name that is only the visitor's own machine.
func (d demands) redirectTarget(s *server, r *nginxconf.Directive) {
	target := strings.Join(r.Values(), " ")
	name := s.names()[0]
	local := name == "localhost" || name == "_" || name == ""
	if strings.Contains(target, "https://localhost") || strings.Contains(target, "$server_name") && local {
		d.x.add(inConfig(r, r.Line), provision.SeverityWarning, "site.redirect-localhost", name)
	}
}

// moveListens takes the listens for the port of http out of a server and returns them, for another one.
func (d demands) moveListens(s *server, port int) []string {
	draft := d.x.draftOf(s.d.File)
	text := s.d.File.Text
	var moved []string
	for _, l := range s.listens {
		if l.d == nil || l.port != port || l.d.File != s.d.File {
			continue
		}
		moved = append(moved, text[l.d.Start:l.d.End])
		start, end := lineStart(text, l.d.Start), lineEnd(text, l.d.End)
		if strings.TrimSpace(text[start:l.d.Start]) == "" && strings.TrimSpace(text[l.d.End:end]) == "" {
			draft.replace(start, min(end+1, len(text)), "")
		} else {
			draft.replace(l.d.Start, l.d.End, "")
		}
	}
	return moved
}

// appendRedirect adds the tutorial's second server: behind the last server of the file, within the same block.
func (d demands) appendRedirect(s *server, listens []string, port int) {
	draft := d.x.draftOf(s.d.File)
	end := s.d.End
	for _, other := range d.view.servers {
		if other.http == s.http && other.d.File == s.d.File {
			end = max(end, other.d.End)
		}
	}
	indent := blankBefore(s.d.File.Text, s.d.Start)
	if len(listens) == 0 {
		listens = []string{fmt.Sprintf("listen %d;", port)}
	}
	name := strings.Join(s.names(), " ")
	if name == "" {
		name = "localhost"
	}
	lines := []string{"", indent + "server {"}
	for _, l := range listens {
		lines = append(lines, indent+"    "+l)
	}
	lines = append(lines, indent+"    server_name "+name+";", indent+"    "+rewriteLine, indent+"}")
	draft.insertLines(end, lines...)
}

// convert makes a site that only speaks http speak https: its main server gets the port of https, and one that redirects takes
// that of http.
func (d demands) convert(secure, plain int) {
	s := d.mainServer(plain)
	if s == nil || !d.x.isOwn(s.d.File.Path) { // all that is there only redirects: what the site is made of, nobody can tell
		d.notTLS(s, secure)
		return
	}
	draft := d.x.draftOf(s.d.File)
	if c := s.commentedListen(); c != nil {
		d.x.mendable(s.at(c.Line), provision.SeverityError, "site.tls-commented-out", c.Line)
		uncomment(draft, *c, !strings.HasPrefix(c.Text, "  "))
	} else {
		line := s.plainLine(plain)
		d.x.mendable(s.at(line), provision.SeverityError, "site.tls-missing", line, secure, s.ports())
		s.insert(draft, []string{fmt.Sprintf("%slisten %d ssl;", s.indent(), secure)})
	}
	d.certificates(s, secure)
	d.preferences(s)
	if d.x.in.Site.AnswersHTTP {
		d.challenge(s, plain)
	}
	if plain == 0 || d.redirects(s, plain) != nil {
		return
	}
	for _, other := range d.view.servers {
		if r := d.redirects(other, plain); other != s && hasPlain(other, plain) && r != nil {
			d.redirectTarget(other, r)
			return
		}
	}
	moved := d.moveListens(s, plain)
	if c := d.commented(func(s *server) bool { return hasPlain(s, plain) && d.redirects(s, plain) != nil }); c != nil {
		d.x.mendable(c.at(), provision.SeverityError, "site.redirect-commented-out", c.lines())
		c.restore(d.x.draftOf(c.file))
		return
	}
	d.x.mendable(s.at(s.plainLine(plain)), provision.SeverityError, "site.redirect-missing", s.d.Line, plain)
	d.appendRedirect(s, moved, plain)
}

// notTLS says that no server speaks TLS, where no program can mend it.
func (d demands) notTLS(s *server, secure int) {
	if s == nil {
		s = d.view.servers[0]
	}
	at := s.at(s.d.Line)
	if at.file == "" { // the base image's own
		at = place{step: StepNginxConfig, file: d.x.in.Dockerfile.Path, evidence: "FROM " + d.known.base}
	}
	d.x.add(at, provision.SeverityError, "site.tls-missing", s.d.Line, secure, s.ports())
}

// ports lists where a server listens, as it says.
func (s *server) ports() string {
	var list []string
	for _, l := range s.listens {
		text := strconv.Itoa(l.port)
		if l.port == 0 {
			text = l.address
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}

// mainServer is the server that has the site: the domain's, or else the one with the most in it that does not only redirect.
func (d demands) mainServer(plain int) *server {
	var best *server
	size, own := -1, false
	for _, s := range d.view.servers {
		n := 0
		walk(s.d.Block, func(*nginxconf.Directive) { n++ })
		kind, _ := s.fit(strings.ToLower(d.x.in.Site.Domain))
		isOwn := d.x.in.Site.Domain != "" && kind != fitsNot
		if d.redirects(s, plain) == nil && (isOwn && !own || isOwn == own && n > size) {
			best, size, own = s, n, isOwn
		}
	}
	return best
}

func walk(list []*nginxconf.Directive, visit func(*nginxconf.Directive)) {
	for _, d := range list {
		visit(d)
		walk(d.Block, visit)
	}
}
