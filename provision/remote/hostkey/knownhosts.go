package hostkey

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// entry is a line of a known_hosts file.
type entry struct {
	marker string // "", "cert-authority" or "revoked"
	names  string // patterns with commas between them, or one hashed name
	key    ssh.PublicKey
	place  string // file:line
}

// knownHosts are lines of all known_hosts files.
type knownHosts []entry

// readKnownHosts reads the lines about a host of these names from the files that are there. As OpenSSH does it passes over lines that it
// does not understand. Keys of other hosts are not looked at: whoever has a thousand hosts has as many lines, and reads them for each.
func readKnownHosts(paths []string, names ...string) (knownHosts, error) {
	var all knownHosts
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		number := 0
		for line := range bytes.Lines(text) {
			number++
			if !concerns(line, names) {
				continue
			}
			marker, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
			if err != nil || marker != "" && marker != authority && marker != revoked {
				continue
			}
			all = append(all, entry{marker, strings.Join(hosts, ","), key, fmt.Sprintf("%s:%d", path, number)})
		}
	}
	return all, nil
}

// concerns reports whether a line is about a host of one of the names.
func concerns(line []byte, names []string) bool {
	hosts, rest := field(line)
	if bytes.HasPrefix(hosts, []byte("@")) {
		hosts, _ = field(rest)
	}
	e := entry{names: string(hosts)}
	return slices.ContainsFunc(names, e.covers)
}

// field is the first word of a line, and what follows it.
func field(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t\r\n")
	if end < 0 {
		end = len(line)
	}
	return line[:end], line[end:]
}

const (
	authority = "cert-authority"
	revoked   = "revoked"
)

// of are the lines with that marker that cover the host of that name.
func (k knownHosts) of(name, marker string) knownHosts {
	var found knownHosts
	for _, e := range k {
		if e.marker == marker && e.covers(name) {
			found = append(found, e)
		}
	}
	return found
}

// find is the first line with that key; nil where there is none.
func (k knownHosts) find(key ssh.PublicKey) *entry {
	for i := range k {
		if bytes.Equal(k[i].key.Marshal(), key.Marshal()) {
			return &k[i]
		}
	}
	return nil
}

// covers reports whether the line is about the host of that name: a pattern matches, and none behind a '!' does.
func (e entry) covers(name string) bool {
	name = strings.ToLower(name)
	if rest, hashed := strings.CutPrefix(e.names, "|1|"); hashed {
		salt, sum, _ := strings.Cut(rest, "|")
		return isHashOf(name, salt, sum)
	}
	covered := false
	for pattern := range strings.SplitSeq(strings.ToLower(e.names), ",") {
		pattern, not := strings.CutPrefix(pattern, "!")
		switch {
		case !wildcard(pattern, name):
		case not:
			return false
		default:
			covered = true
		}
	}
	return covered
}

func isHashOf(name, salt, sum string) bool {
	key, err := base64.StdEncoding.DecodeString(salt)
	want, sumErr := base64.StdEncoding.DecodeString(sum)
	if err != nil || sumErr != nil {
		return false
	}
	mac := hmac.New(sha1.New, key)
	_, _ = mac.Write([]byte(name))
	return hmac.Equal(mac.Sum(nil), want)
}

// wildcard matches a name with a pattern of '*' and '?', which in OpenSSH stand for any characters; no others mean anything.
func wildcard(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	literal := strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
	ok, err := path.Match(strings.ReplaceAll(literal, "/", "\x01"), strings.ReplaceAll(name, "/", "\x01"))
	return err == nil && ok
}

// appendLine adds a line to a file, which is made where it is not there.
func appendLine(path, line string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = f.WriteString(line)
	return err
}
