package tree

import (
	"context"
	"crypto/sha256"
	"io"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// hashBuffer is how much of a file each goroutine reads at once.
const hashBuffer = 128 << 10

// hashAll fills in the hashes of all files: those that cache knows to be unchanged from there, the others by reading.
func hashAll(ctx context.Context, root string, files []found, cache *cache, workers int) error {
	unknown := cache.fill(files)
	if len(unknown) == 0 {
		cache.save(files)
		return nil
	}
	next := make(chan *found)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(next)
		for _, f := range unknown {
			select {
			case next <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range min(workers, len(unknown)) {
		group.Go(func() error {
			buffer := make([]byte, hashBuffer)
			for f := range next {
				if err := hashFile(ctx, root, f, buffer); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	cache.save(files)
	return nil
}

// hashFile reads one file. It must be the same before and after, and as long as was said.
func hashFile(ctx context.Context, root string, f *found, buffer []byte) (err error) {
	local := filepath.Join(root, filepath.FromSlash(f.Path))
	file, err := openRegular(local)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	f.hashed = time.Now()
	before, err := file.Stat()
	if err != nil {
		return unreadable(local, err)
	}
	h := sha256.New()
	n, err := io.CopyBuffer(h, &cancelReader{ctx, io.LimitReader(file, f.Size+1)}, buffer)
	if err != nil {
		return unreadable(local, err)
	}
	after, err := file.Stat()
	if err != nil {
		return unreadable(local, err)
	}
	now := statOf(after)
	if statOf(before) != now || f.stat != now || n != f.Size {
		return changed(local)
	}
	h.Sum(f.SHA256[:0])
	return nil
}
