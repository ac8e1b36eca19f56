package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lock takes the lock called name, which keeps apart all processes of this
// machine's user, and waits for it until ctx ends.
func lock(ctx context.Context, name string) (unlock func(), err error) {
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return lockFile(ctx, filepath.Join(filepath.Dir(dir), name))
}

func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("cannot make a directory for the sandbox's locks: %w", err)
	}
	file := flock.New(path)
	if _, err := file.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	// Closing the file releases the lock whatever happens.
	return func() { _ = file.Unlock() }, nil
}
