package transfer

import (
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/tree"
)

// Reason says how a path on the host differs.
type Reason string

// The reasons, as they are shown.
const (
	Added   Reason = "added"
	Content Reason = "content" // of a file, or the target of a link; the mode may differ too
	Mode    Reason = "mode"    // and nothing else
	Changed Reason = "kind"    // a folder where a file is wanted, for example
	Removed Reason = "removed"
)

// PathChange is one path to change on the host.
type PathChange struct {
	Path   string
	Reason Reason
	Want   tree.Entry // nothing when it is removed
	Have   HostEntry  // nothing when it is added
}

// line is the change as a plan shows it, in one line that is safe to print.
func (c PathChange) line(words *language.Printer) string {
	name := tree.Shown(c.Path)
	if c.Want.Kind == tree.Directory || c.Reason == Removed && c.Have.Kind == tree.Directory {
		name += "/"
	}
	switch c.Reason {
	case Added:
		return "+ " + name
	case Removed:
		return "- " + name
	case Mode:
		return words.T("plan.path.mode", name, c.Have.Mode, c.Want.Mode)
	case Changed:
		return words.T("plan.path.kind", name, words.T("plan.kind."+c.Have.Kind.String()), words.T("plan.kind."+c.Want.Kind.String()))
	}
	if c.Want.Kind == tree.Link {
		return words.T("plan.path.target", name, tree.Shown(c.Have.Target), tree.Shown(c.Want.Target))
	}
	return words.T("plan.path.content", name)
}

// Difference is what has to change on the host for the tree there to be the one here.
type Difference struct {
	Changes []PathChange // folders before what is in them

	manifest *tree.Manifest
	listing  *Listing
	kept     []string // paths that were put there, are no longer in the source, and stay
	remove   bool
}

// Empty tells that nothing has to change.
func (d Difference) Empty() bool { return len(d.Changes) == 0 }

// Paths lists the changes, a line each, safe to print.
func (d Difference) Paths(words *language.Printer) []string {
	lines := make([]string, len(d.Changes))
	for i, c := range d.Changes {
		lines[i] = c.line(words)
	}
	return lines
}

// Summary tells how many files and folders are concerned, and how many bytes have to be sent for them: what a cut upload left
// behind whole is not sent again.
func (d Difference) Summary() (send int, bytes int64, adjust, remove int) {
	for _, c := range d.Changes {
		switch {
		case c.Reason == Removed:
			remove++
		case c.sends():
			send++
		default:
			adjust++
		}
	}
	return send, newStaging(d).unsent, adjust, remove
}

// sends tells whether a file's content has to be sent for the change.
func (c PathChange) sends() bool {
	return c.Want.Kind == tree.File && (c.Reason == Added || c.Reason == Content || c.Reason == Changed)
}

// arrived tells whether the content is staged on the host already.
func (d Difference) arrived(c PathChange) bool {
	if d.listing == nil {
		return false
	}
	s, ok := d.listing.staged[c.Path]
	return ok && s.Hashed && s.SHA256 == c.Want.SHA256 && s.Kind == tree.File
}

// Complete tells whether the listing has all that Compare needs to know about the paths of m. It has not where the
// tree has so many paths, new to the host, that one script cannot name them; then [List] asks again.
func (l *Listing) Complete(m *tree.Manifest) bool {
	if l.same || l.State != Present || l.sameSet {
		return true
	}
	for i := range m.Entries {
		if _, ok := l.asked[m.Entries[i].Path]; !ok {
			return false
		}
	}
	return true
}

// Compare tells what has to change. Only what m names, and what was put there before, is looked at: a stranger's file
// stays. With remove, what was put there before and is no longer in m goes; without, it stays and is remembered. What is
// in the way of a new kind (a folder that is now a file) goes in any case.
func Compare(m *tree.Manifest, l *Listing, remove bool) Difference {
	d := Difference{manifest: m, listing: l, remove: remove}
	if l.same {
		return d
	}
	want := make(map[string]tree.Kind, len(m.Entries))
	gone := "" // the closest folder above that is not there yet, with a slash
	for _, e := range m.Entries {
		want[e.Path] = e.Kind
		have, there := l.entries[e.Path]
		if gone != "" && strings.HasPrefix(e.Path, gone) {
			have, there = HostEntry{}, false
		} else {
			gone = ""
		}
		if e.Kind == tree.Directory && have.Kind != tree.Directory && gone == "" {
			gone = e.Path + "/"
		}
		if reason := differs(e, have, there); reason != "" {
			d.Changes = append(d.Changes, PathChange{e.Path, reason, e, have})
		}
	}
	d.compareRecorded(want)
	slices.SortFunc(d.Changes, func(a, b PathChange) int { return tree.ComparePaths(a.Path, b.Path) })
	return d
}

func differs(want tree.Entry, have HostEntry, there bool) Reason {
	switch {
	case !there:
		return Added
	case have.Kind != want.Kind:
		return Changed
	case want.Kind == tree.File && (!have.Hashed || have.SHA256 != want.SHA256),
		want.Kind == tree.Link && have.Target != want.Target:
		return Content
	case want.Kind != tree.Link && have.Mode != want.Mode:
		return Mode
	}
	return ""
}

// compareRecorded looks at what was put there before and is no longer wanted.
func (d *Difference) compareRecorded(want map[string]tree.Kind) {
	seen := make(map[string]struct{})
	for _, path := range d.listing.recorded {
		have, there := d.listing.entries[path]
		if _, wanted := want[path]; wanted || !there {
			continue
		}
		if _, again := seen[path]; again || !d.reachable(path) {
			continue
		}
		seen[path] = struct{}{}
		if d.remove || below(path, want) {
			d.Changes = append(d.Changes, PathChange{Path: path, Reason: Removed, Have: have})
		} else {
			d.kept = append(d.kept, path)
		}
	}
}

// reachable tells whether every folder above path is one on the host. Where one is a link, what is below it is elsewhere,
// and not ours.
func (d *Difference) reachable(path string) bool {
	for up := tree.Parent(path); up != ""; up = tree.Parent(up) {
		if have, asked := d.listing.entries[up]; !asked || have.Kind != tree.Directory {
			return false
		}
	}
	return true
}

// below tells whether something that is no folder is wanted in the place of a folder above path.
func below(path string, want map[string]tree.Kind) bool {
	for up := tree.Parent(path); up != ""; up = tree.Parent(up) {
		if kind, ok := want[up]; ok && kind != tree.Directory {
			return true
		}
	}
	return false
}
