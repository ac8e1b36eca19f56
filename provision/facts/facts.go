package facts

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/state"
)

// Facts is what is known of a host.
type Facts struct {
	User        string
	UID         int
	Clock       time.Time
	Home        string
	Parent      string // the site's folder, or the nearest one above it that exists
	Writable    bool   // Parent, by the user
	DiskFree    int64  // bytes, where the site lives; only with Query.Room
	MemoryFree  int64  // bytes; only with Query.Room
	DockerError string // why docker does not answer; empty where it does
	Containers  []Listed
	Container   *docker.Container // the one with the site's name; nil: none
	Image       *docker.Image     // the one with the site's tag; nil: none
	Listeners   []Listener        // only where the site's container is not up
	Lock        *state.Held
	Turn        int      // how often a run has taken the lock
	Jobs        []string // ids of detached jobs
	Stopping    []string // retired containers that are being stopped
	Files       []byte   // what transfer.HostScript printed

	socket string
}

// Listed is a container as docker ps lists it.
type Listed struct {
	ID, Name, Image, Status, Ports string
	Site, Release                  string // our labels; empty on a container that is not ours
}

// Up reports whether the container runs.
func (l Listed) Up() bool { return strings.HasPrefix(l.Status, "Up") }

// Publishes reports whether the container holds a TCP port of the host. docker ps writes neighbouring ports as a range:
// "0.0.0.0:80-81->80-81/tcp".
func (l Listed) Publishes(port int) bool {
	if !l.Up() {
		return false
	}
	for entry := range strings.SplitSeq(l.Ports, ", ") {
		public, private, ok := strings.Cut(entry, "->")
		if !ok || !strings.HasSuffix(private, "/tcp") {
			continue
		}
		first, last, isRange := strings.Cut(public[strings.LastIndexByte(public, ':')+1:], "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 == nil && err2 == nil && from <= port && port <= to {
			return true
		}
	}
	return false
}

// Listener is a TCP socket of the host that listens.
type Listener struct {
	Port    int
	Process string // its program; empty where the user may not know
}

// DockerClosed reports whether there is a Docker engine that the user may not talk to.
func (f *Facts) DockerClosed() bool { return f.socket == "closed" }

// DirectoryExists reports whether the site's folder is there.
func (f *Facts) DirectoryExists(directory string) bool { return f.Parent == directory }

type section struct {
	out  []byte
	err  string
	exit int
}

// Parse reads what the script of a Query printed.
func (q Query) Parse(r io.Reader) (*Facts, error) {
	sections, err := split(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("read the facts of the host: %w", err)
	}
	f := &Facts{Files: sections[sectionFiles].out}
	for _, name := range strings.Fields(string(sections[sectionJobs].out)) {
		if id, ok := strings.CutPrefix(name, "jobs/"); ok {
			f.Jobs = append(f.Jobs, id)
		} else if container, ok := strings.CutPrefix(name, "stopping/"); ok {
			f.Stopping = append(f.Stopping, container)
		}
	}
	if err := f.system(sections[sectionSystem]); err != nil {
		return nil, err
	}
	if s := sections[sectionFiles]; s.exit != 0 {
		return nil, fmt.Errorf("list the files in %s on the host: %s", q.Directory, s.err)
	}
	f.listeners(sections[sectionPorts].out)
	f.Turn, f.Lock = state.ParseShown(string(sections[sectionLock].out))
	return f, f.docker(q, sections)
}

// ParseDocker reads what DockerScript printed into facts that Docker refused to tell before.
func (q Query) ParseDocker(r io.Reader, f *Facts) error {
	sections, err := split(bufio.NewReader(r))
	if err != nil {
		return fmt.Errorf("read the facts of the host: %w", err)
	}
	return f.docker(q, sections)
}

func (f *Facts) docker(q Query, sections map[string]section) error {
	f.DockerError = ""
	if s := sections[sectionList]; s.exit != 0 {
		f.DockerError = s.err
		return nil
	}
	f.containers(sections[sectionList].out)
	return f.objects(q, sections[sectionObject].out)
}

// split takes the sections apart: first the table that wc printed, then the files, in the order of the table. The last
// line of an .err file is the exit status of its section.
func split(r *bufio.Reader) (map[string]section, error) {
	type file struct {
		name string
		size int
	}
	var files []file
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("the answer ends early: %w", err)
		}
		count, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name = strings.TrimSpace(name); name == "total" {
			break
		}
		size, err := strconv.Atoi(count)
		if err != nil {
			return nil, fmt.Errorf("unexpected line %q", strings.TrimSpace(line))
		}
		files = append(files, file{name, size})
	}
	sections := map[string]section{}
	for _, f := range files {
		content := make([]byte, f.size)
		if _, err := io.ReadFull(r, content); err != nil {
			return nil, fmt.Errorf("the answer ends early: %w", err)
		}
		name, kind, _ := strings.Cut(f.name, ".")
		s := sections[name]
		if kind == "out" {
			s.out = content
		} else {
			text := strings.TrimSpace(string(content))
			at := strings.LastIndexByte(text, '\n') + 1
			s.exit, _ = strconv.Atoi(text[at:])
			s.err = strings.TrimSpace(text[:at])
		}
		sections[name] = s
	}
	return sections, nil
}

func (f *Facts) system(s section) error {
	lines := strings.Split(strings.TrimRight(string(s.out), "\n"), "\n")
	if len(lines) < 6 {
		return fmt.Errorf("the host's system cannot be read: %s", s.err)
	}
	number := func(text string) int64 {
		n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return n
	}
	if user, rest, ok := strings.Cut(lines[0], "("); ok { // uid=1000(kevin) gid=…
		f.User, _, _ = strings.Cut(rest, ")")
		f.UID = int(number(strings.TrimPrefix(user, "uid=")))
	}
	f.Clock, f.Home, f.Parent = time.Unix(number(lines[1]), 0), lines[2], lines[3]
	f.Writable, f.socket = lines[4] == "writable", lines[5]
	if len(lines) >= 8 {
		f.DiskFree, f.MemoryFree = number(lines[6])<<10, number(lines[7])<<10
	}
	return nil
}

// listeners reads ss -ltnp, or netstat -ltn where there is no ss: the local address is the fourth column of both.
func (f *Facts) listeners(out []byte) {
	for line := range bytes.Lines(out) {
		fields := strings.Fields(string(line))
		if len(fields) < 4 {
			continue
		}
		at := strings.LastIndexByte(fields[3], ':')
		port, err := strconv.Atoi(fields[3][at+1:])
		if at < 0 || err != nil {
			continue
		}
		l := Listener{Port: port}
		if _, rest, ok := strings.Cut(string(line), `users:(("`); ok {
			l.Process, _, _ = strings.Cut(rest, `"`)
		}
		f.Listeners = append(f.Listeners, l)
	}
}

func (f *Facts) containers(out []byte) {
	for line := range bytes.Lines(out) {
		c := strings.Split(strings.TrimRight(string(line), "\n"), "\t")
		if len(c) == 7 {
			f.Containers = append(f.Containers, Listed{c[0], c[1], c[2], c[3], c[4], c[5], c[6]})
		}
	}
}

// objects picks the site's container and image; docker inspect may have found things of the same name that are neither.
func (f *Facts) objects(q Query, out []byte) error {
	objects, err := docker.ParseInspect(out)
	if err != nil {
		return err
	}
	for i, c := range objects.Containers {
		if c.BareName() == q.Container {
			f.Container = &objects.Containers[i]
		}
	}
	for i, image := range objects.Images {
		if image.Tagged(q.Image) {
			f.Image = &objects.Images[i]
		}
	}
	return nil
}

// HoldsPorts reports whether the container holds any port of the host.
func (l Listed) HoldsPorts() bool { return l.Up() && strings.Contains(l.Ports, "->") }
