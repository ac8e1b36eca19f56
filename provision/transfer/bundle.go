package transfer

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"time"

	"github.com/kehuo/provision/provision/tree"
)

// bundle writes files as a compressed tar archive. It packs them only where that is of use: see [packer].
type bundle struct {
	root string
	pack *packer
	tar  *tar.Writer
	buf  []byte
	done func(n int64)       // told of every piece of content that was written
	made map[string]struct{} // folders that are in the archive already
}

func newBundle(w io.Writer, root string, pace *pace, plain bool, done func(int64)) *bundle {
	p := newPacker(w, pace, plain)
	return &bundle{root: root, pack: p, tar: tar.NewWriter(p), buf: make([]byte, 64<<10), done: done, made: make(map[string]struct{})}
}

// add sends one local file to be staged. It must be what the scan saw.
func (b *bundle) add(ctx context.Context, e tree.Entry) (err error) {
	source, err := tree.Open(ctx, b.root, e)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	name := "tree/" + e.Path
	if err := b.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := b.header(name, e.Mode.Perm(), e.Size, e.ModTime); err != nil {
		return err
	}
	_, err = io.CopyBuffer(&counter{b.tar, b.done}, source, b.buf)
	return err
}

// folder sends a folder and those above it, once. Several archives are unpacked into the same folders at a time, and tar
// only takes that well for folders that are part of the archive.
func (b *bundle) folder(name string) error {
	if _, ok := b.made[name]; ok || name == "." {
		return nil
	}
	if err := b.folder(path.Dir(name)); err != nil {
		return err
	}
	b.made[name] = struct{}{}
	return b.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o700, ModTime: time.Now().Truncate(time.Second), Format: tar.FormatGNU})
}

// text is a file beside the tree that is made here.
type text struct {
	name    string
	content []byte
}

// texts sends files that are made here.
func (b *bundle) texts(texts []text) error {
	for _, t := range texts {
		if err := b.header(t.name, 0o600, int64(len(t.content)), time.Now()); err != nil {
			return err
		}
		if _, err := b.tar.Write(t.content); err != nil {
			return err
		}
	}
	return nil
}

// header writes the header of a file. The format is GNU's because it takes names of any bytes and any length, and tar of
// BusyBox knows it; it has no fractions of seconds.
func (b *bundle) header(name string, mode os.FileMode, size int64, modified time.Time) error {
	return b.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(mode), Size: size,
		ModTime: modified.Truncate(time.Second), Format: tar.FormatGNU})
}

func (b *bundle) close() error { return errors.Join(b.tar.Close(), b.pack.Close()) }

type counter struct {
	w    io.Writer
	done func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.done(int64(n))
	return n, err
}
