package sandbox

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// engineVariant is an engine that a host can have.
type engineVariant struct {
	name     string
	suite    string   // the Debian release that has it
	packages []string // beside hostPackages
	boot     string   // the script below host/ that starts it
}

// systemVariant is what lies around the engine: userland, SSH server, login.
type systemVariant struct {
	name   string
	boot   string   // the script below host/ that makes the difference; empty for none
	shell  string   // kevin's login shell; empty for bash
	bashrc string   // kevin's .bashrc; empty for Debian's
	sshd   []string // lines for sshd_config
}

// What the hosts of every engine have: an SSH server, and what tests look for on a server. The last ones are of systems.
var hostPackages = []string{
	"ca-certificates", "fuse-overlayfs", "iproute2", "iptables", "netcat-openbsd", "openssh-server", "procps", "sudo", "tar",
	"busybox-static", "dropbear-bin", "zsh",
}

// Debian sid: engines 28 and rootless are one root file system.
var sid28 = []string{"docker.io", "docker-cli", "rootlesskit", "slirp4netns", "systemd-standalone-sysusers", "uidmap"}

// engines are the engines to choose from, the default first.
var engines = []engineVariant{
	{"20.10", "bookworm", []string{"docker.io", "fish", "tcsh", "tini"}, "dockerd.sh"},
	{"26.1", "trixie", []string{"docker.io", "docker-cli", "tini"}, "dockerd.sh"},
	{"28", "sid", sid28, "dockerd.sh"},
	{"rootless", "sid", sid28, "rootless.sh"},
	{"podman", "sid", []string{"passt", "podman", "podman-docker", "systemd-standalone-sysusers", "tini-static", "uidmap"}, "podman.sh"},
}

// bareSystems are the systems of hosts without an engine, the default first. What is on them is what a cloud's image has.
var bareSystems = []engineVariant{
	{"debian", "bookworm", nil, "bare.sh"},
	{"debian-13", "trixie", nil, "bare.sh"},
	{"debian-systemd", "bookworm", []string{"dbus", systemd}, "bare.sh"},
}

// systemd is the package that makes it process 1.
const systemd = "systemd-sysv"

var barePackages = []string{"ca-certificates", "iproute2", "iptables", "openssh-server", "procps", "sudo", "tar", "tini"}

// systems are the systems to choose from, the default first.
var systems = []systemVariant{
	{name: "debian"},
	{name: "busybox", boot: "busybox.sh", shell: "/bin/sh"},
	{name: "dropbear", boot: "dropbear.sh"},
	{name: "fish", shell: "/usr/bin/fish"},
	{name: "tcsh", shell: "/bin/tcsh"},
	{name: "zsh", shell: "/usr/bin/zsh"},
	{name: "exec-zsh", bashrc: "exec zsh\n"}, // runs no command that it is given
	{name: "no-forwarding", sshd: []string{"AllowTcpForwarding no"}},
	{name: "one-session", sshd: []string{"MaxSessions 1"}},
}

//go:embed host
var hostScripts embed.FS

// script reads a script below host/; there is nothing in the one without a name.
func script(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	text, err := hostScripts.ReadFile(path.Join("host", name))
	return string(text), err
}

// recipe is the engine's root file system.
func (e engineVariant) recipe() recipe {
	if e.boot == "bare.sh" {
		return recipe{name: "bare", suite: e.suite, packages: slices.Concat(barePackages, e.packages), remove: []string{"etc/ssh/ssh_host_*", "etc/machine-id"}}
	}
	packages := slices.Concat(hostPackages, e.packages)
	slices.Sort(packages)
	return recipe{
		name: "host", suite: e.suite, packages: packages,
		remove: []string{"etc/ssh/ssh_host_*", "etc/machine-id", "usr/bin/ctr", "usr/bin/containerd-shim", "usr/bin/containerd-shim-runc-v1"},
	}
}

// hasShell tells whether a login shell is in the engine's root file system.
func (e engineVariant) hasShell(shell string) bool {
	name := path.Base(shell)
	return name == "bash" || name == "sh" || slices.Contains(e.recipe().packages, name)
}

// variant finds an engine or a system by its name; the empty name means the first.
func variant[V any](kind string, all []V, name func(V) string, wanted string) (V, error) {
	if wanted == "" {
		return all[0], nil
	}
	var names []string
	for _, v := range all {
		if name(v) == wanted {
			return v, nil
		}
		names = append(names, name(v))
	}
	var none V
	return none, fmt.Errorf("there is no sandbox host with the %s %q: choose one of %s", kind, wanted, strings.Join(names, ", "))
}
