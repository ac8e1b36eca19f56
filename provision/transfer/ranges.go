package transfer

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
)

// sendRanges sends ranges over one SFTP session.
func (u *upload) sendRanges(ctx context.Context, todo *ranges) error {
	select {
	case <-todo.asked:
	case <-ctx.Done():
		return ctx.Err()
	}
	timer := time.AfterFunc(yieldAfter, u.yield)
	c, err := openSFTP(ctx, u.client)
	timer.Stop()
	if err != nil {
		return err
	}
	// A request that is under way knows no context: closing the session ends it.
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		stop()
		_ = c.Close()
	}()
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

// openSFTP opens an SFTP session.
func openSFTP(ctx context.Context, c *remote.Client) (*sftp.Client, error) {
	s, err := c.SFTP(ctx, sftp.UseConcurrentWrites(true))
	if err != nil {
		return nil, &sessionError{err}
	}
	return s, nil
}

// sessionError says why there is no SFTP session, and what to do.
type sessionError struct{ error }

func (e *sessionError) Unwrap() error { return e.error }

// ranges hands out blocks range by range, in their order over all sessions: so they fill up one after the other, and few of
// them are incomplete when the link is cut.
type ranges struct {
	asked  chan struct{} // closed when the session that finds out is open
	ready  chan struct{} // closed when the blocks are known
	mu     sync.Mutex
	blocks []piece
	offset int64 // within the first block
}

func newRanges() *ranges { return &ranges{asked: make(chan struct{}), ready: make(chan struct{})} }

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
			for p, ok := todo.next(); ok; p, ok = todo.next() {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				if err := s.sendOne(p, buffer); err != nil {
					return err
				}
			}
			return nil
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
	if err := p.of.read(data, p.offset); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, p.offset); err != nil {
		return &sftpError{err}
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
		return nil, &sftpError{err}
	}
	o.files[name] = f
	return f, nil
}

// sftpError is an error about a file on the host, whose reason SFTP does not tell.
type sftpError struct{ error }

func (e *sftpError) Unwrap() error { return e.error }
