package site

import (
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

// certificateLines examines what step 4 asks: the Dockerfile copies the pair to where nginx looks for it.
func (x *examiner) certificateLines() {
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
		switch {
		case x.mounted(*m):
		case x.ignoredMember(*m):
		case x.copies(*m):
			if m.kind == "key" && x.copies(*m) {
				x.add(place{StepCertificateLines, x.in.Dockerfile.Path, x.copyLine(*m), lineOf(string(x.in.Dockerfile.Content), x.copyLine(*m))},
					provision.SeverityInfo, "site.key-in-image", x.mount(*m))
			}
		case x.madeThere(*m):
		default:
			missing = append(missing, *m)
		}
	}
	x.addCopies(missing)
}

// target is where the image has a file of the pair; the tutorial's place where it is nowhere yet.
func (x *examiner) target(local string) string {
	if at := x.recipe.landings(len(x.recipe.stages)-1, local); len(at) > 0 && nginxPath(at[len(at)-1].path) {
		return at[len(at)-1].path
	}
	return defaultCertificates + path.Base(local)
}

func (x *examiner) copyLine(m member) int {
	for _, at := range x.recipe.landings(len(x.recipe.stages)-1, m.local) {
		if at.path == m.target {
			return at.line
		}
	}
	return 0
}

func (x *examiner) copies(m member) bool { return x.copyLine(m) > 0 }

// madeThere reports whether a file of the pair comes to its place in a way that the files here do not show as a COPY of it: by a
// RUN, from another image, by a start script.
func (x *examiner) madeThere(m member) bool {
	at := m.target
	return slices.ContainsFunc(x.in.moved, func(p placement) bool { return p.at == at && p.local == m.local }) || x.recipe.mentions(at) || x.unseenHere ||
		slices.ContainsFunc(x.in.Scripts, func(f File) bool { return strings.Contains(string(f.Content), path.Dir(at)) })
}

// swapped notes that nginx is given the key for the certificate.
func (x *examiner) swapped(members []member) {
	last := len(x.recipe.stages) - 1
	lands := func(local, target string) bool {
		for _, at := range x.recipe.landings(last, local) {
			if target != "" && at.path == target {
				return true
			}
		}
		return false
	}
	certificate, key := members[0], members[1]
	if lands(certificate.local, key.target) && lands(key.local, certificate.target) {
		x.add(place{step: StepNginxConfig, file: x.in.Dockerfile.Path, evidence: "ssl_certificate " + certificate.target},
			provision.SeverityError, "site.pair-swapped", certificate.target, key.target)
	}
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

// ignoredMember notes that .dockerignore keeps a file of the pair from the build.
func (x *examiner) ignoredMember(m member) bool {
	line := x.ignoreRules().line(m.local)
	if line == 0 {
		return false
	}
	d := x.draft(x.in.Ignore.Path)
	d.insertLines(len(d.text), "!"+m.local)
	x.mendable(place{StepCertificateLines, x.in.Ignore.Path, line, lineOf(string(x.in.Ignore.Content), line)},
		provision.SeverityError, "site."+m.kind+"-ignored", m.local, "!"+m.local)
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
		if _, ok := line.copied(); ok {
			after = line
		}
	}
	var lines []string
	for _, m := range missing {
		line := "COPY ./" + m.local + " " + m.target
		lines = append(lines, line)
		at := place{StepCertificateLines, x.in.Dockerfile.Path, after.end, lineOf(d.text, after.end)}
		code, elsewhere := "site."+m.kind+"-not-copied", ""
		if landed := x.recipe.landings(len(x.recipe.stages)-1, m.local); len(landed) > 0 {
			last := landed[len(landed)-1]
			code, elsewhere = "site."+m.kind+"-copied-elsewhere", last.path
			at.line, at.evidence = last.line, lineOf(d.text, last.line)
		}
		x.mendable(at, provision.SeverityError, code, m.local, m.target, line, elsewhere)
	}
	d.insertLines(min(lineOffset(d.text, after.end), len(d.text)), lines...)
}
