package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// parseListing takes the listing of paths, which it has in their order; what is missing is left out.
func parseListing(paths []string, data []byte) (map[string]HostEntry, error) {
	entries := make(map[string]HostEntry, len(paths))
	c := cursor{data}
	for _, path := range paths {
		if mode, ok := c.mode(path); ok {
			entries[path] = entryOf(mode)
		}
	}
	if !c.skip(separator) {
		return nil, fmt.Errorf("unexpected mode at %.80q", c.rest)
	}
	for _, path := range paths {
		if hash, ok := c.hash(path); ok {
			e := entries[path]
			e.Hashed, e.SHA256 = true, hash
			entries[path] = e
		}
	}
	if !c.skip(separator) {
		return nil, fmt.Errorf("unexpected hash at %.80q", c.rest)
	}
	for _, path := range paths {
		if c.skip(path + "\x00") {
			target, rest, ok := bytes.Cut(c.rest, []byte{0})
			if !ok {
				return nil, fmt.Errorf("unexpected end of the link %.80q", path)
			}
			e := entries[path]
			e.Target, c.rest = string(target), rest
			entries[path] = e
		}
	}
	if len(c.rest) > 0 {
		return nil, fmt.Errorf("unexpected link at %.80q", c.rest)
	}
	return entries, nil
}

func entryOf(mode uint32) HostEntry {
	e := HostEntry{Kind: Other, Mode: fs.FileMode(mode & 0o7777)}
	switch mode & modeKind {
	case modeFile:
		e.Kind = File
	case modeDirectory:
		// A folder inherits the setgid bit from the one it is in, and chmod leaves it there: it is the host's affair.
		e.Kind, e.Mode = Directory, e.Mode&0o777
	case modeLink:
		e.Kind, e.Mode = Link, 0o777
	}
	return e
}

// cursor reads a listing. Names are matched as a whole, so that those with line ends in them are no trouble.
type cursor struct{ rest []byte }

func (c *cursor) skip(s string) bool {
	rest, ok := bytes.CutPrefix(c.rest, []byte(s))
	if ok {
		c.rest = rest
	}
	return ok
}

// mode takes the line "81a4 path" if it is next.
func (c *cursor) mode(path string) (uint32, bool) {
	digits, rest, ok := bytes.Cut(c.rest, []byte(" "))
	if !ok || len(digits) > 8 || !bytes.HasPrefix(rest, []byte(path+"\n")) {
		return 0, false
	}
	mode, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return 0, false
	}
	c.rest = rest[len(path)+1:]
	return uint32(mode), true
}

// hash takes the line with the hash of path if it is next, with the name escaped or, as older BusyBox has it, not.
func (c *cursor) hash(path string) (hash [sha256.Size]byte, ok bool) {
	line := bytes.TrimPrefix(c.rest, []byte(`\`))
	const digits = 2 * sha256.Size
	if len(line) < digits || !slices.ContainsFunc(betweens[:], func(b string) bool { return bytes.HasPrefix(line[digits:], []byte(b)) }) {
		return hash, false
	}
	if _, err := hex.Decode(hash[:], line[:digits]); err != nil {
		return hash, false
	}
	name := line[digits+len(betweens[0]):]
	if len(line) == len(c.rest) { // the usual case: nothing is escaped
		return hash, c.name(name, path)
	}
	return hash, slices.ContainsFunc(spellings(), func(spell func(string) string) bool { return c.name(name, spell(path)) })
}

// name takes the rest of the line.
func (c *cursor) name(line []byte, spelling string) bool {
	if len(line) <= len(spelling) || line[len(spelling)] != '\n' || string(line[:len(spelling)]) != spelling {
		return false
	}
	c.rest = line[len(spelling)+1:]
	return true
}
