package facts

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/state"
)

// Facts is what is known of a host. It is a value: what a change may have altered is replaced by the functions With…, never
// changed in place.
type Facts struct {
	User       string
	UID        int
	Clock      time.Time
	Home       string
	Parent     string         // the site's folder, or the nearest one above it that exists
	Writable   bool           // Parent, by the user
	Keeps      bool           // the folder beside the site's is there and may be written to, or may be made
	Frozen     bool           // one of the two is the user's own and may not be written to
	Unsafe     []state.Folder // what on the way to the two other users of the host may change
	DiskFree   int64          // bytes, where the site lives; only with Query.Room
	MemoryFree int64          // bytes; only with Query.Room
	RootFree   int64          // bytes, where the engine keeps images and containers; only with Query.Room
	RootUsed   int            // percent of that disk; 0: not known
	Docker
	Ports      // only where the site's container is not up
	Lock       *state.Held
	Turn       int      // how often a run has taken the lock
	Jobs       []string // ids of detached jobs
	NoBuildKit bool     // docker build is the old builder; only with Query.BuildKit
	Stopping   []string // retired containers that are being stopped
	Chain      []byte   // the certificate that is obtained, as PEM; only with Query.Pair, and empty without its key
	Answers    bool     // the folder of the answers to challenges is there
	Timer      []byte   // what Query.Timer printed
	Files      []byte   // what transfer.HostScript printed
	Socket     string   // Docker's: "open", "closed" to the user, or "none"
	Elsewhere  bool     // the user's docker commands go to another engine than the one behind docker.Socket, or that may be anybody's
	Own        string   // the socket of an engine that the user runs; empty: none
	Hidden     Place    // where a shell's start-up file sets a DOCKER_HOST that our commands do not see; only where there is no other engine
	Machine    string   // the host's own name
}

// Place is a line of a file on the host.
type Place struct {
	File string // empty: none
	Line int
}

// WithDocker is the facts with what Docker knows by now.
func (f *Facts) WithDocker(d Docker) *Facts {
	g := *f
	g.Docker = d
	return &g
}

// WithContainer is the facts with the site's container as it is by now; nil for none.
func (f *Facts) WithContainer(c *docker.Container) *Facts {
	g := *f
	g.Container = c
	return &g
}

// WithImage is the facts with the site's image as it is by now; nil for none.
func (f *Facts) WithImage(i *docker.Image) *Facts {
	g := *f
	g.Image = i
	return &g
}

// WithBase is the facts once a base image is there.
func (f *Facts) WithBase(name string) *Facts {
	g := *f
	g.Bases = append(slices.Clone(f.Bases), name)
	return &g
}

// WithPorts is the facts with what is known of the host's ports.
func (f *Facts) WithPorts(p Ports) *Facts {
	g := *f
	g.Ports = p
	return &g
}

// WithPair is the facts once the host has a certificate.
func (f *Facts) WithPair(chain []byte) *Facts {
	g := *f
	g.Chain, g.Answers = bytes.TrimSpace(chain), true
	return &g
}

// WithTimer is the facts once the host has another timer, or none.
func (f *Facts) WithTimer(found []byte) *Facts {
	g := *f
	g.Timer = found
	return &g
}

// WithDirectory is the facts once the user has made the site's folder.
func (f *Facts) WithDirectory(directory string) *Facts {
	g := *f
	g.Parent, g.Writable, g.Keeps = directory, true, true
	return &g
}

// Listed is a container as docker ps lists it.
type Listed struct {
	ID, Name, Image, Status, Ports string
	Site, Directory, Release       string // our labels; empty on a container that is not ours
}

// Up reports whether the container runs.
func (l Listed) Up() bool { return strings.HasPrefix(l.Status, "Up") }

// Publishes reports whether the container holds a TCP port of the host on an address of it; an empty one is all of them.
// docker ps writes neighbouring ports as a range: "0.0.0.0:80-81->80-81/tcp".
func (l Listed) Publishes(address string, port int) bool {
	if !l.Up() {
		return false
	}
	for entry := range strings.SplitSeq(l.Ports, ", ") {
		public, private, ok := strings.Cut(entry, "->")
		if !ok || !strings.HasSuffix(private, "/tcp") {
			continue
		}
		at := strings.LastIndexByte(public, ':')
		first, last, isRange := strings.Cut(public[at+1:], "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 == nil && err2 == nil && from <= port && port <= to && meet(address, bare(public[:max(at, 0)])) {
			return true
		}
	}
	return false
}

// Ports is what is known of the host's ports.
type Ports struct {
	Listeners []Listener
	Lowest    int // that a rootless engine may publish; 0: any
}

// Listener is a TCP socket of the host that listens.
type Listener struct {
	Address string
	Port    int
	Process string // its program; empty where the user may not know
}

// Holds reports whether the socket keeps others from a port on an address of the host; an empty one is all of them.
func (l Listener) Holds(address string, port int) bool {
	return l.Port == port && meet(address, l.Address)
}

// meet reports whether two addresses of the host have one in common.
func meet(a, b string) bool {
	everywhere := func(address string) bool {
		return address == "" || address == "0.0.0.0" || address == "::" || address == "*"
	}
	return a == b || everywhere(a) || everywhere(b)
}

// bare is an address without the brackets and the interface that it is printed with.
func bare(address string) string {
	address, _, _ = strings.Cut(strings.Trim(address, "[]"), "%")
	return strings.TrimSuffix(address, "]")
}

// DockerClosed reports whether there is a Docker engine that the user may not talk to.
func (f *Facts) DockerClosed() bool { return f.Socket == "closed" }

// OtherEngine reports whether the user's docker commands talk to another engine than the one behind docker.Socket.
func (f *Facts) OtherEngine() bool { return f.Elsewhere }

// DirectoryExists reports whether the site's folder is there.
func (f *Facts) DirectoryExists(directory string) bool { return f.Parent == directory }

// Parse reads what the script of a Query printed. What Docker knows is not part of it.
func (q Query) Parse(text []byte) (*Facts, error) {
	sections, err := q.split(text)
	if err != nil {
		return nil, fmt.Errorf("read the facts of the host: %w", err)
	}
	f := &Facts{Files: sections[sectionFiles].out, Timer: sections[sectionTimer].out}
	for line := range strings.Lines(string(sections[sectionJobs].out)) {
		folder, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "/")
		switch {
		case !plainName.MatchString(name): // we gave it none
		case folder == "jobs":
			f.Jobs = append(f.Jobs, name)
		case folder == "stopping":
			f.Stopping = append(f.Stopping, name)
		}
	}
	chain, answers := bytes.CutPrefix(sections[sectionPair].out, []byte("challenges"))
	f.Chain, f.Answers = bytes.TrimSpace(chain), answers
	if err := f.system(sections[sectionSystem]); err != nil {
		return nil, err
	}
	if s := sections[sectionFiles]; s.exit != 0 {
		return nil, fmt.Errorf("list the files in %s on the host: %s", q.Directory, s.err)
	}
	s := sections[sectionUnsafe]
	if s.exit != 0 {
		return nil, fmt.Errorf("look at the folders above %s on the host: %s", q.Directory, s.err)
	}
	if f.Unsafe, err = state.ParseFolders(string(s.out)); err != nil {
		return nil, err
	}
	f.NoBuildKit = strings.TrimSpace(string(sections[sectionBuilds].out)) == "no"
	f.Turn, f.Lock = state.ParseShown(string(sections[sectionLock].out))
	return f, nil
}

// plainName is what our jobs and Docker's containers are named.
var plainName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// partLimit is how much a section may print, in bytes, but for the files and what Docker has; errLimit is how much is read of
// its errors.
const (
	partLimit = 1 << 20
	errLimit  = 8 << 10
)

type section struct {
	out  []byte
	err  string
	exit int
}

// split takes the sections of an answer apart.
func (q Query) split(text []byte) (sections map[string]section, err error) {
	parts := bytes.Split(text, []byte(q.Mark+" "))
	first, last := parts[0], parts[len(parts)-1]
	if len(first) > 0 {
		return nil, fmt.Errorf("unexpected text %.80q in front of them", first)
	}
	if string(last) != sectionDone+"\n" {
		return nil, errors.New("the answer ends early")
	}
	sections = map[string]section{}
	var name string
	var s section
	for _, part := range parts[1 : len(parts)-1] {
		head, rest, _ := bytes.Cut(part, []byte("\n"))
		word, code, _ := strings.Cut(string(head), " ")
		if word != sectionEnd {
			name, s = word, section{out: bytes.TrimSuffix(rest, []byte("\n"))}
			continue
		}
		switch name {
		case sectionFiles, sectionList, sectionObject:
		default:
			if len(s.out) > partLimit {
				return nil, fmt.Errorf("the part about %s has %d bytes, and at most %d are read", name, len(s.out), partLimit)
			}
		}
		if s.exit, err = strconv.Atoi(code); err != nil {
			return nil, fmt.Errorf("the part about %s has no end", name)
		}
		s.err = safetext.Clean(strings.TrimSpace(string(rest[:min(len(rest), errLimit)])))
		sections[name] = s
	}
	return sections, nil
}

func (f *Facts) system(s section) error {
	lines := strings.Split(strings.TrimRight(safetext.Clean(string(s.out)), "\n"), "\n")
	if len(lines) < 11 {
		return fmt.Errorf("the host's system cannot be read: %s", s.err)
	}
	number := func(text string) int64 {
		n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 53)
		return max(0, n)
	}
	if user, rest, ok := strings.Cut(lines[0], "("); ok { // uid=1000(kevin) gid=…
		f.User, _, _ = strings.Cut(rest, ")")
		f.UID = int(number(strings.TrimPrefix(user, "uid=")))
	}
	f.Clock, f.Home, f.Parent = time.Unix(number(lines[1]), 0), lines[2], lines[3]
	f.Frozen = lines[4] == "frozen" || lines[5] == "frozen"
	f.Writable, f.Keeps, f.Socket, f.Elsewhere = lines[4] == "writable", lines[5] == "writable", lines[6], lines[7] != "default"
	f.Own, f.Machine = lines[8], lines[10]
	if line, file, ok := strings.Cut(lines[9], ":"); ok {
		f.Hidden = Place{file, int(number(line))}
	}
	if len(lines) >= 13 {
		f.DiskFree, f.MemoryFree = number(lines[11])<<10, number(lines[12])<<10
	}
	return nil
}

// ParsePorts reads what PortsScript printed: ss -ltnp, or netstat -ltn where there is no ss. The local address is the fourth
// column of both.
func ParsePorts(out []byte) Ports {
	var ports Ports
	for line := range bytes.Lines(out[:min(len(out), partLimit)]) {
		fields := strings.Fields(string(line))
		if len(fields) == 2 && fields[0] == "from" {
			ports.Lowest, _ = strconv.Atoi(fields[1])
		}
		if len(fields) < 4 {
			continue
		}
		at := strings.LastIndexByte(fields[3], ':')
		port, err := strconv.Atoi(fields[3][at+1:])
		if at < 0 || err != nil || port < 1 || port > 65535 {
			continue
		}
		l := Listener{Address: safetext.Clean(bare(fields[3][:at])), Port: port}
		if _, rest, ok := strings.Cut(string(line), `users:(("`); ok {
			l.Process, _, _ = strings.Cut(rest, `"`)
			l.Process = safetext.Clean(l.Process)
		}
		ports.Listeners = append(ports.Listeners, l)
	}
	return ports
}

// HoldsPorts reports whether the container holds any port of the host.
func (l Listed) HoldsPorts() bool { return l.Up() && strings.Contains(l.Ports, "->") }
