package image

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/kehuo/provision/provision"
)

const (
	// cacheLimit is how much the cache keeps, in bytes: some images of the usual size. What was used longest ago goes first.
	cacheLimit = 4 << 30
	// maxConfig bounds an image's configuration, in bytes.
	maxConfig = 8 << 20
	// attempts is how often a blob is asked for that comes in pieces.
	attempts = 3
)

// DigestError is content that is not what it was asked for as.
type DigestError struct{ Want, Got string }

func (e *DigestError) Error() string { return "want " + e.Want + ", got " + e.Got }

// CacheFolder is where this user's images are kept.
func CacheFolder() (string, error) {
	folder, err := os.UserCacheDir()
	return filepath.Join(folder, "provision", "images"), err
}

// fetch implements origin. The registry's word is not taken for what it is.
func (s source) fetch(ctx context.Context, b Blob, w io.Writer) error {
	layer, err := remote.Layer(s.repository.Digest(b.Digest.String()), s.with(ctx)...)
	if err != nil {
		return err
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(content, b.Size+1))
	if got := "sha256:" + hex.EncodeToString(hash.Sum(nil)); n >= b.Size && got != b.Digest.String() {
		return &DigestError{b.Digest.String(), got}
	}
	if err == nil && n < b.Size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// config fetches a blob that is small.
func (s source) config(ctx context.Context, b Blob) ([]byte, error) {
	var content bytes.Buffer
	err := s.fetch(ctx, b, &content)
	return content.Bytes(), err
}

// blob has the cache hold one of an image's blobs, and links it to a file; got is told of bytes as they come.
func (r *Registries) blob(ctx context.Context, i *Image, b Blob, file string, got func(int64)) error {
	lock := r.lock(b.Digest)
	lock.Lock()
	defer lock.Unlock()
	if err := os.MkdirAll(r.Folder, 0o700); err != nil {
		return provision.Fail("image.cache", r.Folder, err)
	}
	kept := filepath.Join(r.Folder, b.Digest.Hex)
	if isWhole(kept, b) {
		touch(kept)
		if err := r.link(kept, file); err == nil {
			got(b.Size)
			return nil
		}
	}
	var err error
	for range attempts {
		var wrong *DigestError
		if err = r.download(ctx, i, b, kept, got); err == nil || errors.As(err, &wrong) || ctx.Err() != nil || errors.As(err, new(*fs.PathError)) {
			break
		}
	}
	var local *fs.PathError
	switch {
	case errors.As(err, &local):
		return provision.Fail("image.cache", r.Folder, err)
	case err != nil:
		return i.at.explain(i.Name, err)
	}
	if err := r.link(kept, file); err != nil {
		return provision.Fail("image.cache", r.Folder, err)
	}
	return nil
}

// touch marks a blob as of use again; not while others of this run may have links to it, which must not change under them.
func touch(kept string) {
	if info, err := os.Stat(kept); err == nil && time.Since(info.ModTime()) > inUse {
		now := time.Now()
		_ = os.Chtimes(kept, now, now)
	}
}

// inUse is longer than a blob is on its way to the hosts of a run.
const inUse = 6 * time.Hour

func (r *Registries) lock(digest v1.Hash) *sync.Mutex {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blobs == nil {
		r.blobs = map[v1.Hash]*sync.Mutex{}
	}
	if r.blobs[digest] == nil {
		r.blobs[digest] = &sync.Mutex{}
	}
	return r.blobs[digest]
}

// download puts a blob into the cache once it is known to be the right one.
func (r *Registries) download(ctx context.Context, i *Image, b Blob, kept string, got func(int64)) (err error) {
	part, err := os.CreateTemp(r.Folder, "part-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }()
	count := &counter{w: part, got: got}
	err = i.at.fetch(ctx, b, count)
	if err = errors.Join(err, part.Close()); err != nil {
		got(-count.n)
		return err
	}
	r.names.Lock()
	defer r.names.Unlock()
	return os.Rename(part.Name(), kept)
}

// counter tells of the bytes that go through it.
type counter struct {
	w   io.Writer
	n   int64
	got func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.got(int64(n))
	return n, err
}

// isWhole reports whether a file of the cache still is what it is named after.
func isWhole(file string, b Blob) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	return err == nil && n == b.Size && hex.EncodeToString(hash.Sum(nil)) == b.Digest.Hex
}

// link gives a file a second name, or copies it where the file system has no such thing.
func (r *Registries) link(from, to string) error {
	r.names.Lock()
	defer r.names.Unlock()
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// stale is how old what an interrupted run left must be for nobody to be at work on it.
const stale = 24 * time.Hour

// trim removes what was used longest ago, until the cache is within its bound, and what interrupted runs left.
func (r *Registries) trim(limit int64) {
	r.names.Lock()
	defer r.names.Unlock()
	folder := r.Folder
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	var kept []fs.FileInfo
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case len(e.Name()) == 2*sha256.Size:
			kept = append(kept, info)
			total += info.Size()
		case (strings.HasPrefix(e.Name(), "part-") || strings.HasPrefix(e.Name(), "stage-")) && time.Since(info.ModTime()) > stale:
			_ = os.RemoveAll(filepath.Join(folder, e.Name()))
		}
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range kept {
		if total <= limit {
			return
		}
		if os.Remove(filepath.Join(folder, info.Name())) == nil {
			total -= info.Size()
		}
	}
}
