package transfer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/tree"
)

// HostEntry is what is at a path on the host.
type HostEntry struct {
	Kind   tree.Kind
	Mode   fs.FileMode // permission bits
	Hashed bool        // SHA256 is known: it is a file that could be read
	SHA256 [sha256.Size]byte
	Target string // of links
}

// State is what the site's folder on the host is.
type State string

// The states of the site's folder.
const (
	Present    State = "present"
	Absent     State = "missing"
	Obstructed State = "obstructed" // something that is no folder has its name
	Closed     State = "closed"     // it may not be entered
)

// Listing is the host's side, as the output of [HostScript] tells it.
type Listing struct {
	State State
	Free  int64    // bytes that may still be written where files are staged; -1 if unknown
	Lacks []string // tools that the host lacks

	same     bool                 // all is as the manifest of the script has it
	sameSet  bool                 // the manifest on the host names the same paths
	entries  map[string]HostEntry // what is there; a path that was asked for and is not in it is missing
	asked    map[string]struct{}  // the paths that were looked at
	recorded []string             // paths that were put there before
	inside   bool                 // files are staged in the site's folder itself
	staged   map[string]HostEntry
	large    []string // hashes of large files that are partly staged
}

// A host is not trusted with more than this.
const (
	mostAnswer = 64 << 20  // bytes of a listing, packed
	maxListing = 128 << 20 // bytes that all parts of a listing unpack to
	maxPaths   = 500_000   // in each part
	maxLine    = 64 << 10  // bytes of a line of the answer
	maxPath    = 32 << 10  // bytes of a path, or of where a link leads
)

// ParseHost reads the output of [HostScript].
func ParseHost(r io.Reader) (*Listing, error) {
	p := newHostParser(r)
	if line, _ := p.line(); line != "transfer 1" {
		return nil, provision.Fail("upload.listing-noise", excerpt(line))
	}
	for {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(line, "lacks ") { // all that do stand at the beginning
			if err := p.l.lacking(); err != nil {
				return nil, err
			}
		}
		if line == "end" {
			return p.l, nil
		}
		if err := p.fact(line); err != nil {
			return nil, err
		}
	}
}

// packages are those that the tools are in which a run cannot do without, as most systems name them.
var packages = map[string]string{
	"find": "findutils", "xargs": "findutils", "gzip": "gzip", "sed": "sed", "grep": "grep",
	"stat": "coreutils", "sha256sum": "coreutils", "sort": "coreutils", "base64": "coreutils", "readlink": "coreutils", "nohup": "coreutils",
}

// lacking is the failure of a host without tools that a run needs; nil for none.
func (l *Listing) lacking() error {
	var tools, from []string
	for _, tool := range l.Lacks {
		if of, needed := packages[tool]; needed && !slices.Contains(tools, tool) {
			tools, from = append(tools, tool), append(from, of)
		}
	}
	if tools == nil {
		return nil
	}
	slices.Sort(from)
	return provision.Fail("upload.lacks", strings.Join(tools, ", "), strings.Join(slices.Compact(from), " "))
}

type hostParser struct {
	lines *bufio.Scanner
	l     *Listing
	asked []string
	left  int64 // bytes that may still be unpacked
}

func newHostParser(r io.Reader) *hostParser {
	p := &hostParser{lines: bufio.NewScanner(r), l: &Listing{State: Present, Free: -1}, left: maxListing}
	p.lines.Buffer(nil, maxLine)
	return p
}

// line is the next line; there is always one in front of the end of a listing.
func (p *hostParser) line() (string, error) {
	if p.lines.Scan() {
		return strings.TrimRight(p.lines.Text(), "\r"), nil
	}
	if p.lines.Err() != nil {
		return "", tooLarge()
	}
	return "", provision.Fail("upload.listing-short")
}

func tooLarge() error { return provision.Fail("upload.listing-large", maxListing>>20, maxPaths) }

// broken is the error of a listing that is not as the script writes it.
func broken(at string) error { return provision.Fail("upload.listing-broken", excerpt(at)) }

// excerpt is the beginning of a text of the host's.
func excerpt(text string) string {
	const most = 80
	return safetext.Clean(strconv.Quote(text[:min(len(text), most)]))
}

// fact takes one line, and what follows it.
func (p *hostParser) fact(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "lacks":
		p.l.Lacks = append(p.l.Lacks, rest)
	case "free":
		blocks, err := strconv.ParseInt(rest, 10, 53)
		if err == nil {
			p.l.Free = blocks << 10
		}
	case "inside":
		p.l.inside = true
	case string(Absent), string(Obstructed), string(Closed):
		p.l.State = State(word)
	case "same":
		p.l.same, p.l.sameSet = true, true
	case "recorded-same":
		p.l.sameSet = true
	case "recorded":
		p.l.recorded, err = p.paths()
	case "paths":
		p.asked, err = p.paths()
	case "listing":
		err = p.listing()
	case "staged":
		err = p.staged()
	case "large":
		if !isHash(rest) {
			return broken(rest)
		}
		p.l.large = append(p.l.large, rest)
	default:
		err = broken(line)
	}
	if len(p.l.Lacks) > maxPaths || len(p.l.large) > maxPaths {
		err = tooLarge()
	}
	return err
}

// unpack has read take what is packed in the lines up to a lone dot, all of it.
func (p *hostParser) unpack(read func(*cursor) error) error {
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, &payload{p: p}))
	if err != nil {
		return p.explain(err)
	}
	c := &cursor{in: bufio.NewReaderSize(&bounded{z, &p.left}, maxPath+maxLine)}
	if err := read(c); err != nil {
		return p.explain(err)
	}
	if !c.ended() {
		return p.explain(c.unexpected())
	}
	return nil
}

// explain makes a Failure of an error about what was packed.
func (p *hostParser) explain(err error) error {
	if provision.CodeOf(err) != "" {
		return err
	}
	return broken(err.Error())
}

// payload is the text of the lines up to a lone dot.
type payload struct {
	p    *hostParser
	rest string
	end  bool
}

func (b *payload) Read(to []byte) (int, error) {
	for b.rest == "" && !b.end {
		line, err := b.p.line()
		if err != nil {
			return 0, err
		}
		b.rest, b.end = line, line == "."
	}
	if b.end {
		return 0, io.EOF
	}
	n := copy(to, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// bounded reads no more than is left.
type bounded struct {
	r    io.Reader
	left *int64
}

func (b *bounded) Read(to []byte) (int, error) {
	n, err := b.r.Read(to)
	if *b.left -= int64(n); *b.left < 0 {
		return 0, tooLarge()
	}
	return n, err
}

func (p *hostParser) paths() (paths []string, err error) {
	err = p.unpack(func(c *cursor) error {
		for !c.ended() {
			path, err := c.path()
			if err != nil {
				return err
			}
			if !inside(path) {
				return provision.Fail("upload.listing-foreign", excerpt(path))
			}
			if paths = append(paths, path); len(paths) > maxPaths {
				return tooLarge()
			}
		}
		return nil
	})
	return paths, err
}

func (p *hostParser) listing() error {
	p.l.asked = make(map[string]struct{}, len(p.asked))
	for _, path := range p.asked {
		p.l.asked[path] = struct{}{}
	}
	if p.l.sameSet {
		p.l.recorded = p.asked
	}
	return p.unpack(func(c *cursor) (err error) {
		p.l.entries, err = c.entries(p.asked)
		return err
	})
}

// staged takes the list of what is staged: its paths, an empty one, and the listing.
func (p *hostParser) staged() error {
	return p.unpack(func(c *cursor) error {
		var paths []string
		for {
			path, err := c.path()
			if err != nil {
				return err
			}
			if path == "" {
				break
			}
			if paths = append(paths, path); len(paths) > maxPaths {
				return tooLarge()
			}
		}
		entries, err := c.entries(paths)
		if err != nil {
			return err
		}
		p.l.staged = make(map[string]HostEntry, len(entries))
		for path, e := range entries {
			p.l.staged[strings.TrimPrefix(path, "./")] = e
		}
		return nil
	})
}

// cursor reads a listing. Names are matched as a whole, so that those with line ends in them are no trouble.
type cursor struct{ in *bufio.Reader }

func (c *cursor) ended() bool {
	_, err := c.in.Peek(1)
	return errors.Is(err, io.EOF)
}

// ahead is the beginning of what was not read yet.
func (c *cursor) ahead() string {
	next, _ := c.in.Peek(80)
	return string(next)
}

// path takes what is in front of the next NUL.
func (c *cursor) path() (string, error) {
	text, err := c.in.ReadSlice(0)
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(text) > maxPath:
		return "", tooLarge()
	case errors.Is(err, io.EOF):
		return "", broken(string(text))
	case err != nil:
		return "", err
	}
	return string(text[:len(text)-1]), nil
}

// entries takes the listing of paths, which it has in their order; what is missing is left out.
func (c *cursor) entries(paths []string) (map[string]HostEntry, error) {
	entries := make(map[string]HostEntry, len(paths))
	for _, path := range paths {
		if mode, ok := c.mode(path); ok {
			entries[path] = entryOf(mode)
		}
	}
	if !c.skip(separator) {
		return nil, c.unexpected()
	}
	for _, path := range paths {
		if hash, ok := c.hash(path); ok {
			e := entries[path]
			e.Hashed, e.SHA256 = true, hash
			entries[path] = e
		}
	}
	if !c.skip(separator) {
		return nil, c.unexpected()
	}
	for _, path := range paths {
		if c.skip(path + "\x00") {
			target, err := c.path()
			if err != nil {
				return nil, err
			}
			e := entries[path]
			e.Target = target
			entries[path] = e
		}
	}
	return entries, nil
}

// unexpected is the error of what is next, or of not being able to read it.
func (c *cursor) unexpected() error {
	if _, err := c.in.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return broken(c.ahead())
}

func entryOf(mode uint32) HostEntry {
	e := HostEntry{Kind: tree.Other, Mode: fs.FileMode(mode & 0o7777)}
	switch mode & modeKind {
	case modeFile:
		e.Kind = tree.File
	case modeDirectory:
		// A folder inherits the setgid bit from the one it is in, and chmod leaves it there: it is the host's affair.
		e.Kind, e.Mode = tree.Directory, e.Mode&0o777
	case modeLink:
		e.Kind, e.Mode = tree.Link, 0o777
	}
	return e
}

// next tells whether some text is next.
func (c *cursor) next(s string) bool {
	ahead, _ := c.in.Peek(len(s))
	return string(ahead) == s
}

func (c *cursor) skip(s string) bool {
	ok := c.next(s)
	if ok {
		_, _ = c.in.Discard(len(s))
	}
	return ok
}

// mode takes the line "81a4 path" if it is next.
func (c *cursor) mode(path string) (uint32, bool) {
	ahead, _ := c.in.Peek(len("12345678 ") + len(path) + 1)
	digits, rest, ok := bytes.Cut(ahead, []byte(" "))
	if !ok || len(digits) > 8 || len(rest) <= len(path) || string(rest[:len(path)]) != path || rest[len(path)] != '\n' {
		return 0, false
	}
	mode, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return 0, false
	}
	_, _ = c.in.Discard(len(digits) + 1 + len(path) + 1)
	return uint32(mode), true
}

// hash takes the line with the hash of path if it is next, with the name escaped or, as older BusyBox has it, not.
func (c *cursor) hash(path string) (hash [sha256.Size]byte, ok bool) {
	const digits = 2 * sha256.Size
	escape, _ := c.in.Peek(1)
	mark := 0
	if string(escape) == `\` {
		mark = 1
	}
	head, _ := c.in.Peek(mark + digits + len(betweens[0]))
	if len(head) < mark+digits+len(betweens[0]) || !slices.Contains(betweens[:], string(head[mark+digits:])) {
		return hash, false
	}
	if _, err := hex.Decode(hash[:], head[mark:mark+digits]); err != nil {
		return hash, false
	}
	names := []string{path}
	if mark == 1 { // else nothing is escaped, which is the usual case
		names = names[:0]
		for _, spell := range spellings() {
			names = append(names, spell(path))
		}
	}
	for _, name := range names {
		line, _ := c.in.Peek(len(head) + len(name) + 1)
		if len(line) == len(head)+len(name)+1 && string(line[len(head):len(line)-1]) == name && line[len(line)-1] == '\n' {
			_, _ = c.in.Discard(len(line))
			return hash, true
		}
	}
	return hash, false
}

// inside tells whether a path that the host names stays within the site's folder.
func inside(p string) bool {
	return p != "" && p != ".." && path.Clean(p) == p && p[0] != '/' && p != "." && !strings.HasPrefix(p, "../")
}

func isHash(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == sha256.Size
}
