// Package transfer makes a tree on a host the same as a tree here.
//
// [HostScript] and [ParseHost] read the host's side in one command, [Compare] tells what differs from a [tree.Manifest] (by
// content, mode and kind; times decide nothing), and [Apply] sends it: what differs is staged beside the site's folder, checked
// there by its SHA-256, and moved into place by one command that completes or undoes itself.
//
// The host needs a POSIX shell and find, xargs, stat, sha256sum, sort, tar, gzip and base64, as GNU or BusyBox have them.
package transfer

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/tree"
)

// ApplyOptions says where a difference is to be applied, and who wants to know.
type ApplyOptions struct {
	Root      string                  // the local tree, as it was scanned
	Directory string                  // the site's folder on the host
	StateDir  string                  // the folder beside it that remembers what was put there
	Progress  func(done, total int64) // optional: bytes of content that were sent, of all that will be; one call at a time
	Command   func(command string)    // optional: told of the commands that run on the host
	Prepared  *Prepared               // optional: a session opened ahead by Prepare
}

// attempts is how often files that arrived damaged are sent.
const attempts = 2

// Apply makes the tree on the host the one that was scanned. Until everything has arrived and was checked, nothing there
// changes; then one command puts it in place, or leaves all as it was. What was sent when a link is cut is not sent again.
func Apply(ctx context.Context, c *remote.Client, d Difference, o ApplyOptions) error {
	if d.Empty() {
		return nil
	}
	if err := d.possible(c.Name(), o); err != nil {
		return err
	}
	u := &upload{client: c, ApplyOptions: o, d: d, stage: d.stage(o)}
	for attempt := 1; ; attempt++ {
		err := u.attempt(ctx)
		var damaged *damagedError
		if !errors.As(err, &damaged) {
			return err
		}
		if err := u.unchanged(ctx, damaged.paths); err != nil {
			return err
		}
		if attempt == attempts {
			return u.damagedForGood(damaged)
		}
		u.Prepared = nil
		again := *u.d.listing
		again.staged, again.large = damaged.staged, nil
		u.d.listing = &again
	}
}

// Leftovers tells that all is as wanted, but for what an upload that was cut left beside it.
func (d Difference) Leftovers() bool {
	return d.Empty() && d.listing != nil && len(d.listing.staged)+len(d.listing.large) > 0
}

// Discard removes what an upload that was cut left.
func Discard(ctx context.Context, c *remote.Client, d Difference, o ApplyOptions) error {
	command := remote.Command{Argv: []string{"rm", "-rf", "--", d.stage(o)}}
	if o.Command != nil {
		o.Command(command.String())
	}
	return c.Run(ctx, command)
}

// stage is the folder on the host where files are staged.
func (d Difference) stage(o ApplyOptions) string {
	if d.listing.inside {
		return o.Directory + "/" + insideFolder
	}
	return o.StateDir + "/upload"
}

// upload is one run of Apply.
type upload struct {
	ApplyOptions
	client *remote.Client
	d      Difference
	stage  string
	s      staging
	sent   progress
	blocks map[string][]string // of large files that are partly staged, the hashes of what is there
	id     string              // names what this attempt leaves on the host
}

// attempt sends what is missing on the host and commits.
func (u *upload) attempt(ctx context.Context) error {
	u.s = newStaging(u.d)
	u.id = rand.Text()
	u.sent.begin(u.s.unsent, u.Progress)
	if slices.Contains(u.d.listing.Lacks, "tar") {
		return u.oneByOne(ctx)
	}
	if !u.Prepared.claim() {
		u.Prepared = newPrepared(ctx, u.client, u.Directory, u.StateDir)
		defer u.Prepared.Close()
	}
	u.Prepared.release(u.s)
	if len(u.s.stale) > 0 {
		if err := u.makeReady(ctx, nil, func() {}); err != nil {
			return u.failed(ctx, err)
		}
	}
	if len(u.s.small) > 0 && len(u.s.large) == 0 && u.s.unsent <= inlineSize {
		return u.deliver(ctx)
	}
	streams, err := u.send(ctx)
	if err != nil {
		return u.failed(ctx, err)
	}
	return u.commit(ctx, streams, 0, func() error { return nil })
}

// send brings files to where they are staged, by sessions beside the one that commits. It returns the streams that were
// used, which the host may still be unpacking.
func (u *upload) send(ctx context.Context) (streams []*session, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return u.sendLarge(ctx) })
	group.Go(func() (err error) {
		streams, err = u.sendSmall(ctx)
		return err
	})
	err = group.Wait()
	return streams, err
}

// yield has the session that commits make room for one that waits.
func (u *upload) yield() {
	if u.Prepared != nil {
		u.Prepared.yield()
	}
}

// unchanged fails where files that arrived otherwise than they were scanned are otherwise here, too.
func (u *upload) unchanged(ctx context.Context, paths []string) error {
	for _, e := range u.s.entries {
		if e.Kind != tree.File || !slices.Contains(paths, e.Path) {
			continue
		}
		source, err := tree.Open(ctx, u.Root, e)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, source)
		if err = errors.Join(err, source.Close()); err != nil {
			return err
		}
	}
	return nil
}
