package tree

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Copy makes a folder with what the manifest has of the tree at root, as a host gets it: those paths alone, with their modes.
func Copy(ctx context.Context, root, to string, m *Manifest) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	var folders []Entry
	for _, e := range m.Entries {
		name := filepath.Join(to, filepath.FromSlash(e.Path))
		var err error
		switch e.Kind {
		case Directory:
			err = os.Mkdir(name, 0o700)
			folders = append(folders, e)
		case Link:
			err = os.Symlink(e.Target, name)
		case File:
			err = copyFile(ctx, root, name, e)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range folders { // one that may not be written to is filled by now
		name := filepath.Join(to, filepath.FromSlash(e.Path))
		if err := os.Chmod(name, e.Mode); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(ctx context.Context, root, name string, e Entry) error {
	source, err := Open(ctx, root, e)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	err = errors.Join(err, file.Chmod(e.Mode), file.Close()) // whatever the umask
	if err != nil {
		return err
	}
	return os.Chtimes(name, e.ModTime, e.ModTime) // a server may tell visitors
}
