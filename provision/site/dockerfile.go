package site

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

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
		x.encoding(f, step)
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
	x.encoding(x.in.Ignore, StepDockerfile)
	r := x.in.recipe
	switch {
	case r.frontend != "":
		x.add(x.inDockerfile(1), provision.SeverityInfo, "site.dockerfile-frontend", r.frontend)
		return
	case len(r.refused) > 0:
		for _, line := range r.refused {
			x.refused(line)
		}
		return
	case len(r.stages) == 0:
		x.add(x.inDockerfile(1), provision.SeverityError, "site.dockerfile-no-from")
		return
	}
	x.recipe = r
	x.buildOptions()
	x.sources()
	x.listForms()
	x.sourceUnderSh()
	x.scripts()
}

// inDockerfile is a line of the Dockerfile as a place.
func (x *examiner) inDockerfile(line int) place {
	return place{StepDockerfile, x.in.Dockerfile.Path, line, lineOf(string(x.in.Dockerfile.Content), line)}
}

// refused says what Docker would not take.
func (x *examiner) refused(r refusal) {
	at := x.inDockerfile(r.line)
	if r.node == nil {
		if r.err.Error() == "file with no instructions" {
			x.add(at, provision.SeverityError, "site.dockerfile-no-from")
			return
		}
		x.add(at, provision.SeverityError, "site.dockerfile-syntax", r.err)
		return
	}
	name := strings.ToLower(r.node.Value)
	_, known := command.Commands[name]
	isCopy := name == command.Copy || name == command.Add
	switch {
	case !known:
		x.add(at, provision.SeverityError, "site.dockerfile-instruction", r.node.Value, nearestCommand(name))
	case errors.Is(r.err, errBeforeFrom):
		x.add(at, provision.SeverityError, "site.dockerfile-before-from", strings.ToUpper(name))
	case isCopy && (r.node.Next == nil || r.node.Next.Next == nil):
		x.add(at, provision.SeverityError, "site.dockerfile-copy-arguments", strings.ToUpper(name))
	case name == command.From && r.node.Next == nil:
		x.add(at, provision.SeverityError, "site.dockerfile-no-base")
	case name == command.From && len(r.node.Flags) == 0:
		x.add(at, provision.SeverityError, "site.dockerfile-from", r.node.Next.Value)
	default:
		x.add(at, provision.SeverityError, "site.dockerfile-syntax", rootCause(r.err))
	}
}

// rootCause is the innermost error: the outer ones repeat the line.
func rootCause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// nearestCommand is the instruction that was most likely meant.
func nearestCommand(name string) string {
	best := slices.MinFunc(slices.Sorted(maps.Keys(command.Commands)), func(a, b string) int {
		return levenshtein.ComputeDistance(name, a) - levenshtein.ComputeDistance(name, b)
	})
	return strings.ToUpper(best)
}

// sources notes what COPY and ADD name and the build context will not have. A stage that the last one does not need is built by
// the old builder alone.
func (x *examiner) sources() {
	needed := x.recipe.reachable()
	for n, s := range x.recipe.stages {
		severity := provision.SeverityWarning
		if needed[n] {
			severity = provision.SeverityError
		}
		for _, line := range s.lines {
			x.ports(line, severity)
			if line.copy != nil {
				x.copyOrder(n, line, severity)
			}
			for _, c := range contextCopies([]instruction{line}) {
				for _, source := range c.sources {
					if !source.open && !isRemote(source.text) {
						x.source(x.inDockerfile(line.line), c, source.text, severity)
					}
				}
			}
		}
	}
}

// portWords are what EXPOSE takes: a port or a range of them, with a protocol behind if need be.
var portWords = regexp.MustCompile(`(?i)^\d+(-\d+)?(/(tcp|udp|sctp))?$`)

// ports notes what EXPOSE does not take. A port of the host before a colon is ignored, and so is an empty variable.
func (x *examiner) ports(i instruction, severity provision.Severity) {
	for _, port := range i.ports {
		if !port.open && port.text != "" && !strings.Contains(port.text, ":") && !portWords.MatchString(port.text) {
			x.add(x.inDockerfile(i.line), severity, "site.expose-port", port.text)
		}
	}
}

// copyOrder notes a COPY that asks for what cannot be there: a stage that is not built before it, or a folder where a file is.
func (x *examiner) copyOrder(stage int, i instruction, severity provision.Severity) {
	c, at := i.copy, x.inDockerfile(i.line)
	number, err := strconv.Atoi(c.from.text)
	_, before := x.recipe.stageOf(c.from.text, stage)
	_, known := x.recipe.stageNamed(c.from.text, len(x.recipe.stages))
	switch {
	case c.from.open:
	case err == nil && number >= stage, !before && known:
		x.add(at, severity, "site.copy-from-later", c.from.text)
	case i.name == command.Copy && slices.ContainsFunc(c.sources, func(w word) bool {
		return strings.HasPrefix(w.text, "http://") || strings.HasPrefix(w.text, "https://")
	}):
		x.add(at, severity, "site.copy-url")
	}
	if c.dest.open || c.from.text != "" {
		return
	}
	files := stageFiles{x.recipe, stage, x.recipe.stages[stage].stepsBefore(i.line)}
	folder := strings.TrimSuffix(c.dest.text, "/")
	if folder == c.dest.text {
		folder = path.Dir(folder)
	}
	if found := files.at(folder); found.state == stateFile {
		x.add(at, severity, "site.copy-into-file", folder, found.line)
	}
}

func (x *examiner) source(at place, c copied, source string, severity provision.Severity) {
	name := contextPath(source)
	if c.parents {
		name = contextPath(strings.Replace(source, "/./", "/", 1))
	}
	context := x.recipe.context
	real, _, other := context.real(name)
	switch {
	case isPattern(source) && severity == provision.SeverityError && x.matchesNothing(c):
		x.add(at, provision.SeverityWarning, "site.copy-nothing", source)
	case isPattern(source) || x.isPair(source) && real == "":
		// A pattern may match nothing; the pair has findings of its own.
	case real == "" && other != "":
		x.add(at, severity, "site.copy-case", source, other)
	case real == "":
		x.add(at, severity, "site.copy-missing", source)
	case !x.uploaded(source):
		x.add(at, severity, "site.copy-not-uploaded", source)
	case outside(source):
		x.add(at, provision.SeverityWarning, "site.copy-outside", source)
	case !context.has(name) && !x.isPair(source):
		x.add(at, severity, "site.copy-ignored", source, context.ignored.line(name), x.in.Ignore.Path)
	}
}

// matchesNothing reports whether a COPY has nothing to copy at all: BuildKit takes that, the old builder does not.
func (x *examiner) matchesNothing(c copied) bool {
	return len(c.heredocs) == 0 && !slices.ContainsFunc(c.sources, func(source word) bool {
		found, _ := glob(contextFiles{x.recipe}, sourcePath(source.text))
		return source.open || isRemote(source.text) || len(found) > 0
	})
}

// outside reports whether a source leads out of the folder.
func outside(source string) bool {
	clean := path.Clean(source)
	return clean == ".." || strings.HasPrefix(clean, "../")
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
	return x.tls() && !x.in.Site.brought() && (name == contextPath(x.in.Site.Certificate) || name == contextPath(x.in.Site.Key))
}

// listForms notes commands that were meant as a list and are none for Docker, which hands them to the shell as they are.
func (x *examiner) listForms() {
	needed := x.recipe.reachable()
	for n, s := range x.recipe.stages {
		for _, i := range s.lines {
			arguments := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(i.text), strings.Fields(i.text + " x")[0]))
			starts := n == len(x.recipe.stages)-1 && x.startsWith(i)
			if !starts && !(i.name == command.Run && needed[n]) || i.isList() {
				continue
			}
			list, meant := listForm(arguments)
			switch at := x.inDockerfile(i.line); {
			case !meant:
			case list != "" && i.line == i.end:
				d := x.draft(x.in.Dockerfile.Path)
				begin := lineOffset(d.text, i.line) + strings.Index(d.text[lineOffset(d.text, i.line):], arguments)
				d.replace(begin, begin+len(arguments), list)
				x.mendable(at, provision.SeverityError, "site.dockerfile-list", strings.ToUpper(i.name), list)
			default:
				x.add(at, provision.SeverityError, "site.dockerfile-list", strings.ToUpper(i.name), `["program", "argument"]`)
			}
		}
	}
}

// startsWith reports whether an instruction is what the container starts with: a command of the inventory takes CMD's place.
func (x *examiner) startsWith(i instruction) bool {
	line, ok := x.recipe.startLine(i.name)
	return ok && line.line == i.line && (i.name == command.Entrypoint || i.name == command.Cmd && len(x.in.Site.Command) == 0)
}

// isList reports whether Docker reads a command as a list.
func (i instruction) isList() bool {
	switch c := i.command.(type) {
	case *instructions.RunCommand:
		return !c.PrependShell
	case *instructions.CmdCommand:
		return !c.PrependShell
	case *instructions.EntrypointCommand:
		return !c.PrependShell
	}
	return false
}

// sourceUnderSh warns of `RUN source`: /bin/sh is dash or ash in these bases, and neither has it.
func (x *examiner) sourceUnderSh() {
	for _, s := range x.recipe.stages {
		posix := hasPosixShell(s.base)
		for _, line := range s.lines {
			if line.name == "shell" {
				posix = false
			}
			if line.name != command.Run || line.isList() || !posix {
				continue
			}
			words := strings.FieldsFunc(line.text, func(r rune) bool { return strings.ContainsRune(" \t;&|(", r) })
			if slices.Contains(words[min(1, len(words)):], "source") && !slices.Contains(words, "bash") {
				x.add(x.inDockerfile(line.line), provision.SeverityWarning, "site.source-under-sh", s.base.text)
			}
		}
	}
}

// hasPosixShell reports whether /bin/sh of a base image is known not to be bash.
func hasPosixShell(base word) bool {
	name := path.Base(baseName(base.text))
	return !base.open && slices.Contains([]string{"debian", "ubuntu", "alpine", "python", "node", "nginx", "golang", "php", "ruby", "busybox", "httpd", "openjdk", "eclipse-temurin"}, name)
}

// scripts looks at the scripts that the container starts with: a carriage return at the end of a line is part of the command
// there.
func (x *examiner) scripts() {
	for _, f := range x.in.Scripts {
		switch {
		case f.start.absent:
			x.add(place{step: StepDockerfile, file: f.Path, evidence: strings.Join(x.in.Site.Command, " ")}, provision.SeverityWarning, "site.script-missing", f.Path)
			continue
		case f.Err != nil:
			continue
		}
		severity := provision.SeverityWarning
		if f.start.proven {
			severity = provision.SeverityError
		}
		x.encoding(f, stepStart)
		text := string(f.Content)
		if i := strings.Index(text, "\r\n"); i >= 0 && (f.start.shell || isScript(text)) {
			d := x.draft(f.Path)
			line := strings.Count(text[:i], "\n") + 1
			d.replace(0, len(text), strings.ReplaceAll(text, "\r\n", "\n"))
			x.mendable(place{StepDockerfile, f.Path, line, lineOf(text, line) + `\r`}, severity, "site.script-crlf", f.Path)
		}
	}
}

// isScript reports whether the kernel hands a file to another program: its name would end in a carriage return.
func isScript(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	return strings.HasPrefix(text, "#!") && (strings.HasSuffix(first, "\r") || strings.Contains(first, "sh"))
}
