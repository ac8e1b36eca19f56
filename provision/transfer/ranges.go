package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/tree"
)

const (
	// largeFile is the size, in bytes, from which a file is sent in ranges: two windows of a channel.
	largeFile = 4 << 20
	// rangeSize is what is sent and acknowledged at a time, in bytes: a packet.
	rangeSize = 32 << 10
	// blockSize is what is found again after a cut, in bytes: blocks that arrived whole are not sent again.
	blockSize = 1 << 20
	// channels is how many SFTP sessions share a large file. sshd allows ten sessions in a connection by default; one of
	// them commits, and two are left to others. Each moves at most 2 MiB in a round trip.
	channels = 7
	// channelsBeside is how many there are where bundles are sent at the same time.
	channelsBeside = 4
	// depth is how many ranges each SFTP session has under way: the window, and a little to have at hand when it opens.
	depth = 72
)

// largeName is the name under which a large file is staged.
func largeName(e tree.Entry) string { return hex.EncodeToString(e.SHA256[:]) }

// piece is a part of a large file that is sent in a row.
type piece struct {
	of     *tree.Source
	offset int64
	size   int64
}

// sendLarge sends all large files, in ranges over several SFTP sessions. These open while the host is asked what of the
// files it has.
func (u *upload) sendLarge(ctx context.Context) (err error) {
	if len(u.s.large) == 0 {
		return nil
	}
	var sources []*tree.Source
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.Close())
		}
	}()
	blocks := 0
	for _, e := range u.s.large {
		s, err := tree.Open(ctx, u.Root, e)
		if err != nil {
			return err
		}
		sources = append(sources, s)
		blocks += int((e.Size + blockSize - 1) / blockSize)
	}
	n := channels
	if len(u.s.small) > 0 {
		n = channelsBeside
	}
	n = min(n, blocks)
	todo := newRanges(n * depth)
	group, within := errgroup.WithContext(ctx)
	for range n {
		group.Go(func() error { return u.sendRanges(within, todo) })
	}
	group.Go(func() error { return u.fill(within, todo, sources) })
	if err := group.Wait(); err != nil {
		return err
	}
	for _, s := range sources {
		if err := s.Unchanged(); err != nil {
			return err
		}
	}
	return nil
}

// fill finds out which blocks have to be sent.
func (u *upload) fill(ctx context.Context, todo *ranges, sources []*tree.Source) error {
	if err := u.makeReady(ctx, nil, func() { close(todo.asked) }); err != nil {
		return err
	}
	for _, s := range sources {
		missing, err := u.missing(ctx, s)
		if err != nil {
			return err
		}
		todo.blocks = append(todo.blocks, missing...)
	}
	todo.window.open(len(u.blocks) > 0)
	close(todo.ready)
	return nil
}

// missing are the blocks of s that a cut upload did not bring to the host, or not whole: those whose hash there is not
// the one here.
func (u *upload) missing(ctx context.Context, s *tree.Source) (pieces []piece, err error) {
	there := u.blocks[largeName(s.Entry)]
	buffer := make([]byte, blockSize)
	for offset := int64(0); offset < s.Size; offset += blockSize {
		p := piece{s, offset, min(blockSize, s.Size-offset)}
		if i := int(offset / blockSize); i < len(there) {
			data := buffer[:p.size]
			if _, err := s.ReadAt(data, offset); err != nil {
				return nil, err
			}
			if sum(data) == there[i] {
				u.sent.add(p.size)
				continue
			}
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// sendRanges sends ranges over one SFTP session.
func (u *upload) sendRanges(ctx context.Context, todo *ranges) error {
	select {
	case <-todo.asked:
	case <-ctx.Done():
		return ctx.Err()
	}
	timer := time.AfterFunc(yieldAfter, u.yield)
	c, hangUp, err := openSFTP(ctx, u.client)
	timer.Stop()
	if err != nil {
		return err
	}
	defer hangUp()
	s := &rangeSession{openFiles: openFiles{c: c, folder: u.stage + "/large", files: make(map[string]*sftp.File)}, u: u}
	select {
	case <-todo.ready:
		err = s.run(ctx, todo)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if reason := context.Cause(ctx); err != nil && reason != nil {
		return reason
	}
	return err
}

// ranges hands out blocks range by range, in their order over all sessions: so they fill up one after the other, and few of
// them are incomplete when the link is cut.
type ranges struct {
	asked  chan struct{} // closed when the session that finds out is open
	ready  chan struct{} // closed when the blocks are known
	mu     sync.Mutex
	blocks []piece
	offset int64 // within the first block
	window window
}

func newRanges(most int) *ranges {
	return &ranges{asked: make(chan struct{}), ready: make(chan struct{}), window: window{slots: make(chan struct{}, most)}}
}

// window bounds how many ranges are under way over all sessions: what is when the link is cut is lost, as it leaves blocks incomplete.
type window struct {
	slots chan struct{} // one for each range that may begin now
	mu    sync.Mutex
	size  int // of the window, in ranges
	acked int
}

const (
	// cutWindow is how many ranges may be under way at first where the link was cut: half a block, as the next cut may come as soon.
	cutWindow = blockSize / rangeSize / 2
	// cutGrowth is how many ranges must arrive for the window to grow by one.
	cutGrowth = 4
)

// open opens the window to all that it can be, unless the link was cut.
func (w *window) open(cut bool) {
	w.size = cap(w.slots)
	if cut {
		w.size = min(w.size, cutWindow)
	}
	for range w.size {
		w.slots <- struct{}{}
	}
}

// arrived gives the slot of a range back.
func (w *window) arrived() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slots <- struct{}{}
	if w.acked++; w.acked%cutGrowth == 0 && w.size < cap(w.slots) {
		w.size++
		w.slots <- struct{}{}
	}
}

func (r *ranges) next() (piece, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.blocks) == 0 {
		return piece{}, false
	}
	b := r.blocks[0]
	p := piece{b.of, b.offset + r.offset, min(rangeSize, b.size-r.offset)}
	if r.offset += p.size; r.offset == b.size {
		r.blocks, r.offset = r.blocks[1:], 0
	}
	return p, true
}

// rangeSession is one SFTP session that sends ranges.
type rangeSession struct {
	openFiles
	u *upload
}

// run sends ranges, many at a time.
func (s *rangeSession) run(ctx context.Context, todo *ranges) error {
	group, ctx := errgroup.WithContext(ctx)
	for range depth {
		group.Go(func() error {
			buffer := make([]byte, rangeSize)
			for {
				select {
				case <-todo.window.slots:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				p, ok := todo.next()
				if !ok {
					todo.window.arrived()
					return nil
				}
				if err := s.sendOne(p, buffer); err != nil {
					return err
				}
				todo.window.arrived()
			}
		})
	}
	return group.Wait()
}

func (s *rangeSession) sendOne(p piece, buffer []byte) error {
	f, err := s.open(largeName(p.of.Entry))
	if err != nil {
		return err
	}
	data := buffer[:p.size]
	if _, err := p.of.ReadAt(data, p.offset); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, p.offset); err != nil {
		return &sftpError{"", err}
	}
	s.u.sent.add(int64(len(data)))
	return nil
}

// openFiles are the files of a folder that an SFTP session has open. They are closed with the session.
type openFiles struct {
	c      *sftp.Client
	folder string
	mu     sync.Mutex
	files  map[string]*sftp.File
}

// open opens a file once.
func (o *openFiles) open(name string) (*sftp.File, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.files[name]; f != nil {
		return f, nil
	}
	f, err := o.c.OpenFile(o.folder+"/"+name, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return nil, &sftpError{"", err}
	}
	o.files[name] = f
	return f, nil
}
