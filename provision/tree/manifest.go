// Package tree reads a folder of this machine: what of it is wanted, what its ignore files leave out, and the content of every
// file by its SHA-256. What it gives is a value, a [Manifest], of which others ask what to upload and what to call a release.
package tree

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Kind is what a path is.
type Kind byte

// The kinds. Other stands for what a site never has: sockets, devices, named pipes.
const (
	Missing   Kind = 0
	File      Kind = 'f'
	Directory Kind = 'd'
	Link      Kind = 'l' // a symbolic link
	Other     Kind = 'o'
)

func (k Kind) String() string {
	switch k {
	case Missing:
		return "nothing"
	case File:
		return "file"
	case Directory:
		return "folder"
	case Link:
		return "link"
	}
	return "special file"
}

// Entry is one path of a tree.
type Entry struct {
	Path   string // slash-separated, relative to the root of the tree; any bytes but NUL
	Kind   Kind
	Mode   fs.FileMode       // permission bits only: 0644, 0755, 0600 or 0700; 0777 for links
	Size   int64             // of files, in bytes
	SHA256 [sha256.Size]byte // of files
	Target string            // of links, as it is stored in them
	// ModTime is when the file was last modified here. It is passed on for the sake of HTTP validators and decides nothing.
	ModTime time.Time
	// Unbuilt marks what .dockerignore hides from docker build, and what is uploaded all the same.
	Unbuilt bool
	// Fresh marks a file that was read for this scan, because no cache knew its hash.
	Fresh bool
}

// Manifest is what a tree holds: every path once, each folder before what is in it, names in byte order.
type Manifest struct{ Entries []Entry }

// Digest is the SHA-256, in hex, of everything that docker build sees of the tree: paths, kinds, modes, contents and
// targets of links. Modification times are not part of it, as they are not part of what keys Docker's build cache. Labels on
// hosts hold it: it must never come out otherwise for the same tree.
func (m *Manifest) Digest() string {
	h := sha256.New()
	var frame []byte
	for _, e := range m.Entries {
		if e.Unbuilt {
			continue
		}
		frame = append(frame[:0], byte(e.Kind))
		frame = binary.BigEndian.AppendUint32(frame, uint32(e.Mode))
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(e.Path)))
		frame = append(frame, e.Path...)
		frame = append(frame, e.SHA256[:]...)
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(e.Target)))
		frame = append(frame, e.Target...)
		h.Write(frame)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Size is the sum of the sizes of all files, in bytes.
func (m *Manifest) Size() int64 {
	var total int64
	for _, e := range m.Entries {
		total += e.Size
	}
	return total
}

// Likely tells whether there will be something to upload: files were read anew.
func (m *Manifest) Likely() bool {
	return slices.ContainsFunc(m.Entries, func(e Entry) bool { return e.Fresh && e.Size > 0 })
}

// ComparePaths orders paths as a walk meets them: a folder directly before what is in it.
func ComparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		}
		return cmp.Compare(a[i], b[i])
	}
	return cmp.Compare(len(a), len(b))
}

// Parent is the folder that path is in; "" for the root of the tree.
func Parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '/'), 0)]
}
