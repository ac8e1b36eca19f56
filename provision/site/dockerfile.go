package site

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/kehuo/provision/provision"
)

// readable reports whether the file has content, and notes why not.
func (x *examiner) readable(f File, step string) bool {
	at := place{step: step, file: f.Path, evidence: f.Path}
	switch {
	case errors.Is(f.Err, fs.ErrNotExist):
		x.add(at, provision.SeverityError, "site.file-missing", f.Path)
	case errors.Is(f.Err, errFolder):
		x.add(at, provision.SeverityError, "site.file-folder", f.Path)
	case errors.Is(f.Err, errSpecial):
		x.add(at, provision.SeverityError, "site.file-special", f.Path)
	case errors.Is(f.Err, errTooLarge):
		x.add(at, provision.SeverityError, "site.file-large", f.Path)
	case f.Err != nil:
		at.evidence = f.Err.Error()
		x.add(at, provision.SeverityError, "site.file-unreadable", f.Path)
	case len(bytes.TrimSpace(f.Content)) == 0:
		x.add(at, provision.SeverityError, "site.file-empty", f.Path)
	default:
		return true
	}
	return false
}

// dockerfile examines what step 3 of the tutorial asks: the Dockerfile is there and can be built from.
func (x *examiner) dockerfile() {
	f := x.in.Dockerfile
	if !x.readable(f, StepDockerfile) {
		return
	}
	r, err := parseRecipe(f.Content)
	if err != nil {
		x.brokenDockerfile(err)
		return
	}
	good := x.instructions(r)
	if len(r.stages) == 0 {
		if good {
			x.add(x.inDockerfile(1), provision.SeverityError, "site.dockerfile-no-from")
		}
		return
	}
	if !good {
		return
	}
	x.recipe = r
	x.sources()
	x.sourceUnderSh()
	x.scripts()
}

// inDockerfile is a line of the Dockerfile as a place.
func (x *examiner) inDockerfile(line int) place {
	return place{StepDockerfile, x.in.Dockerfile.Path, line, lineOf(string(x.in.Dockerfile.Content), line)}
}

func (x *examiner) brokenDockerfile(err error) {
	line := 0
	if located, ok := errors.AsType[*parser.LocationError](err); ok && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		line = max(located.Locations[0][0].Start.Line, 1)
	}
	if err.Error() == "file with no instructions" {
		x.add(x.inDockerfile(1), provision.SeverityError, "site.dockerfile-no-from")
		return
	}
	x.add(x.inDockerfile(max(line, 1)), provision.SeverityError, "site.dockerfile-syntax", err)
}

// instructions checks that each instruction exists, has arguments and comes after FROM.
func (x *examiner) instructions(r *recipe) bool {
	good, begun := true, false
	for _, node := range r.nodes {
		name := strings.ToLower(node.Value)
		_, known := command.Commands[name]
		begun = begun || name == command.From
		at := x.inDockerfile(node.StartLine)
		switch {
		case !known:
			x.add(at, provision.SeverityError, "site.dockerfile-instruction", node.Value, nearestCommand(name))
		case !begun && name != command.Arg:
			x.add(at, provision.SeverityError, "site.dockerfile-before-from", strings.ToUpper(name))
		case (name == command.Copy || name == command.Add) && (node.Next == nil || node.Next.Next == nil && len(node.Heredocs) == 0):
			x.add(at, provision.SeverityError, "site.dockerfile-copy-arguments", strings.ToUpper(name))
		case name == command.From && node.Next == nil:
			x.add(at, provision.SeverityError, "site.dockerfile-no-base")
		case name == command.From && !fromReads(node.Next):
			x.add(at, provision.SeverityError, "site.dockerfile-from", node.Next.Value)
		default:
			continue
		}
		good = false
	}
	return good
}

// fromReads reports whether the arguments of FROM are an image, or an image AS name.
func fromReads(image *parser.Node) bool {
	as := image.Next
	return as == nil || strings.EqualFold(as.Value, "as") && as.Next != nil && as.Next.Next == nil
}

// nearestCommand is the instruction that was most likely meant.
func nearestCommand(name string) string {
	names := make([]string, 0, len(command.Commands))
	for c := range command.Commands {
		names = append(names, c)
	}
	slices.Sort(names)
	best := slices.MinFunc(names, func(a, b string) int {
		return levenshtein.ComputeDistance(name, a) - levenshtein.ComputeDistance(name, b)
	})
	return strings.ToUpper(best)
}

// sources notes what COPY and ADD name and the build context will not have.
func (x *examiner) sources() {
	ignored := x.ignoreRules()
	for _, s := range x.recipe.stages {
		for _, line := range s.lines {
			c, ok := line.copied()
			if !ok || c.from != "" || c.heredoc {
				continue
			}
			for _, source := range c.sources {
				x.source(c, source, ignored)
			}
		}
	}
}

func (x *examiner) source(c copied, source string, ignored *ignoreRules) {
	at := x.inDockerfile(c.line)
	switch {
	case slices.Contains(x.in.Missing, source) && strings.ContainsRune(source, '$'):
		// A build argument that only the build knows.
	case slices.Contains(x.in.Missing, source) && x.isPair(source):
		// The pair's own findings say so.
	case slices.Contains(x.in.Missing, source):
		x.add(at, provision.SeverityError, "site.copy-missing", source)
	case !x.uploaded(source):
		x.add(at, provision.SeverityError, "site.copy-not-uploaded", source)
	case strings.HasPrefix(path.Clean(source), "../"):
		x.add(at, provision.SeverityWarning, "site.copy-outside", source)
	case !isPattern(source) && !x.isPair(source) && ignored.line(contextPath(source)) > 0:
		x.add(at, provision.SeverityError, "site.copy-ignored", source, ignored.line(contextPath(source)))
	}
}

// uploaded reports whether the host gets what a COPY names, or part of it.
func (x *examiner) uploaded(source string) bool {
	name := contextPath(source)
	return len(x.in.Site.Upload) == 0 || name == "." || slices.ContainsFunc(x.in.Site.Upload, func(entry string) bool {
		entry = contextPath(entry)
		return entry == "." || entry == name || strings.HasPrefix(name, entry+"/") || strings.HasPrefix(entry, name+"/") || matches(name, entry)
	})
}

func (x *examiner) isPair(source string) bool {
	name := contextPath(source)
	return x.tls() && (name == contextPath(x.in.Site.Certificate) || name == contextPath(x.in.Site.Key))
}

// sourceUnderSh warns of `RUN source`: /bin/sh is dash or ash in these bases, and neither has it.
func (x *examiner) sourceUnderSh() {
	for _, s := range x.recipe.stages {
		posix := hasPosixShell(s.base)
		for _, line := range s.lines {
			if line.name == "shell" {
				posix = false
			}
			if line.name != "run" || line.json || !posix {
				continue
			}
			words := strings.FieldsFunc(line.text, func(r rune) bool { return strings.ContainsRune(" \t;&|(", r) })
			if slices.Contains(words[min(1, len(words)):], "source") && !slices.Contains(words, "bash") {
				x.add(x.inDockerfile(line.line), provision.SeverityWarning, "site.source-under-sh", s.base)
			}
		}
	}
}

// hasPosixShell reports whether /bin/sh of a base image is known not to be bash.
func hasPosixShell(base string) bool {
	name, _, _ := strings.Cut(base[strings.LastIndexByte(base, '/')+1:], ":")
	return slices.Contains([]string{"debian", "ubuntu", "alpine", "python", "node", "nginx", "golang", "php", "ruby", "busybox", "httpd", "openjdk", "eclipse-temurin"}, name)
}

// scripts looks at the shell scripts that the container starts with: a carriage return at the end of a line is part of the
// command there.
func (x *examiner) scripts() {
	for _, f := range x.in.Scripts {
		if f.Err != nil {
			if errors.Is(f.Err, fs.ErrNotExist) {
				x.add(place{step: StepDockerfile, file: f.Path, evidence: strings.Join(x.in.Site.Command, " ")}, provision.SeverityWarning, "site.script-missing", f.Path)
			}
			continue
		}
		text := string(f.Content)
		if i := strings.Index(text, "\r\n"); i >= 0 {
			d := x.draft(f.Path)
			line := strings.Count(text[:i], "\n") + 1
			d.replace(0, len(text), strings.ReplaceAll(text, "\r\n", "\n"))
			x.mendable(place{StepDockerfile, f.Path, line, lineOf(text, line) + `\r`}, provision.SeverityError, "site.script-crlf", f.Path)
		}
	}
}
