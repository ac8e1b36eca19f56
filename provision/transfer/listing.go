package transfer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// HostEntry is what is at a path on the host.
type HostEntry struct {
	Kind   Kind
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

// maxListing bounds what a listing may unpack to, in bytes: a million paths. Unpacked it takes about ten times that.
const maxListing = 64 << 20

// ParseHost reads the output of [HostScript].
func ParseHost(r io.Reader) (*Listing, error) {
	p := &hostParser{in: bufio.NewReader(r), l: &Listing{State: Present, Free: -1}}
	if line, _ := p.line(); line != "transfer 1" {
		return nil, fmt.Errorf("cannot read the host's list of files: it begins with %.80q; check that the login shell of the host prints nothing of its own", line)
	}
	for {
		line, err := p.line()
		if err != nil {
			return nil, fmt.Errorf("cannot read the host's list of files: it ends too early (%w); run again", err)
		}
		if line == "end" {
			return p.l, nil
		}
		if err := p.fact(line); err != nil {
			return nil, fmt.Errorf("cannot read the host's list of files: %w; a file may have changed there meanwhile, run again", err)
		}
	}
}

type hostParser struct {
	in    *bufio.Reader
	l     *Listing
	asked []string
}

func (p *hostParser) line() (string, error) {
	line, err := p.in.ReadString('\n')
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return line, err
	}
	return strings.TrimRight(line, "\r\n"), nil
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
			return fmt.Errorf("the staged file %.80q is not one of ours", rest)
		}
		p.l.large = append(p.l.large, rest)
	default:
		err = fmt.Errorf("unexpected line %.80q", line)
	}
	return err
}

// unpack reads the lines of base64 up to a lone dot and unpacks them.
func (p *hostParser) unpack() ([]byte, error) {
	var packed bytes.Buffer
	for {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		if line == "." {
			break
		}
		packed.WriteString(line)
	}
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, &packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, maxListing+1))
	if err == nil && len(data) > maxListing {
		err = errors.New("it is too long")
	}
	return data, err
}

func (p *hostParser) paths() ([]string, error) {
	data, err := p.unpack()
	if err != nil {
		return nil, err
	}
	paths := splitPaths(data)
	for _, path := range paths {
		if !inside(path) {
			return nil, fmt.Errorf("the path %.80q in the manifest there is not one of a site", path)
		}
	}
	return paths, nil
}

// splitPaths splits what is ended, not separated, by NUL.
func splitPaths(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

func (p *hostParser) listing() error {
	data, err := p.unpack()
	if err != nil {
		return err
	}
	p.l.asked = make(map[string]struct{}, len(p.asked))
	for _, path := range p.asked {
		p.l.asked[path] = struct{}{}
	}
	if p.l.sameSet {
		p.l.recorded = p.asked
	}
	p.l.entries, err = parseListing(p.asked, data)
	return err
}

// staged takes the list of what is staged: its paths, an empty one, and the listing.
func (p *hostParser) staged() error {
	data, err := p.unpack()
	if err != nil {
		return err
	}
	names, listing := []byte(nil), data[min(1, len(data)):]
	if at := bytes.Index(data, []byte("\x00\x00")); at >= 0 {
		names, listing = data[:at+1], data[at+2:]
	}
	paths := splitPaths(names)
	entries, err := parseListing(paths, listing)
	if err != nil {
		return err
	}
	p.l.staged = make(map[string]HostEntry, len(entries))
	for path, e := range entries {
		p.l.staged[strings.TrimPrefix(path, "./")] = e
	}
	return nil
}

// inside tells whether a path that the host names stays within the site's folder.
func inside(p string) bool {
	return p != "" && p != ".." && path.Clean(p) == p && p[0] != '/' && p != "." && !strings.HasPrefix(p, "../")
}

func isHash(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == sha256.Size
}
