package transfer

import (
	"bytes"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

// maxWords bounds the arguments of one command on the host, in bytes: a quarter of what the smallest systems take.
const maxWords = 32 << 10

// actions is a list of functions of commit.sh to call, each with its arguments.
type actions [][]string

// text is the list as commit.sh reads it. Its end shows that it is whole.
func (a actions) text() []byte {
	var b bytes.Buffer
	for _, action := range a {
		b.WriteString("act " + shell.Quote(action...) + "\n")
	}
	b.WriteString("end\n")
	return b.Bytes()
}

// each calls a function with words, as often as the length of a command line asks for. What is fixed comes first in each.
func (a *actions) each(words []string, fixed ...string) {
	for len(words) > 0 {
		n := 0
		for length := 0; n < len(words) && length < maxWords; n++ {
			length += len(words[n]) + 1
		}
		*a = append(*a, slices.Concat(fixed, words[:n]))
		words = words[n:]
	}
}

// set is a set of paths.
type set map[string]struct{}

func (s set) add(p string) { s[p] = struct{}{} }

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// byFolder collects names by the folder that they are in; "." is the site's.
type byFolder map[string][]string

func (f byFolder) add(p string) { f[path.Dir(p)] = append(f[path.Dir(p)], path.Base(p)) }

// each calls a function for each folder.
func (f byFolder) each(a *actions, function string) {
	for _, folder := range slices.Sorted(maps.Keys(f)) {
		a.each(f[folder], function, folder)
	}
}

// byMode collects paths by a mode.
type byMode map[fs.FileMode][]string

func (m byMode) each(a *actions, function string) {
	for _, mode := range slices.Sorted(maps.Keys(m)) {
		a.each(m[mode], function, octal(mode))
	}
}

func octal(mode fs.FileMode) string { return strconv.FormatUint(uint64(mode), 8) }

// placement is what has to be done in the site's folder.
type placement struct {
	away      byFolder // moved out: no longer wanted, or in the way of a folder
	drop      []string // folders no longer wanted, the deepest first
	dropAll   []string // folders in the way, the deepest first
	keep      byFolder // files that are replaced
	keepLinks byFolder // links that are replaced
	place     byFolder // everything that is renamed into place: what is new in a new folder comes with the folder
	added     byFolder // of these, what was not there before
	modes     byMode
	before    byMode // what the modes were
	dropped   []PathChange
}

func newPlacement(d Difference) *placement {
	p := &placement{away: byFolder{}, keep: byFolder{}, keepLinks: byFolder{}, place: byFolder{}, added: byFolder{}, modes: byMode{}, before: byMode{}}
	arriving := "" // the topmost new folder above, with a slash
	for _, c := range d.Changes {
		if c.Reason == Removed {
			p.remove(c, d)
			continue
		}
		if arriving != "" && strings.HasPrefix(c.Path, arriving) {
			continue
		}
		arriving = ""
		if c.Reason == Mode {
			p.modes[c.Want.Mode] = append(p.modes[c.Want.Mode], c.Path)
			p.before[c.Have.Mode] = append(p.before[c.Have.Mode], c.Path)
			continue
		}
		if c.Want.Kind == tree.Directory {
			arriving = c.Path + "/"
		}
		p.replace(c)
	}
	slices.Reverse(p.drop)
	slices.Reverse(p.dropAll)
	return p
}

// replace makes room for c and places it.
func (p *placement) replace(c PathChange) {
	p.place.add(c.Path)
	switch {
	case c.Have.Kind == tree.Missing:
		p.added.add(c.Path)
	case c.Have.Kind == tree.Directory:
		p.dropAll = append(p.dropAll, c.Path)
		p.dropped = append(p.dropped, c)
		p.added.add(c.Path)
	case c.Want.Kind == tree.Directory || c.Have.Kind == tree.Other:
		p.away.add(c.Path)
		p.added.add(c.Path)
	case c.Have.Kind == tree.Link:
		p.keepLinks.add(c.Path)
	default:
		p.keep.add(c.Path)
	}
}

func (p *placement) remove(c PathChange, d Difference) {
	switch {
	case c.Have.Kind != tree.Directory:
		p.away.add(c.Path)
	case d.inTheWay(c.Path):
		p.dropAll = append(p.dropAll, c.Path)
		p.dropped = append(p.dropped, c)
	default:
		p.drop = append(p.drop, c.Path)
		p.dropped = append(p.dropped, c)
	}
}

// inTheWay tells whether the place of a folder above path is needed for something else.
func (d Difference) inTheWay(p string) bool {
	for _, c := range d.Changes {
		if c.Reason == Changed && c.Have.Kind == tree.Directory && strings.HasPrefix(p, c.Path+"/") {
			return true
		}
	}
	return false
}

// actions are those of commit.sh, by the names of their files.
func (p *placement) actions(s *staging) map[string]actions {
	return map[string]actions{"prepare": p.prepare(s), "guard": p.guard(), "forward": p.forward(), "back": p.back()}
}

// replaced are the folders of what is put away.
func (p *placement) replaced() set {
	folders := make(set)
	for _, f := range []byFolder{p.away, p.keep, p.keepLinks} {
		for folder := range f {
			folders.add(folder)
		}
	}
	return folders
}

// prepare brings into one tree what arrived in several ways, and makes the folders to put away what is replaced.
func (p *placement) prepare(s *staging) (a actions) {
	folders, modes := make(set), byMode{}
	var links actions
	for _, e := range s.entries {
		switch e.Kind {
		case tree.Directory:
			folders.add("tree/" + e.Path)
			modes[e.Mode] = append(modes[e.Mode], e.Path)
		case tree.Link:
			folders.add("tree/" + path.Dir(e.Path))
			links = append(links, []string{"link", e.Target, e.Path})
		}
	}
	for _, e := range slices.Concat(s.large, s.copies) {
		folders.add("tree/" + path.Dir(e.Path))
	}
	for folder := range p.replaced() {
		folders.add("old/" + folder)
	}
	a.each(folders.sorted(), "folders")
	for _, e := range s.copies {
		a = append(a, placeLarge("cp", e))
	}
	for _, e := range s.large {
		a = append(a, placeLarge("mv", e))
	}
	a = append(a, links...)
	modes.each(&a, "staged_mode")
	return a
}

// placeLarge moves a large file into the staged tree, once it is whole, or copies it there.
func placeLarge(command string, e tree.Entry) []string {
	return []string{"large", command, largeName(e), e.Path, octal(e.Mode.Perm()), strconv.FormatInt(e.ModTime.Unix(), 10)}
}

// guard asks whether the folders to be changed can be: those that are there before anything changes.
func (p *placement) guard() (a actions) {
	there := p.replaced()
	for folder := range p.place {
		there.add(folder)
	}
	a.each(there.sorted(), "writable")
	return a
}

func (p *placement) forward() (a actions) {
	p.away.each(&a, "away")
	a.each(p.drop, "drop")
	a.each(p.dropAll, "drop_all")
	p.keep.each(&a, "keep")
	p.keepLinks.each(&a, "keep_links")
	p.place.each(&a, "place")
	p.modes.each(&a, "mode")
	return a
}

// back undoes forward, wherever it stopped.
func (p *placement) back() (a actions) {
	p.before.each(&a, "mode")
	p.added.each(&a, "unplace")
	for _, c := range p.dropped { // folders before those in them, whatever their modes
		a = append(a, []string{"undrop", octal(c.Have.Mode), c.Path})
	}
	p.away.each(&a, "restore")
	p.keep.each(&a, "restore")
	p.keepLinks.each(&a, "restore")
	return a
}
