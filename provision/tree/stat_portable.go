//go:build !linux

package tree

import (
	"os"
	"path/filepath"
)

// lstat looks at a name in the folder.
func (f openFolder) lstat(name string) (lstat, error) {
	info, err := os.Lstat(filepath.Join(f.Name(), name))
	if err != nil {
		return lstat{}, err
	}
	return lstat{statOf(info), info.Mode()}, nil
}
