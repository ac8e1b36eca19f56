package transfer

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"
)

// sendRanges sends blocks, range by range, over one SFTP session.
func (u *upload) sendRanges(ctx context.Context, todo <-chan piece) error {
	timer := time.AfterFunc(yieldAfter, u.yield)
	c, err := u.client.SFTP(ctx, sftp.UseConcurrentWrites(true))
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
	err = s.run(ctx, todo)
	if reason := context.Cause(ctx); err != nil && reason != nil {
		return reason
	}
	return err
}

// rangeSession is one SFTP session that sends ranges.
type rangeSession struct {
	openFiles
	u *upload
}

// run sends ranges in their order, many at a time.
func (s *rangeSession) run(ctx context.Context, todo <-chan piece) error {
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan piece)
	group.Go(func() error {
		defer close(next)
		for block := range todo {
			for offset := int64(0); offset < block.size; offset += rangeSize {
				select {
				case next <- piece{block.of, block.offset + offset, min(rangeSize, block.size-offset)}:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range depth {
		group.Go(func() error { return s.send(next) })
	}
	return group.Wait()
}

// send sends one range after the other.
func (s *rangeSession) send(next <-chan piece) error {
	buffer := make([]byte, rangeSize)
	for p := range next {
		if err := s.sendOne(p, buffer); err != nil {
			return err
		}
	}
	return nil
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
