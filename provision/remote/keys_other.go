//go:build !unix

package remote

import "io/fs"

// isOwn is false where modes say nothing of who may read a file.
func isOwn(fs.FileInfo) bool { return false }
