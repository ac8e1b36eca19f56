package steps

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/transfer"
	"github.com/kehuo/provision/provision/tree"
)

// files is the tutorial's step 6: Dockerfile, resource/default.conf, certificate and key are on the host as they are here,
// and with them whatever else the inventory uploads.
type files struct {
	local
	source     inventory.Site
	tree       *tree.Manifest
	how        transfer.Reading
	there      *hostFiles
	connection *connection
	tells      func(text string) bool // it holds a secret
	room       func(context.Context) *release.Room
}

func newFiles(h *Host, s step) provision.Step {
	room := func(ctx context.Context) *release.Room {
		return roomFor(ctx, h.connection, h.facts, h.site.LookForRoom(h.facts.Image))
	}
	return files{newLocal(h, s), h.Inventory.Site, h.Manifest, h.Reading, &h.there, h.connection, h.tells, room}
}

// hostFiles are the host's side of the files, and a way there.
type hostFiles struct {
	listing *transfer.Listing
	texts   transfer.Texts     // what a plan shows of them
	ahead   *transfer.Prepared // opened ahead where there is likely something to upload; of use once

	reading sync.WaitGroup
	stop    context.CancelFunc // nil: nothing is read
}

// much is how much content, in bytes, takes a host longer to read than a run that has nothing to do.
const much = 16 << 20

// settling is how long files must have been left alone for the host to remember their hashes, with a second for its clock.
const settling = 3 * time.Second

// readAgain has the host remember the hashes of what has just arrived, beside the build, so that it need not be read by the next run.
// It makes way for whoever needs a session, and ends with the run.
func (f *hostFiles) readAgain(ctx context.Context, crowded <-chan struct{}, list func(context.Context)) {
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	stop := f.stop
	ended := make(chan struct{})
	f.reading.Go(func() {
		defer close(ended)
		select {
		case <-time.After(settling):
			list(ctx)
		case <-ctx.Done():
		}
	})
	f.reading.Go(func() {
		select {
		case <-crowded:
			stop()
		case <-ended:
		case <-ctx.Done():
		}
	})
}

// close ends what is open.
func (f *hostFiles) close() {
	if f.stop != nil {
		f.stop()
	}
	f.reading.Wait()
	f.ahead.Close()
}

// Plan implements provision.Step.
func (s files) Plan() ([]provision.Change, error) {
	if err := s.problems(); err != nil {
		return nil, err
	}
	difference := s.difference()
	switch {
	case difference.Leftovers(): // they take room, make every run look closer, and may lie where the image is built
		changes := one(s.words.T("plan.files.leftovers"), s.words.T("plan.files.reason-leftovers"), s.words.T("plan.summary.leftovers"))
		changes[0].Apply = s.discard
		return changes, nil
	case difference.Empty():
		return nil, nil
	}
	changes := one(s.action(difference), s.words.T("plan.files.reason", s.source.Source), s.summary(difference))
	changes[0].Diff = strings.Join(difference.Paths(s.words), "\n")
	if texts := difference.Unified(s.there.texts, s.source.Source, s.words); texts != "" && !s.tells(texts) {
		changes[0].Diff += "\n" + texts
	}
	changes[0].Apply = s.upload
	return changes, nil
}

func (s files) difference() transfer.Difference {
	return transfer.Compare(s.tree, s.there.listing, s.source.Delete)
}

// action says how much is to be done: "upload 3 files (12 kB), adjust 1".
func (s files) action(d transfer.Difference) string {
	send, bytes, adjust, remove := d.Summary()
	var parts []string
	if send > 0 {
		key := "plan.files.upload"
		if send == 1 {
			key = "plan.files.upload-one"
		}
		parts = append(parts, s.words.T(key, send, bytes))
	}
	if adjust > 0 {
		parts = append(parts, s.words.T("plan.files.adjust", adjust))
	}
	if remove > 0 {
		parts = append(parts, s.words.T("plan.files.remove", remove))
	}
	return strings.Join(parts, s.words.T("plan.files.and"))
}

// summary is action in fewer words: "3 files, 1 removed".
func (s files) summary(d transfer.Difference) string {
	send, _, adjust, remove := d.Summary()
	var parts []string
	for _, part := range []struct {
		key string
		n   int
	}{{"plan.summary.files", send}, {"plan.summary.modes", adjust}, {"plan.summary.removed", remove}} {
		switch {
		case part.n == 0:
		case part.n == 1 && part.key == "plan.summary.files":
			parts = append(parts, s.words.T("plan.summary.file"))
		default:
			parts = append(parts, s.words.T(part.key, part.n))
		}
	}
	return strings.Join(parts, s.words.T("plan.summary.and"))
}

// upload makes the host's files those of the source. After a lost link it looks again what is there: what has arrived is not
// sent twice.
func (s files) upload(ctx context.Context, r *provision.Reporter) error {
	_, sent, _, _ := s.difference().Summary()
	again := false
	var losses remote.RetryBudget
	err := s.connection.persistWhile(ctx, &losses, func() error {
		if again {
			var err error
			if s.there.listing, err = listFiles(ctx, s.connection, s.source.Directory, s.tree, s.how); err != nil {
				return err
			}
		}
		again = true
		prepared := s.there.ahead
		s.there.ahead = nil
		defer prepared.Close()
		options := s.options(r)
		options.Prepared = prepared
		options.Progress = func(done, total int64) {
			losses.Left(total - done)
			r.Progress(done, total, provision.UnitBytes, "")
		}
		return transfer.Apply(ctx, s.connection.client, s.difference(), options)
	})
	if err != nil {
		s.tellRoom(ctx, r, err)
		return provision.Fail("fail.upload", s.source.Source, s.source.Directory, s.host, err)
	}
	// There is nothing to compare again: Apply has the host check every file before it puts any in its place.
	if client := s.connection.client; sent >= much && s.how.Remember {
		s.there.readAgain(ctx, client.Crowded(), func(ctx context.Context) {
			_, _ = transfer.List(ctx, client, s.source.Directory, s.connection.stateDir, s.tree, s.how)
		})
	}
	return nil
}

// tellRoom says of an upload that failed for want of room what of ours is on the host.
func (s files) tellRoom(ctx context.Context, r *provision.Reporter, err error) {
	if code := provision.CodeOf(err); code != "upload.disk-full" && code != "upload.no-room" {
		return
	}
	cause := s.words.T("files.no-room.cause", s.source.Directory, s.host, s.tree.Size()>>20)
	if room := s.room(ctx); room != nil {
		cause = s.words.T("files.no-room.images", cause, room.Ours>>20, room.Root)
	}
	r.Finding(provision.Finding{Severity: provision.SeverityError, Code: "files.no-room", Cause: cause, Fix: s.words.T("build.room.fix")})
}

func (s files) options(r *provision.Reporter) transfer.ApplyOptions {
	return transfer.ApplyOptions{
		Root:      s.source.Source,
		Directory: s.source.Directory,
		StateDir:  s.connection.stateDir,
		Progress:  func(done, total int64) { r.Progress(done, total, provision.UnitBytes, "") },
		Command:   r.Command,
	}
}

// discard removes what an upload that was cut left beside files that are as wanted meanwhile.
func (s files) discard(ctx context.Context, r *provision.Reporter) error {
	err := s.connection.persist(ctx, func() error { return transfer.Discard(ctx, s.connection.client, s.difference(), s.options(r)) })
	if err != nil {
		return provision.Fail("fail.discard", s.host, err)
	}
	return nil
}

// listFiles reads the host's side of the files.
func listFiles(ctx context.Context, c *connection, directory string, tree *tree.Manifest, how transfer.Reading) (*transfer.Listing, error) {
	return transfer.List(ctx, c.client, directory, c.stateDir, tree, how)
}
