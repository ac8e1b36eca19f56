package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Spec is everything that determines how a release's container runs, but for its image. Two equal specs give the same
// container; the digest of the spec is kept in a label, because inspect cannot give every argument back.
type Spec struct {
	Ports           []string          `json:"ports"` // as docker run -p
	Command         []string          `json:"command"`
	Environment     map[string]string `json:"environment,omitempty"`
	EnvironmentFile string            `json:"environment_file,omitempty"` // path on the host
	EnvironmentHash string            `json:"environment_hash,omitempty"` // digest of that file's content
	SecretFiles     bool              `json:"secret_files,omitempty"`     // its variables are files in SecretsPath instead
	Volumes         []string          `json:"volumes,omitempty"`
	Options         []string          `json:"options,omitempty"`
	Restart         string            `json:"restart"`
	Init            bool              `json:"init,omitempty"`
	LogMaxSize      string            `json:"log_max_size,omitempty"`
	LogMaxFile      int               `json:"log_max_file,omitempty"`
}

// Digest identifies the specification.
func (s Spec) Digest() string {
	text, err := json.Marshal(s) // map keys come sorted
	if err != nil {
		panic(err) // strings, numbers and maps of strings always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// HostNetwork reports whether the options have the container share the host's network.
func (s Spec) HostNetwork() bool { return s.network() == "host" }

// Privileged reports whether the options give the container all rights on the host.
func (s Spec) Privileged() bool {
	return slices.Contains(s.Options, "--privileged") || slices.Contains(s.Options, "--privileged=true")
}

// OwnNetwork reports whether the options put the container on a network of their own choice.
func (s Spec) OwnNetwork() bool { return s.network() != "" }

// network is the first network that the options name, as docker run reads them; empty for none.
func (s Spec) network() string {
	for i, option := range s.Options {
		flag, value, joined := strings.Cut(option, "=")
		switch {
		case flag != "--network" && flag != "--net":
		case joined:
			return value
		case i+1 < len(s.Options):
			return s.Options[i+1]
		}
	}
	return ""
}

// Release names the release that a spec on a tree makes: twelve hexadecimal digits.
func Release(tree string, s Spec) string {
	sum := sha256.Sum256([]byte(tree + "\n" + s.Digest()))
	return hex.EncodeToString(sum[:])[:12]
}

// RunOptions place a container: its name and where it listens while it is not live.
type RunOptions struct {
	Name      string
	Site      string
	Directory string // where the site lives on the host
	Image     string
	Tree      string
	Release   string
	Network   string // empty: the ordinary bridge
	Ports     bool   // publish the specification's ports
	Restart   bool   // apply the specification's restart policy now; otherwise the container stays down once it ends
	Create    bool   // create it without starting it
	Secrets   string // folder on the host with the release's secrets, where these are files
}

// SecretsPath is where a container finds its secrets where these are files.
const SecretsPath = "/run/secrets"

// Run is the tutorial's `docker run -it -d -p … --name … IMAGE COMMAND`, with what a site needs to live on.
func (s Spec) Run(o RunOptions) []string {
	argv := []string{"docker", "run", "-it", "-d"}
	if o.Create {
		argv = []string{"docker", "create", "-it"}
	}
	if o.Ports {
		for _, p := range s.Ports {
			argv = append(argv, "-p", p)
		}
	}
	argv = append(argv, "--name", o.Name)
	if o.Network != "" {
		argv = append(argv, "--network", o.Network)
	}
	if o.Restart && s.Restart != "" {
		argv = append(argv, "--restart", s.Restart)
	}
	if s.Init {
		argv = append(argv, "--init")
	}
	argv = append(argv, s.logging()...)
	argv = append(argv, s.inside(o.Secrets)...)
	argv = append(argv,
		"--label", LabelSite+"="+o.Site,
		"--label", LabelDirectory+"="+o.Directory,
		"--label", LabelTree+"="+o.Tree,
		"--label", LabelSpec+"="+s.Digest(),
		"--label", LabelRelease+"="+o.Release)
	argv = append(argv, s.Options...)
	return append(append(argv, o.Image), s.Command...)
}

// inside is what the program in the container sees: its environment, secrets and volumes.
func (s Spec) inside(secrets string) []string {
	var argv []string
	if s.EnvironmentFile != "" {
		argv = append(argv, "--env-file", s.EnvironmentFile)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		argv = append(argv, "-e", name+"="+s.Environment[name])
	}
	if s.SecretFiles {
		// Unlike -v, this fails where the folder is missing.
		argv = append(argv, "--mount", "type=bind,"+csvField("source="+secrets)+",target="+SecretsPath+",readonly")
	}
	for _, v := range s.Volumes {
		argv = append(argv, "-v", v)
	}
	return argv
}

// csvField is a field as docker reads those of --mount.
func csvField(text string) string {
	if strings.ContainsAny(text, `,"`) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func (s Spec) logging() []string {
	if s.LogMaxSize == "" {
		return nil
	}
	argv := []string{"--log-driver", "json-file", "--log-opt", "max-size=" + s.LogMaxSize}
	if s.LogMaxFile > 0 {
		argv = append(argv, "--log-opt", "max-file="+strconv.Itoa(s.LogMaxFile))
	}
	return argv
}
