package site

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// within is the site as its build context sees it: its paths are relative to that folder, as those in the Dockerfile are, and what
// lies beside it begins with "../".
func (s Site) within() Site {
	s.Dockerfile, s.Context = cmp.Or(s.Dockerfile, DockerfilePath), path.Clean(cmp.Or(s.Context, "."))
	if s.Context == "." {
		return s
	}
	for _, name := range []*string{&s.Certificate, &s.Key} {
		if *name != "" {
			*name = relative(s.Context, *name)
		}
	}
	upload := slices.Clone(s.Upload)
	for i := range upload {
		upload[i] = relative(s.Context, upload[i])
	}
	s.Upload, s.Directory = upload, path.Join(s.Directory, s.Context)
	return s
}

// relative is a path of the source as seen from a folder of it.
func relative(folder, name string) string {
	rel, err := filepath.Rel("/"+folder, "/"+path.Clean(name))
	if err != nil {
		return name // cannot be: both are absolute
	}
	return filepath.ToSlash(rel)
}

// readBeside reads a file by its path in the source, and calls it as the build context sees it.
func (s Site) readBeside(root fs.FS, name string) File {
	f := readFile(root, name)
	f.Path = relative(s.Context, name)
	return f
}

// ignore is the file that says what the build does not see: the Dockerfile's own one where there is one.
func (s Site) ignore(root fs.FS) string {
	files := inventory.Build{File: s.Dockerfile, Context: s.Context}.Ignore()
	if _, err := fs.Stat(root, files[0]); err == nil {
		return files[0]
	}
	return files[1]
}

// ofSource has problems and edits name files by their paths in the source.
func (x *examiner) ofSource() {
	folder := x.in.Site.Context
	if folder == "." || folder == "" {
		return
	}
	seen := map[*Edit]bool{}
	for i := range x.report.Problems {
		p := &x.report.Problems[i]
		if p.Step != StepFiles {
			p.File = path.Join(folder, p.File)
		}
		if p.Edit != nil && !seen[p.Edit] {
			seen[p.Edit] = true
			p.Edit.File = path.Join(folder, p.Edit.File)
		}
	}
}

// until leaves the stages out that a build of target does not come to; ok is false where there is no such stage.
func (r *recipe) until(target string) (ok bool) {
	if target == "" {
		return true
	}
	n, ok := r.stageOf(target, len(r.stages))
	if ok {
		r.stages = r.stages[:n+1]
	}
	return ok
}

// stageNames are the names that a target may have.
func (r *recipe) stageNames() string {
	var names []string
	for _, s := range r.stages {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	return strings.Join(names, ", ")
}

// secretArgument is how an ARG is named that is a secret by its name; whoever has the image can read its value.
var secretArgument = regexp.MustCompile(`(?i)passw|secret|token|credential|(api|access|private)_?key`)

// buildOptions examines what site.build asks of the Dockerfile.
func (x *examiner) buildOptions() {
	r := x.recipe
	if r.noTarget {
		x.add(place{step: StepDockerfile, file: x.in.Dockerfile.Path, evidence: "target: " + x.in.Site.Target},
			provision.SeverityError, "site.build-no-target", x.in.Site.Target, cmp.Or(r.stageNames(), "–"))
	}
	for _, name := range slices.Sorted(maps.Keys(x.in.Site.Args)) {
		if secretArgument.MatchString(name) {
			x.add(place{step: StepDockerfile, file: x.in.Dockerfile.Path, evidence: name}, provision.SeverityWarning, "site.build-arg-secret", name)
		}
		if !r.declared[name] && !strings.HasPrefix(name, "BUILDKIT_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			x.add(place{step: StepDockerfile, file: x.in.Dockerfile.Path, evidence: name}, provision.SeverityWarning, "site.build-arg-unused", name)
		}
	}
}
