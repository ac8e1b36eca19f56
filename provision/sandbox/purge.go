package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Purge removes what Down keeps: the hosts' images, what a killed Up left of
// making one, and the archives of root file systems. It fails while a host
// still uses an image. Images that Up pulled from a registry stay: others may
// use them.
func Purge(ctx context.Context) error {
	e := engine{}
	if err := e.check(ctx); err != nil {
		return err
	}
	// Hosts carry their image's label too, but not this name.
	containers, err := e.run(ctx, "ps", "--all", "--quiet", "--filter", "label="+labelImage, "--filter", "name=^"+buildName)
	if err != nil {
		return fmt.Errorf("cannot list what the sandbox left of making images: %w", err)
	}
	for _, container := range strings.Fields(containers) {
		if _, err := e.run(ctx, "rm", "--force", container); err != nil && !saysNone(err) {
			return fmt.Errorf("cannot remove what the sandbox left of making an image: %w", err)
		}
	}
	images, err := e.run(ctx, "images", "--filter", "label="+labelImage, "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return fmt.Errorf("cannot list the sandbox's images: %w", err)
	}
	for _, image := range strings.Fields(images) {
		if _, err := e.run(ctx, "rmi", image); err != nil && !saysNone(err) {
			return fmt.Errorf("cannot remove the sandbox's image %s; take down the hosts that use it first: %w", image, err)
		}
	}
	return purgeArchives(ctx)
}

// purgeArchives removes each archive when no other process is making it.
func purgeArchives(ctx context.Context) error {
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	var failed []error
	for _, path := range locks {
		failed = append(failed, purgeArchive(ctx, strings.TrimSuffix(path, ".lock")))
	}
	_ = os.Remove(dir) // stays if something else is in it
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("cannot remove the sandbox's root file systems: %w", err)
	}
	return nil
}

func purgeArchive(ctx context.Context, archive string) error {
	unlock, err := lockFile(ctx, archive+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	return errors.Join(os.RemoveAll(archive), os.RemoveAll(archive+".work"), os.RemoveAll(archive+".unfinished"), os.Remove(archive+".lock"))
}
