//go:build unix

package report

import (
	"io/fs"
	"os"
	"syscall"
)

// ownLink reports whether a link is this user's own, or root's.
func ownLink(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(stat.Uid) == os.Getuid() || stat.Uid == 0)
}
