package site

import (
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// rewriteLine is how the tutorial redirects.
const rewriteLine = "rewrite ^(.*) https://$host$1 permanent;"

// redirect demands a server on port 80 that sends every visitor to https; tls is the server that answers https.
func (d demands) redirect(tls *server) {
	plain := d.plainServers()
	for _, s := range plain {
		if r := s.redirects(); r != nil {
			d.redirectTarget(s, r)
			return
		}
	}
	if c := d.commented(func(s *server) bool { return hasPlain(s) && s.redirects() != nil }); c != nil && len(plain) == 0 {
		d.x.mendable(c.at(), provision.SeverityError, "site.redirect-commented-out", c.lines())
		c.restore(d.x.draft(c.config.path))
		return
	}
	if len(plain) == 0 {
		d.x.mendable(tls.at(tls.d.Line), provision.SeverityError, "site.redirect-missing", tls.d.Line)
		d.appendRedirect(tls, nil)
		return
	}
	s := plain[0]
	if s == tls {
		d.x.mendable(s.at(s.plainLine()), provision.SeverityError, "site.redirect-shared", s.plainLine())
		d.appendRedirect(s, d.moveListens(s))
		return
	}
	d.x.mendable(s.at(s.plainLine()), provision.SeverityError, "site.redirect-none", s.plainLine(), rewriteLine)
	s.insert(d.x.draft(s.config.path), []string{s.indent() + rewriteLine})
}

// plainServers are those that listen on port 80 without TLS.
func (d demands) plainServers() []*server {
	var found []*server
	for _, s := range d.servers {
		if hasPlain(s) {
			found = append(found, s)
		}
	}
	return found
}

func hasPlain(s *server) bool {
	return slices.ContainsFunc(s.listens, func(l listen) bool { return l.port == 80 && (!l.tls || l.byOn) })
}

// plainLine is where the server says that it listens on port 80.
func (s *server) plainLine() int {
	for _, l := range s.listens {
		if l.port == 80 && l.d != nil {
			return l.d.Line
		}
	}
	return s.d.Line
}

// redirects is the directive by which a server sends all visitors to https: in the server itself, in an if, or in the location
// of all paths. Nil if there is none.
func (s *server) redirects() *nginxconf.Directive { return redirectIn(s.d.Block) }

func redirectIn(list []*nginxconf.Directive) *nginxconf.Directive {
	for _, d := range list {
		values := d.Values()
		switch d.Name {
		case "return":
			if len(values) > 0 && strings.HasPrefix(values[len(values)-1], "https://") &&
				(len(values) == 1 || slices.Contains([]string{"301", "302", "303", "307", "308"}, values[0])) {
				return d
			}
		case "rewrite":
			if len(values) >= 2 && strings.HasPrefix(values[1], "https://") {
				return d
			}
		case "if":
			if found := redirectIn(d.Block); found != nil {
				return found
			}
		case "location":
			if pattern := strings.TrimPrefix(strings.Join(values, " "), "^~ "); slices.Contains([]string{"/", "~ /", "~ .*", "~ ^", "~ ^/"}, pattern) {
				if found := redirectIn(d.Block); found != nil {
					return found
				}
			}
		}
	}
	return nil
}

// redirectTarget warns of a redirect to a name that is only the visitor's own machine.
func (d demands) redirectTarget(s *server, r *nginxconf.Directive) {
	target := strings.Join(r.Values(), " ")
	name := s.names()[0]
	local := name == "localhost" || name == "_" || name == ""
	if strings.Contains(target, "https://localhost") || strings.Contains(target, "$server_name") && local {
		d.x.add(s.at(r.Line), provision.SeverityWarning, "site.redirect-localhost", name)
	}
}

// moveListens takes the listens for port 80 out of a server and returns them, for another one.
func (d demands) moveListens(s *server) []string {
	draft := d.x.draft(s.config.path)
	text := s.config.text
	var moved []string
	for _, l := range s.listens {
		if l.d == nil || l.port != 80 {
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
func (d demands) appendRedirect(s *server, listens []string) {
	draft := d.x.draft(s.config.path)
	last := s.config.servers
	end := s.d.End
	for _, other := range last {
		if other.http == s.http {
			end = max(end, other.d.End)
		}
	}
	indent := blankBefore(s.config.text, s.d.Start)
	if len(listens) == 0 {
		listens = []string{"listen 80;"}
	}
	name := "localhost"
	if own := s.find("server_name"); own != nil && len(own.Args) > 0 {
		name = strings.Join(own.Values(), " ")
	}
	lines := []string{"", indent + "server {"}
	for _, l := range listens {
		lines = append(lines, indent+"    "+l)
	}
	lines = append(lines, indent+"    server_name "+name+";", indent+"    "+rewriteLine, indent+"}")
	draft.insertLines(end, lines...)
}

// convert makes a site that only speaks http speak https: its main server moves to port 443, and one that redirects takes
// port 80.
func (d demands) convert() {
	s := d.mainServer()
	if s == nil { // all that is there only redirects: what the site is made of, nobody can tell
		s = d.servers[0]
		d.x.add(s.at(s.plainLine()), provision.SeverityError, "site.tls-missing", s.plainLine())
		return
	}
	draft := d.x.draft(s.config.path)
	if c := s.commentedListen(); c != nil {
		d.x.mendable(s.at(c.Line), provision.SeverityError, "site.tls-commented-out", c.Line)
		uncomment(draft, *c, !strings.HasPrefix(c.Text, "  "))
	} else {
		d.x.mendable(s.at(s.plainLine()), provision.SeverityError, "site.tls-missing", s.plainLine())
		s.insert(draft, []string{s.indent() + "listen 443 ssl;"})
	}
	d.certificates(s)
	d.preferences(s)
	if s.redirects() != nil {
		return
	}
	for _, other := range d.plainServers() {
		if other != s && other.redirects() != nil {
			d.redirectTarget(other, other.redirects())
			return
		}
	}
	moved := d.moveListens(s)
	if c := d.commented(func(s *server) bool { return hasPlain(s) && s.redirects() != nil }); c != nil {
		d.x.mendable(c.at(), provision.SeverityError, "site.redirect-commented-out", c.lines())
		c.restore(d.x.draft(c.config.path))
		return
	}
	d.x.mendable(s.at(s.plainLine()), provision.SeverityError, "site.redirect-missing", s.d.Line)
	d.appendRedirect(s, moved)
}

// mainServer is the server that has the site: the one with the most in it that does not only redirect.
func (d demands) mainServer() *server {
	var best *server
	size := -1
	for _, s := range d.servers {
		n := 0
		walk(s.d.Block, func(*nginxconf.Directive) { n++ })
		if s.redirects() == nil && n > size {
			best, size = s, n
		}
	}
	return best
}
