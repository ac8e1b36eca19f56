package inventory

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// DefaultPrepareAs is who prepares a host.
const DefaultPrepareAs = "root"

// Prepare says how a bare host is made ready.
type Prepare struct {
	User     PrepareUser
	Packages []string // further ones of the distribution
	Docker   PrepareDocker
	Firewall string // FirewallOpen or FirewallStrict
	SSH      string // SSHKeep or SSHStrict
	Updates  bool   // security updates install themselves
	Swap     string // SwapAuto, SwapNone or a size, "2g"
}

// PrepareUser is the deploy user, Host.User, to be.
type PrepareUser struct {
	Keys []string // absolute paths of public keys; none: the public half of the host's identity
	Sudo bool     // any command, unasked
}

// PrepareDocker is the engine to be.
type PrepareDocker struct {
	Source  string         // DockerAuto, DockerDistribution, DockerUpstream, or the https address of a mirror of the latter
	Mirrors []string       // of Docker Hub
	Daemon  map[string]any // further settings of daemon.json
}

// Where a host gets its engine from.
const (
	DockerAuto         = "auto"         // from the distribution where it has one
	DockerDistribution = "distribution" // from its own packages
	DockerUpstream     = "docker"       // from Docker's packages, at the mirror that answers fastest
)

// What is done about a firewall that is active, and about sshd.
const (
	FirewallOpen   = "open"   // the ports that are needed are opened, and nothing is closed
	FirewallStrict = "strict" // all others are closed
	SSHKeep        = "keep"   // sshd stays as it is
	SSHStrict      = "strict" // passwords and root's login are off
)

// The swap that is no size.
const (
	SwapAuto = "auto" // 1 GiB where the host has less memory than that, and no swap
	SwapNone = "none"
)

// maxKeys bounds a file of public keys, in bytes.
const maxKeys = 64 << 10

// ReadPublicKeys reads the public keys of a file on this machine, each as a line of authorized_keys.
func ReadPublicKeys(path string) ([]string, error) {
	content, err := ReadFile(path, maxKeys)
	switch {
	case os.IsNotExist(err):
		return nil, invalid("inventory.key-missing", path)
	case err != nil:
		return nil, invalid("inventory.path-unreadable", path, reason(err))
	case strings.Contains(string(content), "PRIVATE KEY"):
		return nil, invalid("inventory.key-private", path, path+".pub")
	}
	var keys []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
			return nil, invalid("inventory.key", path)
		}
		keys = append(keys, line)
	}
	if len(keys) == 0 {
		return nil, invalid("inventory.key", path)
	}
	return keys, nil
}

// oneOf accepts one of some words.
func oneOf(words ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(words, value) {
			return invalid("inventory.one-of", value, strings.Join(words, ", "))
		}
		return nil
	}
}

func checkDockerSource(source string) error {
	if strings.HasPrefix(source, "https://") {
		return checkMirror(source)
	}
	return oneOf(DockerAuto, DockerDistribution, DockerUpstream)(source)
}

// checkMirror accepts the https address of a mirror.
func checkMirror(mirror string) error {
	u, err := url.Parse(mirror)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return invalid("inventory.mirror", mirror)
	}
	return nil
}

var packageName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9+._-]*$`)

func checkPackage(name string) error {
	if len(name) > 128 || !packageName.MatchString(name) {
		return invalid("inventory.package", name)
	}
	return nil
}

var swapSize = regexp.MustCompile(`^[1-9][0-9]{0,3}[mg]$`)

func checkSwap(swap string) error {
	if swap != SwapAuto && swap != SwapNone && !swapSize.MatchString(swap) {
		return invalid("inventory.swap", swap)
	}
	return nil
}
