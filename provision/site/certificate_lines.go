package site

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
)

// member is one file of the pair on its way into the container.
type member struct {
	kind   string // "certificate" or "key", part of the codes
	local  string // in the source
	target string // where nginx looks for it
}

// certificateLines examines what step 4 asks: the Dockerfile copies the pair to where nginx looks for it. What only the build
// knows is looked at in the image.
func (x *examiner) certificateLines() {
	if x.in.Site.brought() {
		x.broughtLines()
		return
	}
	if !x.tls() || !x.nginx() || x.recipe == nil {
		return
	}
	members := []member{
		{"certificate", contextPath(x.in.Site.Certificate), x.report.CertificatePath},
		{"key", contextPath(x.in.Site.Key), x.report.KeyPath},
	}
	x.swapped(members)
	var missing []member
	for i := range members {
		m := &members[i]
		if m.target == "" { // nginx' configuration, or the path in it, is not known here
			continue
		}
		if real, entry, _ := x.recipe.context.real(m.local); x.mounted(*m) || x.startScriptNames(m.target) || real == "" || entry.IsDir() {
			continue // the pair's own findings say what is not here
		}
		switch at := x.recipe.image().at(m.target); {
		case x.isLocal(at, m.local):
			if m.kind == "key" {
				x.add(x.certificateLine(at.line), provision.SeverityInfo, "site.key-in-image", x.mount(*m))
			}
		case at.state == stateFile && at.source == "":
			// The Dockerfile itself holds it.
		case x.withoutSlash(*m, at.state):
		case at.state == stateUnknown:
		case x.ignoredMember(*m):
		case x.in.nginx.unseen != "" || x.in.Site.OwnMounts:
		default:
			missing = append(missing, *m)
		}
	}
	x.addCopies(missing)
}

// certificateLine is a line of the Dockerfile as a place of this step.
func (x *examiner) certificateLine(line int) place {
	at := x.inDockerfile(line)
	at.step = StepCertificateLines
	return at
}

// isLocal reports whether a file in the image is one of the source, under whatever names it lies there.
func (x *examiner) isLocal(at placed, local string) bool {
	if at.state != stateFile || at.source == "" {
		return false
	}
	if at.source == local {
		return true
	}
	there, _, _ := x.recipe.context.real(at.source)
	here, _, _ := x.recipe.context.real(local)
	return there != "" && (there == here || bytes.Equal(x.recipe.context.content(at.source), x.recipe.context.content(local)))
}

// startScriptNames reports whether a script that the container starts with names a file, or its folder: it may put it there.
func (x *examiner) startScriptNames(target string) bool {
	return slices.ContainsFunc(x.in.Scripts, func(f File) bool {
		return strings.Contains(string(f.Content), path.Base(target)) || strings.Contains(string(f.Content), path.Dir(target))
	})
}

// target is where the image has a file of the pair; the tutorial's place where it is nowhere yet.
func (x *examiner) target(local string) string {
	if at := x.recipe.landings(local); len(at) > 0 && nginxPath(at[len(at)-1].path) {
		return at[len(at)-1].path
	}
	return defaultCertificates + path.Base(local)
}

// swapped notes that nginx is given the key for the certificate.
func (x *examiner) swapped(members []member) {
	image := x.recipe.image()
	certificate, key := members[0], members[1]
	lies := func(local, target string) bool { return target != "" && x.isLocal(image.at(target), local) }
	if lies(certificate.local, key.target) && lies(key.local, certificate.target) && !lies(key.local, key.target) {
		x.add(place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: "ssl_certificate " + certificate.target},
			provision.SeverityError, "site.pair-swapped", certificate.target, key.target)
	}
}

// withoutSlash notes a COPY to the folder that nginx looks in, without the slash that makes it a folder. Where the base image
// may have the folder, that is worth a warning.
func (x *examiner) withoutSlash(m member, there state) bool {
	severity := provision.SeverityError
	if there == stateUnknown {
		severity = provision.SeverityWarning
	}
	for _, line := range x.recipe.final().lines {
		c := line.copy
		if c == nil || c.dest.text != path.Dir(m.target) || len(c.sources) != 1 || c.from.text != "" || contextPath(c.sources[0].text) != m.local {
			continue
		}
		d := x.draft(x.in.Dockerfile.Path)
		begin, end := lineOffset(d.text, line.line), min(lineOffset(d.text, line.end+1), len(d.text))
		if i := strings.LastIndex(d.text[begin:end], c.written); i >= 0 {
			d.replace(begin+i+len(c.written), begin+i+len(c.written), "/")
		}
		x.mendable(x.certificateLine(line.line), severity, "site.copy-no-slash", m.local, c.dest.text)
		return true
	}
	return false
}

// mounted reports whether a volume brings the file: then the image need not have it.
func (x *examiner) mounted(m member) bool {
	for _, volume := range x.in.Site.Volumes {
		parts := strings.Split(volume, ":")
		if len(parts) < 2 {
			continue
		}
		from, to := path.Clean(parts[0]), path.Clean(parts[1])
		rest, inside := strings.CutPrefix(m.target, to+"/")
		if !inside && m.target != to {
			continue
		}
		// What comes from the site's own folder is checked; what else the host mounts is the host's.
		wanted := path.Join(x.in.Site.Directory, m.local)
		if got := path.Join(from, rest); got != wanted && strings.HasPrefix(from, x.in.Site.Directory+"/") {
			x.add(place{step: StepCertificateLines, file: m.local, evidence: volume}, provision.SeverityError, "site.mount-elsewhere", got, wanted)
		}
		return true
	}
	return false
}

// mount is the volume that brings the pair without copying it into the image.
func (x *examiner) mount(m member) string {
	return path.Join(x.in.Site.Directory, path.Dir(m.local)) + ":" + path.Dir(m.target) + ":ro"
}

// ignoredMember notes that the ignore file keeps a file of the pair from the build.
func (x *examiner) ignoredMember(m member) bool {
	line := x.recipe.context.ignored.line(m.local)
	if line == 0 {
		return false
	}
	d := x.draft(x.in.Ignore.Path)
	d.insertLines(len(d.text), "!"+m.local)
	x.mendable(place{StepCertificateLines, x.in.Ignore.Path, line, lineOf(string(x.in.Ignore.Content), line)},
		provision.SeverityError, "site."+m.kind+"-ignored", m.local, "!"+m.local, x.in.Ignore.Path)
	return true
}

// addCopies notes the missing COPY lines, and mends all of them below the last COPY of the last stage, or its FROM.
func (x *examiner) addCopies(missing []member) {
	if len(missing) == 0 {
		return
	}
	d := x.draft(x.in.Dockerfile.Path)
	after := x.recipe.final().lines[0]
	for _, line := range x.recipe.final().lines {
		if line.copy != nil {
			after = line
		}
	}
	var lines []string
	for _, m := range missing {
		line := "COPY ./" + m.local + " " + m.target
		at := x.certificateLine(after.end)
		code, elsewhere := "site."+m.kind+"-not-copied", ""
		if landed := x.recipe.landings(m.local); len(landed) > 0 {
			last := landed[len(landed)-1]
			code, elsewhere = "site."+m.kind+"-copied-elsewhere", last.path
			at = x.certificateLine(last.line)
		}
		if isFolder(x.recipe.image(), path.Dir(m.target)) == no && x.recipe.image().at(path.Dir(m.target)).state == stateFile {
			x.add(at, provision.SeverityError, code, m.local, m.target, line, elsewhere) // the line would not build
			continue
		}
		lines = append(lines, line)
		x.mendable(at, provision.SeverityError, code, m.local, m.target, line, elsewhere)
	}
	d.insertLines(min(lineOffset(d.text, after.end), len(d.text)), lines...)
}
