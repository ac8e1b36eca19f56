package docker

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Info is what an engine tells of itself, as far as a deployment asks.
type Info struct {
	Name            string // of the machine that it runs on
	DockerRootDir   string // the folder of its images and containers
	SecurityOptions []string
	Plugins         struct{ Log []string }
}

// DescribeEngine prints what [ParseInfo] reads.
func DescribeEngine() []string { return []string{"docker", "info", "--format", "{{json .}}"} }

// ParseInfo reads what the command of [DescribeEngine] printed.
func ParseInfo(text []byte) (*Info, error) {
	info := new(Info)
	if err := json.Unmarshal(text, info); err != nil {
		return nil, fmt.Errorf("read the answer of docker info: %w", err)
	}
	return info, nil
}

// Rootless reports whether the engine runs as a user, with networks that the host itself is not on.
func (i *Info) Rootless() bool { return slices.Contains(i.SecurityOptions, "name=rootless") }

// Podman reports whether it is podman that answers in Docker's place: the log driver is its alone.
func (i *Info) Podman() bool { return slices.Contains(i.Plugins.Log, "k8s-file") }
