// Package sandbox runs throw-away cloud hosts on this machine: each a container
// with a real sshd, a Docker Engine of its own and the tutorial's user kevin,
// published on a loopback address of its own (127.0.10.N) at the standard
// ports. It needs a Docker Engine here; the hosts' root file systems come from
// Debian's packages.
//
// Everything a sandbox makes carries the label io.provision.sandbox, and all
// its files lie in one directory, so that Down leaves nothing behind.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/language"
)

// The account on every sandbox host. The password is set so that password
// logins can be tried where Options.SSHD allows them.
const (
	User     = "kevin"
	Password = "kevin-sandbox"
)

// BaseImage is the base image of the tutorial. Every sandbox host has it: the
// real one where a registry can be reached, a stand-in otherwise.
const BaseImage = "kehuo/centos8_conda:nginx"

// DefaultName names the host when Options.Name is empty.
const DefaultName = "sandbox"

// MaxCount is how many hosts one Up may bring up.
const MaxCount = 32

// atOnce is how many hosts are brought up side by side.
const atOnce = 4

var (
	standardPorts = []int{22, 80, 443}
)

// readyTimeout is how long a started host may take until its sshd and its
// engine answer; two seconds are usual.
const readyTimeout = 3 * time.Minute

// Sudo says what kevin may do with sudo on the host.
type Sudo int

// The choices for Options.Sudo.
const (
	SudoNone         Sudo = iota // not a sudoer
	SudoWithPassword             // any command, after Password
	SudoNoPassword               // any command, unasked
)

// Options says which hosts Up brings up and how they differ from a plain cloud
// host. Everything after Log only applies to a host that does not exist yet.
type Options struct {
	// Name is the host's name: lower-case letters, digits and dashes, at most
	// 40 of them. Empty means DefaultName.
	Name string
	// Count brings up several hosts, NAME-1 to NAME-Count, which share one
	// inventory. 0 and 1 mean one host, called NAME.
	Count int
	// Dir holds the hosts' files, one directory a host. Empty means the
	// environment's PROVISION_SANDBOX_DIR, or provision/sandbox in the user's
	// cache directory.
	Dir string
	// Log receives a line for each part of the work as it begins. It may be
	// called from several goroutines, but never by two at once.
	Log func(line string)
	// Words are those of the lines; English when nil.
	Words *language.Printer

	// Engine is the host's engine: 20.10 when empty, or another one of the
	// table engines.
	Engine string
	// System is what lies around the engine: debian when empty, or another one
	// of the table systems.
	System string
	// SSHD lists lines for sshd_config; they come first and so win.
	SSHD []string
	// Shell is kevin's login shell: the system's when empty, or /bin/sh,
	// /usr/bin/zsh and, with engine 20.10, /usr/bin/fish and /bin/tcsh.
	Shell string
	// Sudo is what kevin may do with sudo.
	Sudo Sudo
	// Bare asks for a host without an engine and without kevin, as a cloud hands it over: System is debian when empty, or
	// another one of the table bareSystems, and Engine is not used.
	Bare bool
	// Login is who is let in to a bare host, by key and with Password where SSHD allows passwords: root when empty, or the
	// image's first user, who has Sudo.
	Login string
	// NoDockerGroup leaves kevin out of the group docker.
	NoDockerGroup bool
	// NoBaseImage leaves BaseImage out of the host's engine, which saves about
	// two seconds where nothing is built.
	NoBaseImage bool
	// Ports lists ports to publish beside 22, 80 and 443.
	Ports []int

	engine engineVariant
	system systemVariant
}

// Host is one sandbox host and what it takes to reach it.
type Host struct {
	Name       string // as asked for, such as "sandbox" or "web-2"
	Address    string // on this machine's loopback: 127.0.10.N
	Port       int    // of sshd, 22
	User       string // kevin
	Identity   string // path of kevin's private key
	KnownHosts string // path of a known_hosts file with the host's ed25519 key
	Inventory  string // path of an inventory.yaml that reaches the host
	Site       string // path of the sample site the inventory deploys
	Container  string // name of the container on this machine's engine
	Internal   string // the host's address among containers, such as 172.17.0.2; empty while it is stopped
	Running    bool
	Engine     string // as asked for, such as "28" or "podman"
	System     string // as asked for, such as "debian" or "busybox"
	PrepareAs  string // who is let in to a bare host; empty on others

	set string // the name Up was asked for
	dir string // the directory with the host's files
}

// Up brings up the hosts that options ask for and returns them when sshd and
// the Docker Engine on each of them answer. A host that exists is started if
// need be and used as it is. The first Up on a machine makes the root file
// systems, which takes one to two minutes; later ones take a few seconds a host.
func Up(ctx context.Context, options Options) ([]Host, error) {
	o, err := options.normalized()
	if err != nil {
		return nil, err
	}
	u := newUpper(o)
	if err := u.engine.check(ctx); err != nil {
		return nil, err
	}
	if err := u.prepare(ctx); err != nil {
		return nil, err
	}

	names := o.hostNames()
	failed := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, name := range names {
		group.Go(func() error { failed[i] = u.host(ctx, name); return nil })
	}
	_ = group.Wait() // all errors are wanted, and failed has them
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	if err := u.files(ctx); err != nil {
		return nil, err
	}
	return u.engine.hosts(ctx, func(h Host) bool { return h.set == o.Name && slices.Contains(names, h.Name) })
}

// Status lists the hosts whose files lie in the default directory, running or
// not, by name.
func Status(ctx context.Context) ([]Host, error) {
	dir, err := defaultDir()
	if err != nil {
		return nil, err
	}
	e := engine{}
	if err := e.check(ctx); err != nil {
		return nil, err
	}
	return e.hosts(ctx, func(h Host) bool { return filepath.Dir(h.dir) == dir })
}

// say logs a line of the catalogue.
func (o Options) say(key string, args ...any) { o.Log(o.Words.T(key, args...)) }

// normalized fills in the defaults and refuses what cannot work.
func (o Options) normalized() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if err := checkName(o.Name); err != nil {
		return o, err
	}
	if o.Count == 0 {
		o.Count = 1
	}
	if o.Count < 0 || o.Count > MaxCount {
		return o, fmt.Errorf("cannot bring up %d sandbox hosts: ask for 1 to %d", o.Count, MaxCount)
	}
	var err error
	if o.Bare {
		if o.engine, err = variant("system", bareSystems, func(e engineVariant) string { return e.name }, o.System); err != nil {
			return o, err
		}
		o.system, o.Login = systemVariant{name: o.engine.name}, cmp.Or(o.Login, "root")
		o.engine.name = "none"
	} else if o.engine, err = variant("engine", engines, func(e engineVariant) string { return e.name }, o.Engine); err != nil {
		return o, err
	}
	if o.Bare {
	} else if o.system, err = variant("system", systems, func(s systemVariant) string { return s.name }, o.System); err != nil {
		return o, err
	}
	o.Engine, o.System = o.engine.name, o.system.name
	o.SSHD = slices.Concat(o.SSHD, o.system.sshd)
	o.Shell = cmp.Or(o.Shell, o.system.shell, "/bin/bash")
	if !path.IsAbs(o.Shell) || !o.engine.hasShell(o.Shell) {
		return o, fmt.Errorf("a sandbox host with the engine %s has no login shell %s", o.Engine, o.Shell)
	}
	if o.Sudo < SudoNone || o.Sudo > SudoNoPassword {
		return o, fmt.Errorf("a sandbox host has no sudo mode %d: choose one of the constants", o.Sudo)
	}
	for _, line := range o.SSHD {
		if strings.ContainsAny(line, "\n\r\x00") {
			return o, fmt.Errorf("the sshd_config line %q contains a line break: give each line as an entry of its own", line)
		}
	}
	for _, port := range o.Ports {
		if port < 1 || port > 65535 || slices.Contains(standardPorts, port) {
			return o, fmt.Errorf("cannot publish port %d of a sandbox host: ask for ports between 1 and 65535 beside 22, 80 and 443, which are published anyway", port)
		}
	}
	if o.Words == nil {
		o.Words = language.New(language.English)
	}
	log := o.Log
	var mutex sync.Mutex
	o.Log = func(line string) {
		if log == nil {
			return
		}
		mutex.Lock()
		defer mutex.Unlock()
		log(line)
	}
	if o.Dir == "" {
		dir, err := defaultDir()
		if err != nil {
			return o, err
		}
		o.Dir = dir
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("cannot use %s for the sandbox's files: %w", o.Dir, err)
	}
	return o, nil
}

func (o Options) hostNames() []string {
	if o.Count == 1 {
		return []string{o.Name}
	}
	names := make([]string, o.Count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", o.Name, i+1)
	}
	return names
}

// checkName keeps names to what is safe as a container name, a host name and a
// directory name at once.
func checkName(name string) error {
	valid := name != "" && len(name) <= 40 && name[0] != '-' && name[len(name)-1] != '-'
	for _, c := range name {
		valid = valid && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !valid {
		return fmt.Errorf("%q cannot name a sandbox host: use up to 40 lower-case letters, digits and dashes, with no dash at either end", name)
	}
	return nil
}

// defaultDir is where the hosts' files lie unless Options.Dir says otherwise.
func defaultDir() (string, error) {
	if dir := os.Getenv("PROVISION_SANDBOX_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find a directory for the sandbox's files: %w; set PROVISION_SANDBOX_DIR", err)
	}
	return filepath.Join(cache, "provision", "sandbox"), nil
}
