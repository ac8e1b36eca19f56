package prepare

import (
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/inventory"
)

// Upstream are Docker's own packages and mirrors of them, the usual one first.
func Upstream(source string) []string {
	if strings.HasPrefix(source, "https://") {
		return []string{strings.TrimSuffix(source, "/")}
	}
	return []string{"https://download.docker.com", "https://mirrors.aliyun.com/docker-ce", "https://mirrors.tuna.tsinghua.edu.cn/docker-ce"}
}

// Packages of an engine: Docker's own need another repository.
var (
	upstreamPackages = []string{"docker-ce", "docker-ce-cli", "containerd.io"}
	upstreamOptional = []string{"docker-buildx-plugin"}
)

// Engine is where an engine comes from: its packages, and those that are installed beside it where they are to be had.
type Engine struct {
	Packages, Optional []string
	Repository         *Repository // nil: the distribution's own
}

// Repository is that of Docker's packages for one distribution.
type Repository struct {
	Folder      string // below a mirror, "linux/debian"
	File, Key   string // where its configuration and its key lie on the host
	Fingerprint string // of the key
	text        string // of the configuration, with {mirror}
}

// The fingerprints of the keys that sign Docker's packages, as Docker's manual has them.
const (
	aptFingerprint = "9dc858229fc7dd38854ae2d88d81803c0ebfcd88"
	dnfFingerprint = "060a61c51b558a7f742b77aac52feb6b621e9f35"
)

// Engine chooses where the engine comes from; ok is false where neither the distribution nor Docker has one for this system.
func (s System) Engine(source string) (e Engine, ok bool) {
	own := s.ownEngine()
	if len(own.Packages) > 0 && (source == inventory.DockerDistribution || source == inventory.DockerAuto || source == "") {
		return own, true
	}
	r, ok := s.repository()
	if !ok || source == inventory.DockerDistribution {
		return own, len(own.Packages) > 0
	}
	return Engine{Packages: slices.Clone(upstreamPackages), Optional: slices.Clone(upstreamOptional), Repository: &r}, true
}

// ownEngine is the distribution's.
func (s System) ownEngine() Engine {
	switch {
	case s.Family == Apt:
		return Engine{Packages: []string{"docker.io", "ca-certificates"}, Optional: []string{"docker-buildx", "docker-cli"}}
	case s.ID == "fedora":
		return Engine{Packages: []string{"moby-engine"}, Optional: []string{"docker-buildx"}}
	}
	return Engine{}
}

// repository is Docker's for the distribution.
func (s System) repository() (Repository, bool) {
	if s.Family == Apt {
		folder := "linux/debian"
		if s.ID == "ubuntu" {
			folder = "linux/ubuntu"
		}
		arch, known := map[string]string{"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}[s.Arch]
		r := Repository{
			Folder: folder, File: "/etc/apt/sources.list.d/docker.list", Key: "/etc/apt/keyrings/docker.asc", Fingerprint: aptFingerprint,
			text: "deb [arch=" + arch + " signed-by=/etc/apt/keyrings/docker.asc] {mirror}/" + folder + " " + s.Codename + " stable\n",
		}
		return r, known && s.Codename != "" && (s.ID == "debian" || s.ID == "ubuntu")
	}
	major, _, _ := strings.Cut(s.Version, ".")
	folder := "linux/centos"
	switch s.ID {
	case "fedora":
		folder = "linux/fedora"
	case "alinux", "anolis": // made from this version of CentOS
		major = map[string]string{"3": "8", "8": "8", "4": "9", "23": "9"}[major]
	}
	r := Repository{
		Folder: folder, File: "/etc/yum.repos.d/docker-ce.repo", Key: "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker", Fingerprint: dnfFingerprint,
		text: "[docker-ce-stable]\nname=Docker CE\nbaseurl={mirror}/" + folder + "/" + major + "/$basearch/stable\nenabled=1\ngpgcheck=1\n" +
			"gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker\n",
	}
	return r, s.Family == Dnf && major != ""
}

// Text is the configuration for a mirror.
func (r Repository) Text(mirror string) string { return strings.ReplaceAll(r.text, "{mirror}", mirror) }

// KeyURL is where a mirror has the key.
func (r Repository) KeyURL(mirror string) string { return mirror + "/" + r.Folder + "/gpg" }
