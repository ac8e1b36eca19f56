package transfer

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

//go:embed *.sh
var scripts embed.FS

const (
	// insideFolder is where files are staged when the site's folder is on another file system than the state folder,
	// because a file can only be renamed within one.
	insideFolder = ".provision-upload"
	// maxPacked bounds the names that a script carries, in bytes as packed. Linux takes no argument beyond 128 KiB.
	maxPacked = 64 << 10
	// worthKeeping is how much content, in bytes, makes hashes that a host keeps worth their room: less is read as fast.
	worthKeeping = 1 << 20
	// mayPack is how long names can be, in bytes, for packing them to be worth a try: they shrink to a tenth or so.
	mayPack = 12 * maxPacked
)

// Reading says how a host looks at files.
type Reading struct {
	Remove   bool // what was put there before and is no longer in the source is to go
	Verify   bool // every file is read, also those that the host remembers the hash of
	Remember bool // the host keeps the hashes of what it has read, beside the site
}

// HostScript prints what is on the host of the paths that m names, of what was put there before, and of what a cut upload left
// behind, for [ParseHost]. It changes nothing. Where the host is exactly as m has it, its output is some hundred bytes however
// large the tree: the script carries the digest of what it expects to find. It ends with exit: whoever makes it a part of
// another script runs it in a subshell.
func HostScript(directory, stateDir string, m *tree.Manifest, how Reading) shell.Text {
	p := predict(m.Entries)
	return listingScript(directory, stateDir, pack(p.names), p, how)
}

// List runs the script of [HostScript] by itself and names every path in it, however many they are: for a listing that is
// not complete, and for whoever gathers no other facts.
func List(ctx context.Context, c *remote.Client, directory, stateDir string, m *tree.Manifest, how Reading) (*Listing, error) {
	p := predict(m.Entries)
	out, err := c.Output(ctx, remote.Command{Script: listingScript(directory, stateDir, packed(p.names), p, how), Limit: mostAnswer})
	if err != nil {
		return nil, provision.Fail("upload.list", c.Name(), directory, err)
	}
	return ParseHost(bytes.NewReader(out))
}

func listingScript(directory, stateDir, packed string, p prediction, how Reading) shell.Text {
	memory := "remember.sh"
	if p.odd != "" || p.bytes < worthKeeping { // there is no need to send it
		memory = "forget.sh"
	}
	return shell.Load(scripts, "common.sh", memory, "listing.sh").With(directory, stateDir, insideFolder, sum(p.names), p.expected, packed,
		strconv.FormatInt(p.bytes, 10), strconv.Itoa(p.links), p.odd, flag(how.Remove), flag(how.Verify), flag(how.Remember))
}

// flag is a truth value as an argument of a script.
func flag(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

// prediction is what the host holds once a tree is there.
type prediction struct {
	names    []byte // every path, in byte order, each ended by NUL: the manifest on the host
	expected string // SHA-256 of the listing, one for each way in which a host may print it
	bytes    int64  // content of files
	links    int
	odd      string // not empty where a path has a line end, or what some tools escape
}

// predict tells what the host holds of entries.
func predict(entries []tree.Entry) prediction {
	sorted := make([]*tree.Entry, len(entries))
	var p prediction
	for i := range entries {
		sorted[i] = &entries[i]
		if strings.ContainsAny(entries[i].Path, escaped) {
			p.odd = "odd"
		}
	}
	slices.SortFunc(sorted, func(a, b *tree.Entry) int { return strings.Compare(a.Path, b.Path) })
	var modes, targets []byte
	for _, e := range sorted {
		p.names = append(append(p.names, e.Path...), 0)
		modes = strconv.AppendUint(modes, uint64(rawMode(e)), 16)
		modes = append(append(append(modes, ' '), e.Path...), '\n')
		switch e.Kind {
		case tree.File:
			p.bytes += e.Size
		case tree.Link:
			p.links++
			targets = append(append(append(append(targets, e.Path...), 0), e.Target...), 0)
		}
	}
	spellings := spellings()
	if p.odd == "" {
		spellings = spellings[:1]
	}
	var expected []string
	for _, spell := range spellings {
		for _, between := range betweens {
			h := sha256.New()
			for _, part := range [][]byte{modes, []byte(separator), hashLines(sorted, between, spell), []byte(separator), targets} {
				h.Write(part)
			}
			expected = append(expected, hex.EncodeToString(h.Sum(nil)))
		}
	}
	p.expected = strings.Join(expected, " ")
	return p
}

// betweens is what stands between a hash and a name, which the scripts write with a dot in front: in a line of sha256sum, and
// of openssl.
var betweens = [...]string{"  ./", " *./"}

// hashLines is what the host prints of all files.
func hashLines(entries []*tree.Entry, between string, spell func(string) string) []byte {
	var lines []byte
	for _, e := range entries {
		if e.Kind != tree.File {
			continue
		}
		name := e.Path
		if strings.ContainsAny(name, escaped) {
			if name = spell(name); name != e.Path {
				lines = append(lines, '\\')
			}
		}
		lines = hex.AppendEncode(lines, e.SHA256[:])
		lines = append(append(append(lines, between...), name...), '\n')
	}
	return lines
}

// escaped are the bytes that some sha256sum escapes in names, and marks the line of by a backslash in front.
const escaped = "\\\n\r"

// spellings are the ways in which names are printed beside hashes: GNU's since coreutils 9.0, the one before, OpenSSL's,
// and older BusyBox's, which escapes nothing.
func spellings() []func(string) string {
	return []func(string) string{
		strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace,
		strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace,
		strings.NewReplacer("\n", `\n`).Replace,
		func(name string) string { return name },
	}
}

const separator = "=\n"

// The kinds in st_mode, as stat(2) has them on Linux.
const (
	modeKind      = 0o170000
	modeFile      = 0o100000
	modeDirectory = 0o040000
	modeLink      = 0o120000
)

func rawMode(e *tree.Entry) uint32 {
	switch e.Kind {
	case tree.File:
		return modeFile | uint32(e.Mode.Perm())
	case tree.Directory:
		return modeDirectory | uint32(e.Mode.Perm())
	}
	return modeLink | 0o777
}

// pack makes names safe to be part of a script, and small; "" where that would be too long for an argument.
func pack(names []byte) string {
	if len(names) > mayPack {
		return ""
	}
	if p := packed(names); len(p) <= maxPacked {
		return p
	}
	return ""
}

func packed(names []byte) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(names) // a buffer takes everything
	_ = z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
