package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kehuo/provision/provision"
)

// CreateFile opens a file that may hold names for writing, for this user alone: a report or a log. It is none of the files in
// never, an inventory for example, under whatever name, and none behind a link that somebody else has made. A file that was there
// before keeps its owner; what is no file, /dev/stdout for example, has no mode of ours to set.
func CreateFile(path string, never ...string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 && !ownLink(info) {
		return nil, provision.Fail("report.strange-link", path)
	}
	if there, err := os.Stat(path); err == nil {
		for _, name := range never {
			if kept, err := os.Stat(name); err == nil && os.SameFile(there, kept) {
				return nil, provision.Fail("report.file-needed", path, filepath.Base(name))
			}
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(0o600); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}
