package site

import (
	"path"
	"slices"
	"strings"
)

func isPattern(source string) bool { return strings.ContainsAny(source, "*?[") }

// contextPath is a source of COPY as a path within the build context, "." for all of it.
func contextPath(source string) string {
	return path.Clean(strings.TrimPrefix(path.Clean("/"+source), "/"))
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil && isPattern(pattern)
}

// contextCopies lists what instructions copy from the build context.
func contextCopies(lines []instruction) []copied {
	var list []copied
	for _, line := range lines {
		if c := line.copy; c != nil && c.from.text == "" && !c.from.open {
			list = append(list, *c)
		}
	}
	return list
}

// landing is where a line puts a file.
type landing struct {
	path string
	line int
}

// landings tells where the lines of the last stage put a file of the build context, each as it is behind its line.
func (r *recipe) landings(local string) []landing {
	var list []landing
	for _, line := range r.finalLines() {
		c := line.copy
		if c == nil || c.dest.open {
			continue
		}
		for _, source := range c.sources {
			if to := c.land(source.text, local); to != "" && !source.open {
				list = append(list, landing{to, line.line})
			}
		}
	}
	return list
}

// land is where a copy puts a file, given one of its sources; empty where the source does not name it.
func (c *copied) land(source, file string) string {
	dest := path.Clean(c.dest.text)
	if c.parents {
		pivot, pattern, ok := strings.Cut(source, "/./")
		if !ok {
			pivot, pattern = "", source
		}
		rest, inside := under("/"+file, sourcePath(pivot))
		pattern = contextPath(pattern)
		if inside && (pattern == "." || rest == pattern || strings.HasPrefix(rest, pattern+"/") || matches(pattern, rest)) {
			return path.Join(dest, rest)
		}
		return ""
	}
	source = contextPath(source)
	if source == file || matches(source, file) {
		if strings.HasSuffix(c.dest.text, "/") {
			return path.Join(dest, path.Base(file))
		}
		return dest
	}
	for parent := path.Dir(file); ; parent = path.Dir(parent) { // a folder's content is copied, not the folder
		if source == parent || matches(source, parent) {
			return path.Join(dest, strings.TrimPrefix(file, strings.TrimPrefix(parent+"/", "./")))
		}
		if parent == "." || parent == "/" {
			return ""
		}
	}
}

// reachable reports for each stage whether the last one needs it: BuildKit builds no others.
func (r *recipe) reachable() []bool {
	needed := make([]bool, len(r.stages))
	for i := len(r.stages) - 1; i >= 0; i-- {
		needed[i] = needed[i] || i == len(r.stages)-1
		if !needed[i] {
			continue
		}
		names := []string{r.stages[i].base.text}
		for _, line := range r.stages[i].lines {
			if line.copy != nil {
				names = append(names, line.copy.from.text)
			}
			names = append(names, mountsFrom(line)...)
		}
		for _, name := range names {
			if n, ok := r.stageOf(name, i); ok && name != "" {
				needed[n] = true
			}
		}
	}
	return needed
}

// mountsFrom are the stages that a RUN mounts.
func mountsFrom(i instruction) []string {
	var list []string
	for _, field := range strings.FieldsFunc(i.text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if from, ok := strings.CutPrefix(field, "from="); ok && i.name == "run" {
			list = append(list, from)
		}
	}
	return slices.Compact(list)
}
