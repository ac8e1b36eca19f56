package transfer

import (
	_ "embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed commit.sh
var commitScript string

// commitGrace is how long a commit that is given up may take to end: it has begun to rename, and is to get to its end, or back.
const commitGrace = time.Minute

// maxWords bounds the arguments of one command on the host, in bytes: a quarter of what the smallest systems take.
const maxWords = 32 << 10

// commitFor writes the script that checks what is staged and puts it in place.
func commitFor(d Difference, s *staging, directory, stateDir, stage string) string {
	var b strings.Builder
	b.WriteString("LC_ALL=C\nexport LC_ALL\n")
	expected := predict(s.entries)
	for _, v := range [][2]string{
		{"directory", directory}, {"state", stateDir}, {"stage", stage}, {"expected", expected.expected},
		{"bytes", fmt.Sprint(expected.bytes)}, {"length", fmt.Sprint(s.length())}, {"links", fmt.Sprint(expected.links)},
		{"odd", expected.odd},
	} {
		fmt.Fprintf(&b, "%s=%s\n", v[0], quote(v[1]))
	}
	b.WriteString(listScript)
	p := newPlacement(d)
	function(&b, "prepare", prepare(s, p))
	function(&b, "guard", p.guard())
	function(&b, "forward", p.forward())
	function(&b, "back", p.back())
	function(&b, "finish", []string{
		`if [ -e "$stage/kept" ]; then mv -f -- "$stage/kept" "$state/manifest.kept"; else [ ! -e "$state/manifest.kept" ] || rm -f -- "$state/manifest.kept"; fi`})
	b.WriteString(commitScript)
	return b.String()
}

// function writes a shell function that stops at the first command that fails.
func function(b *strings.Builder, name string, commands []string) {
	b.WriteString(name + "() {\n")
	for _, c := range commands {
		b.WriteString("\t" + c + " || return\n")
	}
	b.WriteString("\t:\n}\n")
}

// call is commands that call a shell function with words, as many of them as the length of a command line asks for.
// What is fixed comes first in each.
func call(fixed string, words []string) (commands []string) {
	for len(words) > 0 {
		var b strings.Builder
		b.WriteString(fixed)
		n := 0
		for ; n < len(words) && b.Len() < maxWords; n++ {
			b.WriteString(" " + quote(words[n]))
		}
		commands = append(commands, b.String())
		words = words[n:]
	}
	return commands
}

// byFolder collects names by the folder that they are in.
type byFolder map[string][]string

func (f byFolder) add(p string) { f[folderOf(p)] = append(f[folderOf(p)], path.Base(p)) }

// folderOf is the folder of a path in a form that can follow "/": "." for the root.
func folderOf(p string) string { return path.Dir(p) }

func (f byFolder) folders() []string { return slices.Sorted(maps.Keys(f)) }

// calls is a call of a shell function for each folder.
func (f byFolder) calls(name string) (commands []string) {
	for _, folder := range f.folders() {
		commands = append(commands, call(name+" "+quote(folder), f[folder])...)
	}
	return commands
}

// byMode collects paths by a mode.
type byMode map[fs.FileMode][]string

func (m byMode) calls(name string) (commands []string) {
	for _, mode := range slices.Sorted(maps.Keys(m)) {
		commands = append(commands, call(fmt.Sprintf("%s %o", name, mode), m[mode])...)
	}
	return commands
}

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
		if c.Want.Kind == Directory {
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
	case c.Have.Kind == Missing:
		p.added.add(c.Path)
	case c.Have.Kind == Directory:
		p.dropAll = append(p.dropAll, c.Path)
		p.dropped = append(p.dropped, c)
		p.added.add(c.Path)
	case c.Want.Kind == Directory || c.Have.Kind == Other:
		p.away.add(c.Path)
		p.added.add(c.Path)
	case c.Have.Kind == Link:
		p.keepLinks.add(c.Path)
	default:
		p.keep.add(c.Path)
	}
}

func (p *placement) remove(c PathChange, d Difference) {
	switch {
	case c.Have.Kind != Directory:
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
		if c.Reason == Changed && c.Have.Kind == Directory && strings.HasPrefix(p, c.Path+"/") {
			return true
		}
	}
	return false
}

// guard asks whether the folders to be changed can be: those that are there before anything changes.
func (p *placement) guard() []string {
	there := map[string]struct{}{}
	for _, f := range []byFolder{p.away, p.keep, p.keepLinks} {
		for folder := range f {
			there[folder] = struct{}{}
		}
	}
	for folder := range p.place {
		there[folder] = struct{}{}
	}
	return call("writable", slices.Sorted(maps.Keys(there)))
}

func (p *placement) forward() []string {
	return slices.Concat(p.away.calls("away"), call("drop", p.drop), call("drop_all", p.dropAll),
		p.keep.calls("keep"), p.keepLinks.calls("keep_links"), p.place.calls("place"), p.modes.calls("mode"))
}

// back undoes forward, wherever it stopped. What fails in it does not stop the rest.
func (p *placement) back() []string {
	dropped := byMode{}
	for _, c := range p.dropped {
		dropped[c.Have.Mode] = append(dropped[c.Have.Mode], c.Path)
	}
	commands := slices.Concat(p.before.calls("mode"), p.added.calls("unplace"))
	for _, c := range p.dropped { // folders before those in them, whatever their modes
		commands = append(commands, fmt.Sprintf("undrop %o %s", c.Have.Mode, quote(c.Path)))
	}
	commands = slices.Concat(commands, p.away.calls("restore"), p.keep.calls("restore"), p.keepLinks.calls("restore"))
	for i := range commands {
		commands[i] = "{ " + commands[i] + "; :; }"
	}
	return commands
}

// prepare brings into one tree what arrived in several ways, and makes the folders to put away what is replaced.
func prepare(s *staging, p *placement) (commands []string) {
	folders := map[string]struct{}{}
	modes := byMode{}
	var links []string
	for _, e := range s.entries {
		switch e.Kind {
		case Directory:
			folders[e.Path] = struct{}{}
			modes[e.Mode] = append(modes[e.Mode], e.Path)
		case Link:
			folders[folderOf(e.Path)] = struct{}{}
			links = append(links, fmt.Sprintf("ln -sf -- %s %s", quote(e.Target), quote("./"+e.Path)))
		}
	}
	for _, e := range slices.Concat(s.large, s.copies) {
		folders[folderOf(e.Path)] = struct{}{}
	}
	commands = call(`folders "$tree"`, slices.Sorted(maps.Keys(folders)))
	commands = append(commands, `cd -- "$tree"`)
	for _, e := range s.copies {
		commands = append(commands, placeLarge("cp", e))
	}
	for _, e := range s.large {
		commands = append(commands, placeLarge("mv", e))
	}
	commands = slices.Concat(commands, links, modes.calls("staged_mode"))
	old := map[string]struct{}{}
	for _, f := range []byFolder{p.away, p.keep, p.keepLinks} {
		for folder := range f {
			old["old/"+folder] = struct{}{}
		}
	}
	return append(commands, call(`folders "$stage"`, slices.Sorted(maps.Keys(old)))...)
}
