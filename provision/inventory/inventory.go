// Package inventory turns inventory.yaml into typed values that are valid as a whole, before any connection is made. What
// is wrong in the file is one failure with the place, the line itself and what to do. All that is known of a field stands in
// the table of fields.go.
package inventory

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
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

	Prepare Prepare // of hosts that are bare
	Rollout Rollout // over several hosts

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
	Secrets         string   // SecretsEnvironment or SecretsFile
	Volumes         []string // as for docker run --volume
	Options         []string // further arguments of docker run
	Restart         string   // as for docker run --restart
	Domain          string   // the name that the certificate must cover; empty: not checked
	Certificate     string   // slash-separated path within Source; CertificateACME; empty: no TLS
	Key             string   // slash-separated path within Source; empty: no TLS
	ACME            ACME     // where Certificate is CertificateACME
	Health          Health
	Keep            int    // how many previous releases stay on the host for rollback
	KeepSize        int64  // bytes that these may take on the host beyond the live one; 0: no bound
	Delete          bool   // remove from the host what is no longer in Source
	Server          string // product, or product/version, that the Server header must name; empty: not checked
	Init            bool   // run an init process in the container (docker run --init)
	Log             Log
	Build           Build
	Hooks           Hooks
	Cutover         string   // CutoverAuto, CutoverWarm or CutoverCold
	BuildOn         string   // BuildOnEach, BuildOnHere or the name of a host
	BaseImages      string   // BaseImagesAuto, BaseImagesHost or BaseImagesHere
	Mirrors         []string // registries to ask before Docker Hub, as https://HOST/PATH
}

// Where the image is built, beside the name of a host.
const (
	BuildOnEach = "each" // each host builds its own
	BuildOnHere = "here" // this machine's Docker builds, and the hosts are sent the image
)

// The ways in which a host gets base images that it lacks.
const (
	BaseImagesAuto = "auto" // it pulls them, or else this machine does and sends them
	BaseImagesHost = "host" // it pulls them
	BaseImagesHere = "here" // this machine pulls them and sends them
)

// The ways in which EnvironmentFile reaches the container.
const (
	SecretsEnvironment = "environment" // as variables, which docker inspect shows
	SecretsFile        = "file"        // each as a read-only file /run/secrets/NAME
)

// The ways in which a new container takes the ports over from the old one.
const (
	CutoverAuto = "auto" // warm where the host and the application allow it
	CutoverWarm = "warm" // the ports move to a candidate that has answered already
	CutoverCold = "cold" // the old container ends before the new one starts
)

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
	PrepareAs  string // who logs in to prepare the host while User is not there yet; empty: DefaultPrepareAs
	Labels     map[string]string

	// What the site has on this host alone.
	Environment map[string]string // over the site's
	Ports       []Port            // instead of the site's; none: the site's
	Domain      string            // instead of the site's; empty: the site's
}

// Rollout is the order in which hosts are changed.
type Rollout struct {
	Canary    int             // how many hosts go first
	Batch     provision.Share // how many go side by side after that
	Pause     time.Duration   // between batches
	OnFailure string          // OnFailureStop or OnFailureRollback
}

// What a host that fails does to the others.
const (
	OnFailureStop     = "stop"     // those that have not begun stay as they are
	OnFailureRollback = "rollback" // and those that were changed go back
)

// Load reads and validates the inventory at path. No variable in it is expanded, but a leading ~/ is, in every path of this
// machine. What is wrong is a provision.Failure, or several joined, that asks for provision.ExitUsage.
func Load(path string) (*Inventory, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, invalid("inventory.no-folder", path, err)
	}
	return Parse(path, filepath.Dir(absolute), content)
}

// Parse validates the content of an inventory file; name is for its errors, and relative paths refer to dir.
func Parse(name, dir string, content []byte) (*Inventory, error) {
	inv := defaults()
	inv.File, inv.Dir = name, dir
	d := newDecoder(name, dir, content)
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

// On is the site as it is on a host.
func (i *Inventory) On(h Host) Site {
	s := i.Site
	if len(h.Environment) > 0 {
		s.Environment = maps.Clone(s.Environment)
		if s.Environment == nil {
			s.Environment = map[string]string{}
		}
		maps.Copy(s.Environment, h.Environment)
	}
	if len(h.Ports) > 0 {
		s.Ports = h.Ports
	}
	s.Domain = cmp.Or(h.Domain, s.Domain)
	return s
}

// Limit returns the hosts with one of the given names, or with one of the given labels, "region=north", in the order of the file; all
// of them when nothing is given.
func (i *Inventory) Limit(wanted []string) ([]Host, error) {
	if len(wanted) == 0 {
		return i.Hosts, nil
	}
	var hosts []Host
	for _, want := range wanted {
		if !slices.ContainsFunc(i.Hosts, func(h Host) bool { return h.is(want) }) {
			return nil, i.noSuchHost(want)
		}
	}
	for _, h := range i.Hosts {
		if slices.ContainsFunc(wanted, h.is) {
			hosts = append(hosts, h)
		}
	}
	return hosts, nil
}

// is reports whether the host has a name, or a label that is written NAME=VALUE; names have no equals sign.
func (h Host) is(wanted string) bool {
	name, value, label := strings.Cut(wanted, "=")
	if !label {
		return h.Name == wanted
	}
	got, ok := h.Labels[name]
	return ok && got == value
}

func (i *Inventory) noSuchHost(wanted string) error {
	var names, labels []string
	for _, h := range i.Hosts {
		names = append(names, h.Name)
		for _, name := range slices.Sorted(maps.Keys(h.Labels)) {
			labels = append(labels, name+"="+h.Labels[name])
		}
	}
	if strings.Contains(wanted, "=") {
		slices.Sort(labels)
		labels = slices.Compact(labels)
		return invalid("inventory.no-such-label", i.File, wanted, didYouMean(wanted, labels), strings.Join(labels, ", "))
	}
	return invalid("inventory.no-such-host", i.File, wanted, didYouMean(wanted, names), strings.Join(names, ", "))
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
	content, err := ReadFile(path, maxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("inventory.none", path).From(err)
	case errors.Is(err, errFolder):
		return nil, invalid("inventory.folder", path, filepath.Join(path, defaultFile))
	case errors.Is(err, errSpecial):
		return nil, invalid("inventory.special", path)
	case errors.Is(err, errLarge):
		return nil, invalid("inventory.large", path, maxSize)
	case err != nil:
		return nil, invalid("inventory.unreadable", path, reason(err))
	}
	return content, nil
}
