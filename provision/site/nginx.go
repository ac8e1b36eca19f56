package site

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// view is nginx's configuration as a whole, each include followed: of the files here before the build, or of nginx -T after it.
type view struct {
	files      []*nginxconf.File // that could be parsed
	directives []*nginxconf.Directive
	servers    []*server
	streams    []listen // of stream's servers

	main    bool // it begins with a nginx.conf that is known
	foreign bool // modules that nginx does not bring may be there
}

// newView expands a main configuration.
func newView(main []*nginxconf.Directive, files []*nginxconf.File, open func(*nginxconf.Directive) ([]*nginxconf.File, bool)) *view {
	v := &view{files: files, directives: nginxconf.Expand(main, open)}
	v.servers = collectServers(v.directives, nil)
	for _, d := range v.directives {
		v.foreign = v.foreign || d.Name == "load_module"
		for _, s := range nginxconf.Find(d.Block, "server") {
			for _, l := range nginxconf.Find(s.Block, "listen") {
				if d.Name == "stream" {
					v.streams = append(v.streams, parseListen(l, false))
				}
			}
		}
	}
	return v
}

// hasInclude reports whether an included file is not known.
func (v *view) hasInclude() bool {
	found := false
	walk(v.directives, func(d *nginxconf.Directive) { found = found || d.Name == "include" && !d.HasBody })
	return found
}

// inConfig is a line of the file that a directive stands in, as a place.
func inConfig(d *nginxconf.Directive, line int) place {
	return place{StepNginxConfig, d.File.Path, line, lineOf(d.File.Text, line)}
}

// configs examines what step 5 asks, as far as the files tell.
func (x *examiner) configs() {
	known := x.in.nginx
	x.report.Unseen = known.unseen != ""
	if !x.parseConfigs(known) {
		return // what is demanded may stand in the file that cannot be read
	}
	v := x.viewOf(known)
	x.configCopied(known)
	if len(v.files) == 0 {
		x.nothingSeen(known)
		return
	}
	r := rules{x, v, known}
	r.examine()
	if !x.tls() {
		x.add(place{step: StepNginxConfig, file: v.shownAt(x), evidence: "certificate: \"\""}, provision.SeverityInfo, "site.tls-not-wanted")
	} else if known.unseen == "" {
		demands{x, known, v}.examine()
	}
	x.unseen(known)
}

// shownAt is the file that problems of the whole are shown at.
func (v *view) shownAt(x *examiner) string {
	if len(v.files) > 0 {
		return v.files[len(v.files)-1].Path
	}
	return x.in.Dockerfile.Path
}

// nothingSeen says what follows where the source has no configuration for nginx.
func (x *examiner) nothingSeen(known *nginxImage) {
	at := place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: "server: " + x.in.Site.Server}
	missing := func(source word) bool { return source.open || !x.recipe.context.has(source.text) }
	switch {
	case x.recipe == nil:
	case slices.ContainsFunc(contextCopies(x.recipe.finalLines()), func(c copied) bool { return nginxPath(c.dest.text) && slices.ContainsFunc(c.sources, missing) }):
		// The line that names what is not there has a finding already.
	case known.unseen != "":
		x.unseen(known)
	case known.stock == nil:
		x.report.Unseen = true
		x.add(at, provision.SeverityInfo, "site.config-in-base", known.base)
	case x.tls():
		x.add(at, provision.SeverityError, "site.config-stock", known.base)
	}
}

// unseen says that a configuration is made where it cannot be seen, so that it is looked at in the image, and makes warnings of
// the errors: the file may be another one by then.
func (x *examiner) unseen(known *nginxImage) {
	if known.unseen == "" {
		return
	}
	for i := range x.report.Problems {
		if p := &x.report.Problems[i]; p.Step == StepNginxConfig && p.Finding.Severity == provision.SeverityError {
			p.Finding.Severity = provision.SeverityWarning
		}
	}
	x.add(place{step: StepNginxConfig, file: known.unseenIn, line: known.unseenLine, evidence: known.unseen}, provision.SeverityInfo, "site.config-unseen")
}

// parseConfigs parses the files that nginx reads, and reports whether all of them can be read.
func (x *examiner) parseConfigs(known *nginxImage) bool {
	good := true
	for _, f := range known.read {
		if known.parsed[f.At] != nil {
			continue
		}
		if empty := f.Err == nil && len(bytes.TrimSpace(f.Content)) == 0; empty && len(known.read) > 1 && f.At != known.main {
			continue // an included file may be empty
		}
		if !x.readable(f, StepNginxConfig) {
			good = false
			continue
		}
		if file := x.parseConfig(f); file != nil {
			known.parsed[f.At] = file
		} else {
			good = false
		}
	}
	return good
}

// viewOf puts the files together as nginx would.
func (x *examiner) viewOf(known *nginxImage) *view {
	var files []*nginxconf.File
	for _, f := range known.read {
		if file := known.parsed[f.At]; file != nil {
			files = append(files, file)
		}
	}
	v := newView(known.mainDirectives(), files, known.open)
	v.main = known.parsed[known.main] != nil || known.stock != nil
	v.foreign = v.foreign || known.stock == nil || known.modules
	return v
}

// configCopied warns of a configuration that the Dockerfile does not bring to nginx.
func (x *examiner) configCopied(known *nginxImage) {
	for _, f := range known.read {
		if f.At == f.Path && x.recipe != nil && known.unseen == "" && !f.Fixed {
			x.add(place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: f.Path}, provision.SeverityWarning, "site.config-not-copied", f.Path)
		}
	}
}

// configPath makes a path of the configuration absolute; empty where only the running nginx knows it.
func (known *nginxImage) configPath(name string) string {
	switch {
	case strings.Contains(name, "$") || strings.HasPrefix(name, "data:") || strings.HasPrefix(name, "engine:") || strings.HasPrefix(name, "store:") || name == "":
		return ""
	case path.IsAbs(name):
		return path.Clean(name)
	}
	return path.Join(path.Dir(known.main), name)
}
