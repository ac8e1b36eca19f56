package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Down removes the host called name, or all hosts that Up made together under
// that name: containers, volumes, keys and files. The empty name means every
// host whose files lie in the default directory. A name that no host has is
// not an error. The images stay, so that the next Up is quick; see Purge.
func Down(ctx context.Context, name string) error {
	dir, err := defaultDir()
	if err != nil {
		return err
	}
	if name != "" {
		if err := checkName(name); err != nil {
			return err
		}
	}
	e := engine{}
	if err := e.check(ctx); err != nil {
		return err
	}
	unlock, err := lock(ctx, addressLock)
	if err != nil {
		return err
	}
	defer unlock()
	doomed, err := e.hosts(ctx, func(h Host) bool {
		if name == "" {
			return filepath.Dir(h.dir) == dir
		}
		return h.Name == name || h.set == name
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, host := range doomed {
		failed = append(failed, e.takeDown(ctx, host))
	}
	return errors.Join(failed...)
}

// takeDown removes one host, and what its set shares when it was the last.
func (e engine) takeDown(ctx context.Context, host Host) error {
	if err := e.remove(ctx, host.Name); err != nil {
		return err
	}
	for _, file := range []string{host.Identity, host.KnownHosts} {
		if err := removeFile(file); err != nil {
			return err
		}
	}
	set := filepath.Dir(host.Inventory)
	left, err := e.hosts(ctx, func(h Host) bool { return filepath.Dir(h.Inventory) == set })
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if err := e.writeInventory(ctx, set); err != nil {
			return err
		}
	} else {
		if err := os.RemoveAll(host.Site); err != nil {
			return fmt.Errorf("cannot remove the sample site of sandbox host %s: %w", host.Name, err)
		}
		if err := removeFile(host.Inventory); err != nil {
			return err
		}
	}
	// Whatever else a person put into the directories stays, and so do they.
	_ = os.Remove(host.dir)
	_ = os.Remove(set)
	_ = os.Remove(filepath.Dir(set))
	return nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot remove a file of the sandbox: %w", err)
	}
	return nil
}

// remove removes a host's container and volume; neither need be there.
func (e engine) remove(ctx context.Context, name string) error {
	if _, err := e.run(ctx, "rm", "--force", "--volumes", resourceName(name)); err != nil && !saysNone(err) {
		return fmt.Errorf("cannot remove sandbox host %s: %w", name, err)
	}
	if _, err := e.run(ctx, "volume", "rm", "--force", resourceName(name)); err != nil && !saysNone(err) {
		return fmt.Errorf("cannot remove the volume of sandbox host %s: %w", name, err)
	}
	return nil
}
