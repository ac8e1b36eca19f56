package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
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

const (
	// inlineSize is how much content, in bytes, travels in the session that commits: within one window, so that all of an
	// upload is one round trip. More than that is worth streams of its own.
	inlineSize = 512 << 10
	// streams is how many sessions carry bundles. Each moves at most 2 MiB, the window of a channel, in a round trip.
	streams = 4
	// attempts is how often files that arrived damaged are sent.
	attempts = 2
)

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
		if attempt == attempts {
			return fmt.Errorf("%s: %w", c.Name(), damaged)
		}
		u.Prepared = nil
		again := *u.d.listing
		again.staged, again.ranges = damaged.staged, nil
		u.d.listing = &again
	}
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

	control *Prepared
	yielded atomic.Bool // control made room for another session
}

// attempt sends what is missing on the host and commits.
func (u *upload) attempt(ctx context.Context) error {
	u.s = newStaging(u.d)
	u.sent.begin(u.s.bytes(), u.Progress)
	if u.d.listing.lacks("tar") {
		return u.withoutTar(ctx)
	}
	u.control = u.Prepared
	if u.control == nil {
		u.control = Prepare(ctx, u.client, u.Directory, u.StateDir)
	}
	defer func() { u.control.Close() }()
	inline := u.s.small
	if u.s.bytes() > inlineSize || len(u.s.large) > 0 || len(u.s.stale) > 0 {
		inline = nil
		if err := u.send(ctx); err != nil {
			return u.failed(ctx, err)
		}
		if u.yielded.Swap(false) {
			u.control.Close()
			u.control = Prepare(ctx, u.client, u.Directory, u.StateDir)
		}
	}
	return u.commit(ctx, inline)
}

// yieldAfter is how long a session may have to wait before the one that is to commit makes room: a host may allow few.
const yieldAfter = 3 * time.Second

// opening is called before a session is opened, and what it returns once that is done.
func (u *upload) opening() (done func() bool) {
	control := u.control
	return time.AfterFunc(yieldAfter, func() {
		u.yielded.Store(true)
		control.Close()
	}).Stop
}

// send brings files to where they are staged, by sessions beside the one that commits.
func (u *upload) send(ctx context.Context) error {
	if len(u.s.stale) > 0 || len(u.s.large) > 0 {
		if err := u.clear(ctx); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return u.sendLarge(ctx) })
	group.Go(func() error { return u.sendSmall(ctx) })
	return group.Wait()
}

// clear removes what a cut upload left and nobody wants any more, and makes the folders that SFTP expects.
func (u *upload) clear(ctx context.Context) error {
	commands := []string{"umask 077", "mkdir -p -- " + quote(u.stage+"/tree") + " " + quote(u.stage+"/large"), "cd -- " + quote(u.stage+"/tree")}
	commands = append(commands, call("rm -rf --", u.s.stale)...)
	var script bytes.Buffer
	for _, c := range commands {
		script.WriteString(c + " || exit 1\n")
	}
	opened := u.opening()
	defer opened()
	return u.client.Run(ctx, remote.Command{Script: script.String()})
}

// sendSmall sends files as bundles, by several streams that take the next group of files as they go.
func (u *upload) sendSmall(ctx context.Context) error {
	queue := newQueue(u.s.small)
	group, ctx := errgroup.WithContext(ctx)
	for range min(streams, queue.len()) {
		group.Go(func() error { return u.stream(ctx, queue) })
	}
	return group.Wait()
}

// farAway is the round trip, as it takes to open a session, from which on bundles are compressed from the start: the
// windows of such a link hold less than the processor packs meanwhile.
const farAway = 20 * time.Millisecond

// stream runs one session that unpacks what it is sent, until the queue is empty.
func (u *upload) stream(ctx context.Context, q *queue) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in := newInput(ctx)
	stop := context.AfterFunc(q.drained, func() { cancel(errDrained) }) // what opens too late is of no use
	began := time.Now()
	opened := u.opening()
	p, err := u.client.Start(ctx, remote.Command{
		Script: "LC_ALL=C\nexport LC_ALL\nstage=" + quote(u.stage) + "\n" + receiveScript,
		Stdin:  in,
		Stderr: faults(func(c *complaint) { cancel(c) }),
	})
	opened()
	late := !stop()
	if err == nil {
		if !late {
			in.feed(func(w io.Writer) error {
				err := u.bundle(ctx, newBundle(w, u.Root, time.Since(began) > farAway, u.sent.add), q)
				if err != nil {
					cancel(err)
				}
				return err
			})
		}
		err = p.Wait()
	}
	_ = in.close()
	switch reason := context.Cause(ctx); {
	case late:
		return nil
	case reason != nil:
		return reason
	}
	return err
}

// errDrained ends the opening of sessions that are not needed any more.
var errDrained = errors.New("everything is under way already")

// bundle sends groups of files until there are no more.
func (u *upload) bundle(ctx context.Context, b *bundle, q *queue) error {
	for files := q.take(); files != nil; files = q.take() {
		for _, e := range files {
			if err := b.add(ctx, "tree/"+e.Path, e); err != nil {
				return err
			}
		}
	}
	return b.close()
}
