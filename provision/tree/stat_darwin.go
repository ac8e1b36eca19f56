package tree

import (
	"io/fs"
	"syscall"
)

func statOf(info fs.FileInfo) fileStat {
	s := fileStat{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.ctime, s.inode, s.device = sys.Ctimespec.Nano(), sys.Ino, uint64(sys.Dev)
	}
	return s
}

// changesShow reports whether every change of a file shows in its ctime.
func changesShow(folder string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(folder, &s) == nil && s.Fstypename[0] == 'a' && s.Fstypename[1] == 'p' // apfs
}
