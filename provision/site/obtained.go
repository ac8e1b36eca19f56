package site

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// A certificate that the program obtains lies on the host, in a folder that is mounted where nginx looks for the pair: as a file it
// would stay the one that it was when it is renewed. So do the answers to the CA's challenges.
const (
	obtainedFolder  = "/etc/nginx/provision"
	challengeFolder = "/etc/nginx/acme-challenge"
	challengePath   = "/.well-known/acme-challenge/"
)

// brought reports whether the program brings the pair to the host, beside the image: one that it obtains, or one in a zip.
func (s Site) brought() bool { return s.obtained() || s.bundled() }

func (s Site) obtained() bool { return s.Certificate == inventory.CertificateACME }

func (s Site) bundled() bool { return inventory.Site{Certificate: s.Certificate}.Bundled() }

// obtainedNames are what the pair is called where nginx' configuration does not name it: as the one that the image has at the
// tutorial's place, else after the domain.
func (d demands) obtainedNames() (certificate, key string) {
	name := cmp.Or(d.x.in.Site.Domain, "site")
	certificate, key = name+".pem", name+".key"
	if d.x.recipe == nil {
		return certificate, key
	}
	names, _ := d.x.recipe.image().names(path.Clean(defaultCertificates))
	at := slices.IndexFunc(names, func(name string) bool { return path.Ext(name) == ".pem" || path.Ext(name) == ".crt" })
	keyAt := slices.IndexFunc(names, func(name string) bool { return path.Ext(name) == ".key" })
	if len(names) == 2 && at >= 0 && keyAt >= 0 {
		return names[at], names[keyAt]
	}
	return certificate, key
}

// broughtLines examines whether the pair can be brought to where nginx looks for it, and whether the Dockerfile still copies one
// there.
func (x *examiner) broughtLines() {
	certificate, key := x.report.CertificatePath, x.report.KeyPath
	if certificate == "" || key == "" {
		if len(x.report.Errors(StepNginxConfig)) == 0 {
			x.add(place{step: StepCertificateLines, file: x.in.Dockerfile.Path, evidence: "certificate: " + x.in.Site.Certificate}, provision.SeverityError, "site.acme-paths")
		}
		return
	}
	for _, volume := range x.in.Site.Volumes {
		if parts := strings.Split(volume, ":"); len(parts) > 1 && slices.Contains([]string{path.Dir(certificate), x.report.ChallengePath}, path.Clean(parts[1])) {
			x.add(place{step: StepCertificateLines, evidence: volume}, provision.SeverityError, "site.acme-mounted", parts[1])
		}
	}
	if x.recipe == nil {
		return
	}
	d := x.draft(x.in.Dockerfile.Path)
	for _, line := range x.recipe.finalLines() {
		c := line.copy
		if c == nil || c.from.text != "" || len(c.heredocs) > 0 || len(c.sources) == 0 || slices.ContainsFunc(c.sources, func(source word) bool {
			to := c.dest.text
			if strings.HasSuffix(to, "/") || to == path.Dir(certificate) {
				to = path.Join(to, path.Base(source.text))
			}
			return to != certificate && to != key
		}) {
			continue
		}
		d.replace(lineOffset(d.text, line.line), lineOffset(d.text, line.end+1), "")
		x.mendable(x.certificateLine(line.line), provision.SeverityWarning, "site.acme-copy", c.dest.text)
	}
}

// crowded are folders in which a system, or nginx, has files of its own.
var crowded = []string{"/", "/etc", "/etc/nginx", "/etc/nginx/conf.d", "/etc/pki/tls/certs", "/etc/pki/tls/private", "/etc/ssl", "/etc/ssl/certs",
	"/etc/ssl/private", "/root", "/usr/local/nginx/conf", "/usr/local/openresty/nginx/conf"}

// ownFolder makes sure that the pair has a folder of its own: what is mounted over a folder hides the others in it.
func (d demands) ownFolder(certificate, key *nginxconf.Directive) {
	at, keyAt := d.x.report.CertificatePath, d.x.report.KeyPath
	if certificate == nil || key == nil || at == "" || keyAt == "" {
		return
	}
	folder := path.Dir(at)
	others := slices.Contains(crowded, folder)
	if d.x.recipe != nil {
		names, _ := d.x.recipe.image().names(folder)
		others = others || slices.ContainsFunc(names, func(name string) bool { return name != path.Base(at) && name != path.Base(keyAt) })
	}
	if !others && folder == path.Dir(keyAt) && at != keyAt {
		return
	}
	name := cmp.Or(d.x.in.Site.Domain, "site")
	for _, line := range []struct {
		d    *nginxconf.Directive
		name string
	}{{certificate, name + ".pem"}, {key, name + ".key"}} {
		to := path.Join(obtainedFolder, line.name)
		d.x.draftOf(line.d.File).replace(line.d.Args[0].Start, line.d.Args[0].End, to)
		d.x.mendable(inConfig(line.d, line.d.Line), provision.SeverityError, "site.acme-folder", folder, to, line.d.Name)
	}
}

// challenge finds where nginx looks for the answers to the CA's challenges: in the server that the CA comes to. plain is the port of
// http in the container; the CA follows the redirect from there.
func (d demands) challenge(tls *server, plain int) {
	servers := []*server{tls}
	var open []*server
	for _, s := range d.view.servers {
		if hasPlain(s, plain) {
			open = append(open, s)
		}
	}
	if s := choose(open, d.x.in.Site.Domain, plain); s != nil && !s.turnsAway() {
		servers = []*server{s}
		if d.redirects(s, plain) != nil {
			servers = append(servers, tls)
		}
	}
	for _, s := range servers {
		for _, location := range nginxconf.Find(s.d.Block, "location") {
			if folder := answersFrom(location); folder != "" {
				d.x.report.ChallengePath = folder
				return
			}
		}
	}
	s := servers[len(servers)-1]
	d.x.mendable(s.at(s.d.Line), provision.SeverityWarning, "site.acme-location", challengePath)
	indent := s.indent()
	s.insert(d.x.draftOf(s.d.File), []string{
		indent + "location ^~ " + challengePath + " {", indent + "    alias " + challengeFolder + "/;", indent + "    default_type text/plain;", indent + "}",
	})
}

// turnsAway reports whether the server answers before it looks at its locations.
func (s *server) turnsAway() bool {
	return slices.ContainsFunc(s.d.Block, func(d *nginxconf.Directive) bool { return d.Name == "return" || d.Name == "rewrite" || d.Name == "if" })
}

// answersFrom is the folder from which a location answers challenges; empty where it does not.
func answersFrom(location *nginxconf.Directive) string {
	values := location.Values()
	if len(values) == 0 || strings.TrimSuffix(values[len(values)-1], "/")+"/" != challengePath {
		return ""
	}
	for _, d := range location.Block {
		folder := d.Value()
		switch {
		case !path.IsAbs(folder) || strings.Contains(folder, "$"):
		case d.Name == "alias":
			return path.Clean(folder)
		case d.Name == "root":
			return path.Join(folder, challengePath)
		}
	}
	return ""
}
