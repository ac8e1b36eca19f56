package transfer

import (
	"slices"
)

// staging is what Apply brings to the host before anything there changes, and what of it is still to be sent.
type staging struct {
	entries []Entry  // all that will be staged when everything has arrived, folders before what is in them
	small   []Entry  // files to send in bundles
	large   []Entry  // files to send in ranges, each content once
	copies  []Entry  // files with the content of one of these, which the host copies
	unsent  int64    // bytes that have to be sent
	stale   []string // staged paths of a cut upload that are of no use any more
}

// newStaging sorts what d has to bring to the host.
func newStaging(d Difference) staging {
	var s staging
	wanted := make(map[string]Kind)
	for _, c := range d.Changes {
		if c.Reason == Removed || c.Reason == Mode {
			continue
		}
		s.entries = append(s.entries, c.Want)
		wanted[c.Path] = c.Want.Kind
		switch {
		case c.Want.Kind != File || d.arrived(c):
		case c.Want.Size >= largeFile && slices.ContainsFunc(s.large, func(e Entry) bool { return e.SHA256 == c.Want.SHA256 }):
			s.copies = append(s.copies, c.Want)
		case c.Want.Size >= largeFile:
			s.large = append(s.large, c.Want)
			s.unsent += c.Want.Size
		default:
			s.small = append(s.small, c.Want)
			s.unsent += c.Want.Size
		}
	}
	// A folder in the way of a file would have it moved inside, one that nobody wants would be moved into the site.
	holding := make(map[string]struct{})
	for path := range wanted {
		for folder := parent(path); folder != ""; folder = parent(folder) {
			holding[folder] = struct{}{}
		}
	}
	for path, have := range d.listing.staged {
		_, holds := holding[path]
		kind, ok := wanted[path]
		if have.Kind == Directory && (ok && kind == Directory || !ok && holds) || have.Kind == File && kind == File && ok {
			continue
		}
		s.stale = append(s.stale, path)
	}
	slices.Sort(s.stale)
	for _, name := range d.listing.large {
		if !slices.ContainsFunc(s.large, func(e Entry) bool { return largeName(e) == name }) {
			s.stale = append(s.stale, "../large/"+name)
		}
	}
	return s
}

// length is how long the staged paths that are no folders are together, in bytes, each with "./" before and NUL behind.
func (s *staging) length() (n int) {
	for _, e := range s.entries {
		if e.Kind != Directory {
			n += len("./") + len(e.Path) + 1
		}
	}
	return n
}
