package transfer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/pkg/sftp"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// inbox is the SFTP session that takes what is small enough to be sent at once: one bundle, in one file, is a round trip
// however many files and folders are in it. Session and file are opened in the background, as soon as the session that
// commits has made the file.
type inbox struct {
	cancel context.CancelFunc
	opened chan struct{} // closed when the session is open, or cannot be
	ended  chan struct{} // closed when the file is open too, or cannot be
	client *sftp.Client
	file   *sftp.File
	err    error // why the session or the file could not be opened
}

// openInbox opens the file folder/bundle once control has made it. waiting is called when there may be no room for another
// session.
func openInbox(ctx context.Context, c *remote.Client, control *session, folder string, waiting func()) *inbox {
	ctx, cancel := context.WithCancel(ctx)
	p := &inbox{cancel: cancel, opened: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		timer := time.AfterFunc(yieldAfter, waiting)
		if p.client, p.err = c.SFTPEarly(ctx, sftp.UseConcurrentWrites(true)); p.err != nil {
			p.err = &sessionError{p.err}
		}
		timer.Stop()
		close(p.opened)
		if p.err != nil {
			return
		}
		// A request that is under way knows no context: closing the session ends it.
		context.AfterFunc(ctx, func() { _ = p.client.Close() })
		select {
		case <-control.out.ready:
			if p.file, p.err = p.client.OpenFile(folder+"/bundle", os.O_WRONLY); errors.Is(p.err, sftp.ErrSSHFxConnectionLost) || errors.Is(p.err, io.EOF) {
				p.err = &sessionError{noSFTP(c.Name(), cmp.Or(p.client.Wait(), p.err))}
			} else if p.err != nil {
				p.err = &sftpError{"", p.err}
			}
		case <-control.ended:
			p.err = errNoInbox // it failed, or made room: then this one is of no use either
		case <-ctx.Done():
			p.err = ctx.Err()
		}
		if p.err != nil { // somebody else may wait for the session
			_ = p.client.Close()
		}
	}()
	return p
}

// noSFTP is the failure in what ended an SFTP session; where there is none, the server talked nonsense.
func noSFTP(host string, err error) error {
	var failure *provision.Failure
	switch {
	case remote.IsLost(err):
		return err
	case errors.As(err, &failure):
		return failure
	}
	return provision.Fail("sftp.subsystem", host, err)
}

// send writes the bundle. Packets may overtake each other, so that the file only gets its full size, which the host waits
// for, when all else is there.
func (p *inbox) send(content []byte) error {
	<-p.ended
	if p.err != nil {
		return p.err
	}
	last := 0
	if len(content) > rangeSize {
		last = len(content) - 1
		if _, err := p.file.WriteAt(content[:last], 0); err != nil {
			return &sftpError{"", err}
		}
	}
	if _, err := p.file.WriteAt(content[last:], int64(last)); err != nil {
		return &sftpError{"", err}
	}
	return nil
}

// close ends the session. What the host has to say to that nobody waits for: it would cost a round trip. It may be called
// more than once.
func (p *inbox) close() {
	p.cancel()
	<-p.ended
}

// errNoInbox says that the session that commits ended before it had made the file for a bundle; what it printed tells why.
var errNoInbox = errors.New("the host made no room for the bundle")

// pack bundles small files as they are here now, and what the host needs to commit.
func (u *upload) pack(ctx context.Context) ([]byte, error) {
	var packed bytes.Buffer
	b := newBundle(&packed, u.Root, compressing(), false, func(int64) {})
	for _, e := range u.s.small {
		if err := b.add(ctx, e); err != nil {
			return nil, err
		}
	}
	err := errors.Join(b.texts(u.texts()), b.close())
	return packed.Bytes(), err
}

// deliver sends the small files as one bundle while the host gets ready to commit, and commits.
func (u *upload) deliver(ctx context.Context) error {
	content, err := u.pack(ctx)
	if err != nil {
		return u.failed(ctx, err)
	}
	p := u.Prepared.openInbox()
	defer p.close()
	<-p.opened
	<-u.Prepared.committer().started
	if p.client == nil {
		return u.failed(ctx, p.err)
	}
	if u.Prepared.yielded.Load() { // the host allows few sessions: one after the other
		u.Prepared.Close()
		return u.oneByOne(ctx)
	}
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	return u.commit(ctx, nil, int64(len(content)), func() error {
		err := p.send(content)
		for _, e := range u.s.small {
			if err == nil {
				u.sent.add(e.Size)
			}
		}
		return err
	})
}
