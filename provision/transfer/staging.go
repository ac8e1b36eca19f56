package transfer

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

// staging is what Apply brings to the host before anything there changes, and what of it is still to be sent.
type staging struct {
	entries []tree.Entry // all that will be staged when everything has arrived, folders before what is in them
	small   []tree.Entry // files to send in bundles
	large   []tree.Entry // files to send in ranges, each content once
	copies  []tree.Entry // files with the content of one of these, which the host copies
	unsent  int64        // bytes that have to be sent
	stale   []string     // staged paths of a cut upload that are of no use any more
}

// newStaging sorts what d has to bring to the host.
func newStaging(d Difference) staging {
	var s staging
	wanted := make(map[string]tree.Kind)
	for _, c := range d.Changes {
		if c.Reason == Removed || c.Reason == Mode {
			continue
		}
		s.entries = append(s.entries, c.Want)
		wanted[c.Path] = c.Want.Kind
		switch {
		case c.Want.Kind != tree.File || d.arrived(c):
		case c.Want.Size >= largeFile && slices.ContainsFunc(s.large, func(e tree.Entry) bool { return e.SHA256 == c.Want.SHA256 }):
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
		for folder := tree.Parent(path); folder != ""; folder = tree.Parent(folder) {
			holding[folder] = struct{}{}
		}
	}
	for path, have := range d.listing.staged {
		_, holds := holding[path]
		kind, ok := wanted[path]
		if have.Kind == tree.Directory && (ok && kind == tree.Directory || !ok && holds) || have.Kind == tree.File && kind == tree.File && ok {
			continue
		}
		s.stale = append(s.stale, path)
	}
	slices.Sort(s.stale)
	for _, name := range d.listing.large {
		if !slices.ContainsFunc(s.large, func(e tree.Entry) bool { return largeName(e) == name }) {
			s.stale = append(s.stale, "../large/"+name)
		}
	}
	return s
}

// length is how long the staged paths that are no folders are together, in bytes, each with "./" before and NUL behind.
func (s *staging) length() (n int) {
	for _, e := range s.entries {
		if e.Kind != tree.Directory {
			n += len("./") + len(e.Path) + 1
		}
	}
	return n
}

// makeReady removes what a cut upload left and nobody wants any more, makes the folders that SFTP expects and those of the tree
// that are named, and finds out what of large files arrived.
//
// started is called when its session is open: one that others would wait for who have taken the last one.
func (u *upload) makeReady(ctx context.Context, folders []string, started func()) error {
	var partly []string
	for _, e := range u.s.large {
		if name := largeName(e); slices.Contains(u.d.listing.large, name) {
			partly = append(partly, name)
		}
	}
	args := slices.Concat([]string{u.stage, strconv.Itoa(blockSize), strings.Join(partly, " "), strconv.Itoa(len(u.s.stale))}, u.s.stale, folders)
	timer := time.AfterFunc(yieldAfter, u.yield)
	defer timer.Stop()
	var out bytes.Buffer
	p, err := u.client.Start(ctx, remote.Command{Script: shell.Load(scripts, "stage.sh").With(args...), Stdout: &out})
	if err != nil {
		return err
	}
	started()
	err = p.Wait()
	u.blocks = parseBlocks(out.String())
	return err
}

// parseBlocks takes the output of stage.sh.
func parseBlocks(out string) map[string][]string {
	blocks := make(map[string][]string)
	name := ""
	for line := range strings.Lines(out) {
		first, second, _ := strings.Cut(strings.TrimSpace(line), " ")
		if first == "large" {
			name = second
		} else if name != "" {
			blocks[name] = append(blocks[name], first)
		}
	}
	return blocks
}
