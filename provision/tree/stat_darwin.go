package tree

import (
	"io/fs"
	"syscall"
)

func statOf(info fs.FileInfo) fileStat {
	s := fileStat{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.ctime, s.inode = sys.Ctimespec.Nano(), sys.Ino
	}
	return s
}
