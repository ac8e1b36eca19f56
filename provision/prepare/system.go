package prepare

import (
	"slices"
	"strings"
)

// Family is a family of distributions: how packages are installed.
type Family string

// The families that the program prepares. For others it prints the commands.
const (
	Apt   Family = "apt"
	Dnf   Family = "dnf"
	Other Family = "other"
)

// System is the host's operating system.
type System struct {
	ID, Version, Codename string // of os-release: debian, 12, bookworm
	Like                  []string
	Name                  string // as a person reads it
	Family                Family
	Manager               string // the command that installs packages; empty: none is known
	Init                  string // InitSystemd, InitService or empty
	Container             bool   // not a machine of its own: the clock and swap are another's
	Memory, Swap          int64  // KiB
	SwapFile              int64  // ours, KiB; 0: none
	Free                  int64  // on /var, KiB
	Arch                  string
	Clock                 string // what keeps it: chronyd, systemd-timesyncd, ntpd; empty: nothing
	Installed             []string
	Broken                bool // an installation was interrupted
	NoIndex               bool // of packages
	Updates               bool // security updates install themselves
}

// How services are started.
const (
	InitSystemd = "systemd"
	InitService = "service"
)

func parseSystem(l lines) System {
	release := map[string]string{}
	for _, line := range l["os"] {
		name, value, _ := strings.Cut(line, "=")
		release[name] = strings.Trim(value, `"'`)
	}
	s := System{
		ID: release["ID"], Version: release["VERSION_ID"], Codename: release["VERSION_CODENAME"], Like: strings.Fields(release["ID_LIKE"]),
		Name: release["PRETTY_NAME"], Manager: l.one("manager"), Init: l.one("init"), Container: l.has("container"),
		Memory: l.number("memory"), Swap: l.number("swap"), SwapFile: l.number("swapfile"), Free: l.number("free"), Arch: l.one("arch"),
		Clock: l.one("clock"), Installed: l["installed"], Broken: l.has("broken"), NoIndex: l.one("index") == "none",
	}
	switch {
	case s.Manager == "apt-get" && s.is("debian", "ubuntu"):
		s.Family = Apt
	case s.Manager == "dnf" && s.is("fedora", "rhel", "centos", "alinux", "anolis"):
		s.Family = Dnf
	default:
		s.Family = Other
	}
	for _, line := range l["updates"] {
		s.Updates = s.Updates || s.Family == Dnf || strings.Contains(line, "APT::Periodic::Unattended-Upgrade") && strings.Contains(line, `"1"`)
	}
	return s
}

// is reports whether the distribution is one of those, or made from one.
func (s System) is(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return s.ID == name || slices.Contains(s.Like, name) })
}

// Has reports whether a package of Query.Packages is installed.
func (s System) Has(name string) bool { return slices.Contains(s.Installed, name) }

// ByHand are the commands that a person types on a system that the program does not prepare.
func (s System) ByHand() string {
	switch s.Manager {
	case "apk":
		return "apk add docker docker-cli-buildx && rc-update add docker && service docker start"
	case "pacman":
		return "pacman -S --noconfirm docker docker-buildx && systemctl enable --now docker"
	case "zypper":
		return "zypper --non-interactive install docker docker-buildx && systemctl enable --now docker"
	case "yum":
		return "yum install -y yum-utils && yum-config-manager --add-repo https://download.docker.com/linux/centos/docker-ce.repo && yum install -y docker-ce && systemctl enable --now docker"
	case "apt-get":
		return "apt-get update && apt-get install -y docker.io"
	case "dnf":
		return "dnf install -y dnf-plugins-core && dnf config-manager --add-repo https://download.docker.com/linux/centos/docker-ce.repo && dnf install -y docker-ce && systemctl enable --now docker"
	}
	return "https://docs.docker.com/engine/install/"
}
