package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrChanged is the error of an edit whose file is no longer as it was examined.
var ErrChanged = errors.New("the file has changed since it was examined; examine it again")

// Apply carries an edit out in the site's source folder on this machine. The file is replaced at once and keeps its mode; what a
// symbolic link leads to is what is edited.
func Apply(source string, e Edit) (err error) {
	name, err := filepath.EvalSymlinks(filepath.Join(source, filepath.FromSlash(e.File)))
	if err != nil {
		return fmt.Errorf("cannot edit %s: %w", e.File, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot edit %s: %w", name, err)
		}
	}()
	current, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if bytes.Equal(current, e.Content) {
		return nil
	}
	if !bytes.Equal(current, e.before) {
		return ErrChanged
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return replace(name, e.Content, info.Mode().Perm())
}

// replace writes beside the file and renames, so that there is never half a file under its name.
func replace(name string, content []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
