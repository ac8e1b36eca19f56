package tree

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/kehuo/provision/provision"
)

// Source is a file of the tree that is open to be read: it gives what the scan saw, or fails with [IsChanged].
type Source struct {
	Entry
	ctx   context.Context
	local string
	file  *os.File
	left  int64     // of the bytes that Read has still to give
	hash  hash.Hash // of those that it gave
}

// Open opens a file of the tree at root if it still is as it was scanned.
func Open(ctx context.Context, root string, e Entry) (*Source, error) {
	s := &Source{Entry: e, ctx: ctx, local: filepath.Join(root, filepath.FromSlash(e.Path)), left: e.Size, hash: sha256.New()}
	var err error
	if s.file, err = openRegular(s.local); err != nil {
		return nil, err
	}
	if err := s.Unchanged(); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// Unchanged fails where the file's size or time is no longer that of the scan.
func (s *Source) Unchanged() error {
	info, err := s.file.Stat()
	if err != nil {
		return unreadable(s.local, err)
	}
	if info.Size() != s.Size || !info.ModTime().Equal(s.ModTime) {
		return changed(s.local)
	}
	return nil
}

// Read implements io.Reader. It ends without an error only where all that was read is what was scanned.
func (s *Source) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	if s.left == 0 {
		if [sha256.Size]byte(s.hash.Sum(nil)) != s.SHA256 {
			return 0, changed(s.local)
		}
		return 0, io.EOF
	}
	n, err := s.file.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	_, _ = s.hash.Write(p[:n])
	return n, s.explain(err)
}

// ReadAt implements io.ReaderAt. What it gives is not compared with the scan: see [Source.Unchanged].
func (s *Source) ReadAt(p []byte, offset int64) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	n, err := s.file.ReadAt(p, offset)
	return n, s.explain(err)
}

// explain is the error of a read that gave less than was asked for.
func (s *Source) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return changed(s.local)
	}
	return unreadable(s.local, err)
}

// Close implements io.Closer.
func (s *Source) Close() error { return s.file.Close() }

const codeChanged = "tree.changed"

func changed(local string) error { return provision.Fail(codeChanged, Shown(local)) }

// IsChanged tells whether an error says that a file of the tree changed while it was read or sent.
func IsChanged(err error) bool { return provision.CodeOf(err) == codeChanged }

func unreadable(local string, err error) error {
	return provision.Fail("tree.unreadable", Shown(local), cause(err))
}

// openRegular opens a regular file, and refuses anything else instead of waiting for it: a named pipe has no end.
func openRegular(local string) (*os.File, error) {
	f, err := os.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unreadable(local, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = unreadable(local, err)
	case !info.Mode().IsRegular():
		err = provision.Fail("tree.irregular", Shown(local))
	default:
		return f, nil
	}
	return nil, errors.Join(err, f.Close())
}

// readRegular reads a regular file that is no larger than limit bytes.
func readRegular(ctx context.Context, local string, limit int64) ([]byte, error) {
	f, err := openRegular(local)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(&cancelReader{ctx, f}, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, unreadable(local, err)
	}
	if int64(len(data)) > limit {
		return nil, provision.Fail("tree.too-large", Shown(local), limit>>10)
	}
	return data, nil
}

// cancelReader ends a long read with its context. It hides other methods of the file on purpose: they would go around it.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// cause strips the path from a file error, for messages that name it already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Shown is a path as it is safe to print: quoted where it holds anything but printable text.
func Shown(p string) string {
	if strings.ToValidUTF8(p, "") == p && !strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return p
	}
	return strconv.Quote(p)
}
