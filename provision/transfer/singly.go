package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// inFlight is how many files are sent at once where each is sent by itself: a file takes three round trips.
const inFlight = 64

// singly sends every file by itself, and runs one session after the other: for hosts that have no tar, or allow few
// sessions.
func (u *upload) singly(ctx context.Context) error {
	if err := u.clear(ctx, func() {}); err != nil {
		return u.failed(ctx, err)
	}
	if err := u.sendSingly(ctx); err != nil {
		return u.failed(ctx, err)
	}
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	out, err := u.client.Output(ctx, remote.Command{Argv: []string{"sh", u.stage + "/commit"}, Grace: commitGrace})
	return u.outcome(ctx, out, err)
}

// sendSingly sends small files and the texts of the commit over one SFTP session, and large ones as ever.
func (u *upload) sendSingly(ctx context.Context) error {
	folders := map[string]struct{}{}
	for _, e := range u.s.small {
		folders[u.stage+"/tree/"+folderOf(e.Path)] = struct{}{}
	}
	script := "umask 077\n"
	for _, c := range call("mkdir -p --", slices.Sorted(maps.Keys(folders))) {
		script += c + " || exit 1\n"
	}
	if err := u.client.Run(ctx, remote.Command{Script: shell.Text(script)}); err != nil {
		return err
	}
	c, err := openSFTP(ctx, u.client)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		stop()
		_ = c.Close()
	}()
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

func (u *upload) sendFile(ctx context.Context, c *sftp.Client, e Entry) (err error) {
	local := filepath.Join(u.Root, filepath.FromSlash(e.Path))
	f, err := openUnchanged(local, e)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	in := &sourceReader{ctx: ctx, path: local, left: e.Size, f: f, hash: h}
	name := u.stage + "/tree/" + e.Path
	if err := writeFile(c, name, in, e.Mode.Perm()); err != nil {
		return err
	}
	if [sha256.Size]byte(h.Sum(nil)) != e.SHA256 {
		return &ChangedError{Path: local}
	}
	if err := c.Chtimes(name, e.ModTime, e.ModTime); err != nil {
		return &sftpError{fmt.Errorf("cannot set the time of %s: %w", shown(name), err)}
	}
	u.sent.add(e.Size)
	return nil
}

// writeFile writes a file of a given mode, which it has before its first byte.
func writeFile(c *sftp.Client, name string, content io.Reader, mode os.FileMode) error {
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return &sftpError{fmt.Errorf("cannot create %s: %w", shown(name), err)}
	}
	if err = f.Chmod(mode); err == nil {
		_, err = f.ReadFromWithConcurrency(content, 0)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return &sftpError{fmt.Errorf("cannot write %s: %w", shown(name), err)}
	}
	return nil
}
