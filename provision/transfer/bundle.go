package transfer

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
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

// add sends one local file under the given name. It must be what the scan saw.
func (b *bundle) add(ctx context.Context, name string, e Entry) (err error) {
	local := filepath.Join(b.root, filepath.FromSlash(e.Path))
	f, err := openUnchanged(local, e)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := b.folder(path.Dir(name)); err != nil {
		return err
	}
	if err := b.header(name, e.Mode.Perm(), e.Size, e.ModTime); err != nil {
		return err
	}
	h := sha256.New()
	in := &sourceReader{ctx: ctx, path: local, left: e.Size, f: f, hash: h}
	if _, err := io.CopyBuffer(&counter{b.tar, b.done}, in, b.buf); err != nil {
		return err
	}
	if [sha256.Size]byte(h.Sum(nil)) != e.SHA256 {
		return &ChangedError{Path: local}
	}
	return nil
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

// text sends a file that is made here.
func (b *bundle) text(name string, content []byte) error {
	if err := b.header(name, 0o600, int64(len(content)), time.Now()); err != nil {
		return err
	}
	_, err := b.tar.Write(content)
	return err
}

// header writes the header of a file. The format is GNU's because it takes names of any bytes and any length, and tar of
// BusyBox knows it; it has no fractions of seconds.
func (b *bundle) header(name string, mode os.FileMode, size int64, modified time.Time) error {
	err := b.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(mode), Size: size,
		ModTime: modified.Truncate(time.Second), Format: tar.FormatGNU})
	if err != nil {
		return fmt.Errorf("cannot bundle %s: %w", shown(name), err)
	}
	return nil
}

func (b *bundle) close() error { return errors.Join(b.tar.Close(), b.pack.Close()) }

// openUnchanged opens a local file if it still is the one that was scanned.
func openUnchanged(local string, e Entry) (*os.File, error) {
	f, err := os.Open(local)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", shown(local), cause(err))
	}
	info, err := f.Stat()
	if err == nil && (info.Size() != e.Size || !info.ModTime().Equal(e.ModTime) || !info.Mode().IsRegular()) {
		err = &ChangedError{Path: local}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sourceReader reads just as much of a local file as was announced, and hashes it.
type sourceReader struct {
	ctx  context.Context
	path string
	left int64
	f    io.Reader
	hash hash.Hash
}

func (s *sourceReader) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.f.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	_, _ = s.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		return n, &ChangedError{Path: s.path}
	}
	if err != nil {
		return n, fmt.Errorf("cannot read %s: %w", shown(s.path), cause(err))
	}
	return n, nil
}

type counter struct {
	w    io.Writer
	done func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.done(int64(n))
	return n, err
}
