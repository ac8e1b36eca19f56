// Package inventory turns inventory.yaml into typed values that are valid as a whole, before any connection is made. What
// is wrong in the file is one sentence with the place, the line itself and what to do.
package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
)

// Inventory is a site and the hosts that it lives on.
type Inventory struct {
	File  string // the path that was given to Load
	Dir   string // the absolute folder of File, to which relative paths in it refer
	Site  Site
	Hosts []Host

	positions map[string]position
}

// Site is the website: what it is made of, and how its container runs.
type Site struct {
	Name            string
	Source          string   // absolute path of the folder with the Dockerfile
	Upload          []string // what of Source to upload: slash-separated paths within it, "." for all
	Directory       string   // absolute path on the host
	Image           string   // reference of the image to build
	Container       string   // name of the container
	Ports           []Port
	Command         []string // what the container runs; none: what the image says
	Environment     map[string]string
	EnvironmentFile string   // absolute path of a file of NAME=value lines; empty: none
	Volumes         []string // as for docker run --volume
	Options         []string // further arguments of docker run
	Restart         string   // as for docker run --restart
	Domain          string   // the name that the certificate must cover; empty: not checked
	Certificate     string   // slash-separated path within Source; empty: no TLS
	Key             string   // slash-separated path within Source; empty: no TLS
	Health          Health
	Keep            int    // how many previous releases stay on the host for rollback
	Delete          bool   // remove from the host what is no longer in Source
	Server          string // product, or product/version, that the Server header must name; empty: not checked
	Init            bool   // run an init process in the container (docker run --init)
	Log             Log
	Cutover         string // CutoverAuto, CutoverWarm or CutoverCold
}

// The ways in which a new container takes the ports over from the old one.
const (
	CutoverAuto = "auto" // warm where the host and the application allow it
	CutoverWarm = "warm" // the ports move to a candidate that has answered already
	CutoverCold = "cold" // the old container ends before the new one starts
)

// Port publishes a port of the container on the host.
type Port struct {
	Address   string // the host's address to bind; empty: all of them
	Host      int
	Container int
	Protocol  string // tcp, udp or sctp
}

// String is the port as docker run --publish takes it, the protocol left out when it is tcp.
func (p Port) String() string {
	text := fmt.Sprintf("%d:%d", p.Host, p.Container)
	switch {
	case strings.Contains(p.Address, ":"):
		text = "[" + p.Address + "]:" + text
	case p.Address != "":
		text = p.Address + ":" + text
	}
	if p.Protocol != "tcp" {
		text += "/" + p.Protocol
	}
	return text
}

// Health is what a new container must answer before it gets the ports.
type Health struct {
	Path    string // begins with a slash; may have a query
	Status  int    // 100 to 599
	Text    string // must occur in the page; empty: not checked
	Timeout time.Duration
}

// Log bounds the container's log on the host.
type Log struct {
	MaxSize string // as for the log driver json-file: a number with b, k, m or g; empty where Options choose the log driver
	MaxFile int
}

// Host is a machine to provision. What is empty or zero is left to the SSH configuration.
type Host struct {
	Name       string
	Address    string // name, IP address, or alias of the SSH configuration
	Port       int
	User       string
	Identity   string // path of a private key, made absolute
	KnownHosts string // path of a known_hosts file, made absolute
}

// maxSize bounds the files that Load reads; an inventory of hundreds of hosts stays below a tenth of it.
const maxSize = 1 << 20

// Load reads and validates the inventory at path. No variable in it is expanded, but a leading ~/ is, in every path of this
// machine. The error asks for the exit status provision.ExitUsage; what is wrong inside the file is an *Error, or several.
func Load(path string) (*Inventory, error) {
	content, err := read(path)
	if err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, provision.WithExit(provision.ExitUsage, fmt.Errorf("cannot tell which folder the inventory %s lies in: %w", path, err))
	}
	inv, err := Parse(path, filepath.Dir(absolute), content)
	if err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	return inv, nil
}

// Parse validates the content of an inventory file; name is for its errors, and relative paths refer to dir.
func Parse(name, dir string, content []byte) (*Inventory, error) {
	d := &decoder{source: source{name: name, lines: splitLines(content)}, dir: dir, positions: map[string]position{}, values: map[string]position{}}
	inv := &Inventory{File: name, Dir: dir, Site: Defaults()}
	body, err := d.parse(content)
	if err == nil {
		d.inventory(inv, body)
		err = d.all()
	}
	if err != nil {
		return nil, err
	}
	inv.positions = d.positions
	return inv, nil
}

// Limit returns the hosts with the given names, in the order of the file; all of them when no name is given.
func (i *Inventory) Limit(names []string) ([]Host, error) {
	if len(names) == 0 {
		return i.Hosts, nil
	}
	known := make([]string, len(i.Hosts))
	for n, h := range i.Hosts {
		known[n] = h.Name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, provision.WithExit(provision.ExitUsage,
				fmt.Errorf("no host of %s is called %q%s; it has %s", i.File, name, didYouMean(name, known), strings.Join(known, ", ")))
		}
	}
	var hosts []Host
	for _, h := range i.Hosts {
		if slices.Contains(names, h.Name) {
			hosts = append(hosts, h)
		}
	}
	return hosts, nil
}

// Line is the line of a field, "site.certificate" or "hosts[0].address", in the file; of the nearest field around it where
// the file does not have it, and 1 where it has none of these.
func (i *Inventory) Line(field string) int {
	for field != "" {
		if p, ok := i.positions[field]; ok {
			return p.line
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 1
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return nil, notThere{path}
	case err != nil:
		return nil, fmt.Errorf("cannot read the inventory %s: %w", path, err)
	case info.IsDir():
		return nil, fmt.Errorf("the inventory %s is a folder; name the file in it, %s for example", path, filepath.Join(path, "inventory.yaml"))
	case info.Size() > maxSize:
		return nil, fmt.Errorf("the inventory %s has %d bytes, more than the %d that an inventory may have; name another file with --inventory", path, info.Size(), maxSize)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the inventory %s: %w", path, err)
	}
	return content, nil
}

// notThere is an inventory that is not there, which is how everybody begins.
type notThere struct{ path string }

func (m notThere) Error() string {
	return fmt.Sprintf("there is no inventory at %s; write one with 'provision init', name another file with --inventory, or try the sandbox with 'provision sandbox up'", m.path)
}

// Unwrap lets errors.Is find os.ErrNotExist.
func (notThere) Unwrap() error { return os.ErrNotExist }
