package hostkey

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// knownHosts is the content of all known_hosts files.
type knownHosts struct {
	*knownhosts.HostKeyDB
	original map[string]string // the path of a cleaned copy -> that of the file
}

// readKnownHosts reads the files that are there. The library gives up at the first line that it does not understand where
// OpenSSH passes over it, so a file with such a line is read from a copy in which the line is empty.
func readKnownHosts(paths []string) (*knownHosts, error) {
	k := &knownHosts{original: map[string]string{}}
	var present []string
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		present = append(present, path)
	}
	db, err := knownhosts.NewDB(present...)
	if err == nil {
		k.HostKeyDB = db
		return k, nil
	}
	copies, err := os.MkdirTemp("", "known_hosts")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(copies) }()
	for i, path := range present {
		cleaned := filepath.Join(copies, fmt.Sprint(i))
		if err := clean(path, cleaned); err != nil {
			return nil, err
		}
		k.original[cleaned] = path
		present[i] = cleaned
	}
	k.HostKeyDB, err = knownhosts.NewDB(present...)
	return k, err
}

// clean copies a known_hosts file and empties the lines that cannot be understood; the line numbers stay.
func clean(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if _, _, _, _, _, err := ssh.ParseKnownHosts([]byte(line)); err == nil && readable(line, to) {
			b.WriteString(strings.TrimRight(line, "\r\n"))
		}
		b.WriteByte('\n')
	}
	return os.WriteFile(to, []byte(b.String()), 0o600)
}

// readable tries one line with the library's own reader, which is stricter about hashes and patterns.
func readable(line, path string) bool {
	probe := path + ".line"
	if err := os.WriteFile(probe, []byte(line), 0o600); err != nil {
		return false
	}
	_, err := xknownhosts.New(probe)
	return err == nil
}

// place is where a key stands, as file:line.
func (k *knownHosts) place(key xknownhosts.KnownKey) string {
	file := key.Filename
	if original, ok := k.original[file]; ok {
		file = original
	}
	return fmt.Sprintf("%s:%d", file, key.Line)
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
