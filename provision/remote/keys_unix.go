//go:build unix

package remote

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn reports whether a file is owned by whom the program runs as.
func isOwn(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Getuid()
}
