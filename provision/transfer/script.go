package transfer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed list.sh
var listScript string

//go:embed facts.sh
var factsScript string

const (
	// insideFolder is where files are staged when the site's folder is on another file system than the state folder,
	// because a file can only be renamed within one.
	insideFolder = ".provision-upload"
	// maxPacked bounds the names that a script carries, in bytes as packed. Linux takes no argument beyond 128 KiB.
	maxPacked = 64 << 10
)

// HostScript is a POSIX shell script that prints what is on the host of the paths that m names, of what was put there
// before, and of what a cut upload left behind, for [ParseHost]. It changes nothing. Where the host is exactly as m has it,
// its output is some hundred bytes however large the tree: the script carries the digest of what it expects to find.
func HostScript(directory, stateDir string, m *Manifest) string {
	names, expected := m.predict()
	return hostScript(directory, stateDir, pack(names), sum(names), sum(expected))
}

func hostScript(directory, stateDir, packed, names, expected string) string {
	var b strings.Builder
	b.WriteString("(\nLC_ALL=C\nexport LC_ALL\n")
	for _, v := range [][2]string{
		{"directory", directory}, {"state", stateDir}, {"inside", insideFolder},
		{"names", names}, {"expected", expected}, {"packed", packed},
	} {
		fmt.Fprintf(&b, "%s=%s\n", v[0], quote(v[1]))
	}
	b.WriteString(listScript)
	b.WriteString(factsScript)
	b.WriteString(")\n")
	return b.String()
}

// predict is what the host holds once the tree is there: the list of names, as its manifest has it, and the listing.
func (m *Manifest) predict() (names, listing []byte) {
	return predict(m.Entries)
}

func predict(entries []Entry) (names, listing []byte) {
	sorted := make([]*Entry, len(entries))
	for i := range entries {
		sorted[i] = &entries[i]
	}
	slices.SortFunc(sorted, func(a, b *Entry) int { return strings.Compare(a.Path, b.Path) })
	var modes, hashes, targets []byte
	for _, e := range sorted {
		names = append(append(names, e.Path...), 0)
		modes = strconv.AppendUint(modes, uint64(rawMode(e)), 16)
		modes = append(append(append(modes, ' '), e.Path...), '\n')
		switch e.Kind {
		case File:
			hashes = appendHashLine(hashes, e)
		case Link:
			targets = append(append(append(append(targets, e.Path...), 0), e.Target...), 0)
		}
	}
	return names, slices.Concat(modes, []byte(separator), hashes, []byte(separator), targets)
}

const separator = "=\n"

// The kinds in st_mode, as stat(2) has them on Linux.
const (
	modeKind      = 0o170000
	modeFile      = 0o100000
	modeDirectory = 0o040000
	modeLink      = 0o120000
)

func rawMode(e *Entry) uint32 {
	switch e.Kind {
	case File:
		return modeFile | uint32(e.Mode.Perm())
	case Directory:
		return modeDirectory | uint32(e.Mode.Perm())
	}
	return modeLink | 0o777
}

// appendHashLine appends a line as GNU sha256sum prints it: names with a backslash or a line end are escaped, and marked by
// a backslash before the hash.
func appendHashLine(line []byte, e *Entry) []byte {
	name := e.Path
	if strings.ContainsAny(name, "\\\n\r") {
		line = append(line, '\\')
		name = gnuEscapes().Replace(name)
	}
	line = hex.AppendEncode(line, e.SHA256[:])
	return append(append(append(line, "  "...), name...), '\n')
}

func gnuEscapes() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
}

// pack makes names safe to be part of a script, and small; "" where that would be too long for one.
func pack(names []byte) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(names) // a buffer takes everything
	_ = z.Close()
	if base64.StdEncoding.EncodedLen(b.Len()) > maxPacked {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// quote makes s one word of a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
