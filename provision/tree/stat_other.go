//go:build !linux && !darwin

package tree

import "io/fs"

func statOf(info fs.FileInfo) fileStat {
	return fileStat{size: info.Size(), mtime: info.ModTime().UnixNano()}
}
