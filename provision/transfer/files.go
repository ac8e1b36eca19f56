package transfer

import (
	"bytes"
	"context"
	"io"
	"os"
	"path"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/tree"
)

// inFlight is how many files are sent at once where each is sent by itself: a file takes three round trips.
const inFlight = 64

// oneByOne sends every file by itself, and runs one session after the other: for hosts that have no tar, or allow few
// sessions.
func (u *upload) oneByOne(ctx context.Context) error {
	folders := make(set)
	for _, e := range u.s.small {
		folders.add(path.Dir(e.Path))
	}
	if err := u.makeReady(ctx, folders.sorted(), func() {}); err != nil {
		return u.failed(ctx, err)
	}
	if err := u.sendFiles(ctx); err != nil {
		return u.failed(ctx, err)
	}
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	out, err := u.client.Output(ctx, remote.Command{Argv: []string{"sh", u.stage + "/commit"}, Grace: commitGrace})
	return u.outcome(ctx, out, err)
}

// sendFiles sends small files and the texts of the commit over one SFTP session, and large ones as ever.
func (u *upload) sendFiles(ctx context.Context) error {
	c, hangUp, err := openSFTP(ctx, u.client)
	if err != nil {
		return err
	}
	defer hangUp()
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for _, e := range u.s.small {
		group.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			return u.sendFile(within, c, e)
		})
	}
	for _, t := range u.texts() {
		group.Go(func() error { return writeFile(c, u.stage+"/"+t.name, bytes.NewReader(t.content), 0o600) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return u.sendLarge(ctx)
}

func (u *upload) sendFile(ctx context.Context, c *sftp.Client, e tree.Entry) error {
	source, err := tree.Open(ctx, u.Root, e)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	name := u.stage + "/tree/" + e.Path
	if err := writeFile(c, name, source, e.Mode.Perm()); err != nil {
		return err
	}
	if err := c.Chtimes(name, e.ModTime, e.ModTime); err != nil {
		return &sftpError{name, err}
	}
	u.sent.add(e.Size)
	return nil
}

// writeFile writes a file of a given mode, which it has before its first byte.
func writeFile(c *sftp.Client, name string, content io.Reader, mode os.FileMode) error {
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return &sftpError{name, err}
	}
	if err = f.Chmod(mode); err == nil {
		_, err = f.ReadFromWithConcurrency(content, 0)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return &sftpError{name, err}
	}
	return nil
}

// openSFTP opens an SFTP session, which ends with ctx or by the function that is returned.
func openSFTP(ctx context.Context, c *remote.Client) (*sftp.Client, func(), error) {
	s, err := c.SFTP(ctx, sftp.UseConcurrentWrites(true))
	if err != nil {
		return nil, nil, &sessionError{err}
	}
	// A request that is under way knows no context: closing the session ends it.
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, func() {
		stop()
		_ = s.Close()
	}, nil
}
