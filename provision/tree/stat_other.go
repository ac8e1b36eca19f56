//go:build !linux && !darwin

package tree

import "io/fs"

func statOf(info fs.FileInfo) fileStat {
	return fileStat{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

// changesShow: all that is known of a change is a file's mtime, which any program can set back.
func changesShow(string) bool { return false }
