package site

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Origins tells which lines and files of the site's folder a build and a container speak of.
type Origins struct {
	Dockerfile string // its path in the folder
	recipe     *recipe
	root       fs.FS
	context    string // the path of what is built in root
}

// NewOrigins reads the site's Dockerfile in root, its folder.
func NewOrigins(root fs.FS, s Site) Origins {
	s = s.within()
	o := Origins{s.Dockerfile, nil, root, s.Context}
	o.recipe = parseRecipe(readFile(root, o.Dockerfile).Content, s.Args)
	o.recipe.until(s.Target)
	return o
}

// Line is where in the Dockerfile an instruction stands that a build has printed; 0 where it is not found.
func (o Origins) Line(printed string) int {
	words := strings.Join(strings.Fields(printed), " ")
	for _, s := range o.recipe.stages {
		for _, line := range s.lines {
			if text := strings.Join(strings.Fields(line.text), " "); words != "" && strings.EqualFold(text, words) {
				return line.line
			}
		}
	}
	return 0
}

// File is the file of the site's folder that COPY puts at a path in the image, or that a relative path means in the folder that
// the container starts in; empty where that is not plain.
func (o Origins) File(name string) string {
	lines := o.recipe.finalLines()
	if len(lines) == 0 {
		return ""
	}
	if workdir := lines[len(lines)-1].workdir; !path.IsAbs(name) && !workdir.open {
		name = path.Join("/", workdir.text, name)
	}
	name = path.Clean(name)
	for _, c := range slices.Backward(contextCopies(lines)) {
		for _, source := range c.sources {
			if file := o.origin(c, source, name); file != "" {
				return file
			}
		}
	}
	return ""
}

// origin is the file that one source of a copy puts at name.
func (o Origins) origin(c copied, source word, name string) string {
	rest, inside := under(name, path.Clean(c.dest.text))
	if !inside || source.open || c.dest.open || isPattern(source.text) && rest == "" {
		return ""
	}
	from := contextPath(source.text)
	if isPattern(from) {
		from = path.Dir(from)
	}
	for _, file := range []string{path.Join(from, rest), from, path.Join(path.Dir(from), rest)} {
		info, err := fs.Stat(o.root, path.Join(o.context, file))
		if err == nil && info.Mode().IsRegular() && c.land(source.text, file) == name {
			return path.Join(o.context, file)
		}
	}
	return ""
}

// LineWith is the first line of a file of the site's folder that begins with a word, whatever case and separators it is written
// with, as a package does in a list of requirements; 0 for none.
func (o Origins) LineWith(file, word string) int {
	plain := func(text string) string {
		return strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(text))
	}
	for i, line := range strings.Split(string(readFile(o.root, file).Content), "\n") {
		name := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t=<>!~[;#\"'", r) })
		if len(name) > 0 && plain(name[0]) == plain(word) {
			return i + 1
		}
	}
	return 0
}
