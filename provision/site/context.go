package site

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// buildContext is the site's folder as the build on the host sees it: names are compared letter by letter, as Linux does
// whatever this machine does, and what the ignore file names is not there.
type buildContext struct {
	root    fs.FS
	ignored *ignoreRules
	folders map[string][]fs.DirEntry
}

// maxLinks bounds how many links lead from one to the next (Linux' MAXSYMLINKS).
const maxLinks = 40

// entries lists a folder of the source.
func (c *buildContext) entries(folder string) []fs.DirEntry {
	list, known := c.folders[folder]
	if !known {
		list, _ = fs.ReadDir(c.root, folder) // what cannot be read has nothing to offer
		if c.folders == nil {
			c.folders = map[string][]fs.DirEntry{}
		}
		c.folders[folder] = list
	}
	return list
}

// real is where a name of the source leads, links followed as the build follows them: an absolute one begins at the source. It
// is empty where nothing is there, with the name that differs in the case of its letters alone, if there is one.
func (c *buildContext) real(name string) (real string, entry fs.DirEntry, other string) {
	rest, at := strings.TrimPrefix(path.Clean("/"+name), "/"), "."
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		list := c.entries(at)
		i := slices.IndexFunc(list, func(e fs.DirEntry) bool { return e.Name() == part })
		if i < 0 {
			if i = slices.IndexFunc(list, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), part) }); i >= 0 {
				other = path.Join(at, list[i].Name(), rest)
			}
			return "", nil, other
		}
		if entry = list[i]; entry.Type()&fs.ModeSymlink == 0 {
			at = path.Join(at, part)
			continue
		}
		target, err := fs.ReadLink(c.root, path.Join(at, part))
		if links++; err != nil || links > maxLinks {
			return "", nil, ""
		}
		if !path.IsAbs(target) {
			target = path.Join("/", at, target)
		}
		rest, at = strings.TrimPrefix(path.Join(path.Clean(target), rest), "/"), "."
	}
	return at, entry, ""
}

// has reports whether the build finds a path.
func (c *buildContext) has(name string) bool {
	real, entry, _ := c.real(name)
	switch {
	case real == "":
		return false
	case real == "." || c.ignored.line(contextPath(name)) == 0:
		return true
	}
	return entry.IsDir() && c.ignored.exceptions() && slices.ContainsFunc(c.entries(real), func(e fs.DirEntry) bool {
		return c.has(path.Join(name, e.Name()))
	})
}

// content reads a file of the source; nil where there is none.
func (c *buildContext) content(name string) []byte { return readFile(c.root, name).Content }

// contextFiles are the files of the build context.
type contextFiles struct{ r *recipe }

// at implements files.
func (f contextFiles) at(name string) placed {
	found := placed{path: name, source: contextPath(name)}
	switch real, entry, _ := f.r.context.real(name); {
	case !f.r.context.has(name):
		found.state = stateAbsent
	case real == "." || entry.IsDir():
		found.state = stateFolder
	default:
		found.state = stateFile
	}
	return found
}

// names implements files.
func (f contextFiles) names(folder string) (names []string, whole bool) {
	real, _, _ := f.r.context.real(folder)
	if real == "" {
		return nil, true
	}
	for _, e := range f.r.context.entries(real) {
		if f.r.context.has(path.Join(folder, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, true
}
