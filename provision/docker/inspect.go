package docker

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/safetext"
)

// Container is what docker inspect tells of a container, as far as a deployment asks.
type Container struct {
	ID           string `json:"Id"`
	Name         string // with docker's leading slash
	Image        string // the image's id, whatever name it was started by
	Created      time.Time
	RestartCount int
	State        State
	Config       struct {
		Image  string // the name it was started by
		Labels map[string]string
		Cmd    []string
		Env    Variables
	}
	HostConfig struct {
		Binds         []string // as for docker run -v
		NetworkMode   string
		PortBindings  map[string][]PortBinding
		RestartPolicy struct {
			Name              string
			MaximumRetryCount int
		}
	}
	NetworkSettings struct {
		Networks map[string]Endpoint
	}
	Mounts []struct{ Destination string } // paths in the container
}

// State is a container's state. A restart loop reads as Running with Status "restarting".
type State struct {
	Status     string
	Running    bool
	Restarting bool
	OOMKilled  bool
	ExitCode   int
	Error      string
	StartedAt  time.Time
	FinishedAt time.Time
}

// PortBinding is one host side of a published port.
type PortBinding struct{ HostIP, HostPort string }

// Endpoint is a container's place on a network.
type Endpoint struct {
	Network    string `json:"-"` // its name
	IPAddress  string
	Aliases    []string
	IPAMConfig *struct{ IPv4Address, IPv6Address string } // the addresses that were asked for
}

// ConnectOptions are the options of docker network connect that give a container the same place again.
func (e Endpoint) ConnectOptions() []string {
	var options []string
	for _, alias := range e.Aliases {
		options = append(options, "--alias", alias)
	}
	if c := e.IPAMConfig; c != nil && c.IPv4Address != "" {
		options = append(options, "--ip", c.IPv4Address)
	}
	if c := e.IPAMConfig; c != nil && c.IPv6Address != "" {
		options = append(options, "--ip6", c.IPv6Address)
	}
	return options
}

// BareName is the container's name without docker's leading slash.
func (c *Container) BareName() string { return strings.TrimPrefix(c.Name, "/") }

// labelLimit bounds a label, in bytes: the longest of ours is a path.
const labelLimit = 4 << 10

// Label is a label's value as one harmless line: anybody may have given it.
func Label(labels map[string]string, name string) string {
	line := strings.NewReplacer("\n", " ", "\t", " ").Replace(safetext.Clean(labels[name])) // two blanks in a path stay two
	return safetext.Abbreviate(line, labelLimit)
}

// Label returns one of the container's labels as one harmless line, empty where it has none of that name.
func (c *Container) Label(name string) string { return Label(c.Config.Labels, name) }

// HasSecretFiles reports whether the container has its secrets as files.
func (c *Container) HasSecretFiles() bool {
	for _, m := range c.Mounts {
		if m.Destination == SecretsPath {
			return true
		}
	}
	return false
}

// Up reports whether the container runs and is not in a restart loop.
func (c *Container) Up() bool { return c.State.Running && !c.State.Restarting }

// On reports whether the container is attached to a network.
func (c *Container) On(network string) bool {
	_, ok := c.NetworkSettings.Networks[network]
	return ok
}

// Address is the container's own address on a network, empty while it has none.
func (c *Container) Address(network string) string {
	return c.NetworkSettings.Networks[network].IPAddress
}

// AnyAddress is the container's address on a network, or on whichever it has one for an empty name.
func (c *Container) AnyAddress(network string) string {
	if network != "" {
		return c.Address(network)
	}
	for _, endpoint := range c.NetworkSettings.Networks {
		if endpoint.IPAddress != "" {
			return endpoint.IPAddress
		}
	}
	return ""
}

// PublicEndpoints are the container's places on networks through which it holds host ports: all but the internal ones named.
func (c *Container) PublicEndpoints(internal ...string) []Endpoint {
	var endpoints []Endpoint
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		if name == "host" || name == "none" || slices.Contains(internal, name) {
			continue
		}
		endpoint := c.NetworkSettings.Networks[name]
		endpoint.Network = name
		endpoints = append(endpoints, endpoint)
	}
	return endpoints
}

// RestartPolicy is the policy as docker update --restart takes it.
func (c *Container) RestartPolicy() string {
	policy := c.HostConfig.RestartPolicy
	switch {
	case policy.Name == "":
		return "no"
	case policy.MaximumRetryCount > 0:
		return fmt.Sprintf("%s:%d", policy.Name, policy.MaximumRetryCount)
	}
	return policy.Name
}

// Serves reports whether the container holds host ports now: it runs, publishes some, and is on a network that reaches them.
// Internal networks do not; they are the ones named in internal.
func (c *Container) Serves(internal ...string) bool {
	if !c.Up() || len(c.HostConfig.PortBindings) == 0 {
		return c.Up() && c.HostConfig.NetworkMode == "host"
	}
	for name := range c.NetworkSettings.Networks {
		if !slices.Contains(internal, name) {
			return true
		}
	}
	return false
}

// Image is what docker inspect tells of an image.
type Image struct {
	ID          string `json:"Id"`
	RepoTags    []string
	RepoDigests []string
	Created     time.Time
	Size        int64 // bytes
	Config      struct {
		Labels map[string]string
		Env    Variables
	}
}

// Label returns one of the image's labels as one harmless line, empty where it has none of that name.
func (i *Image) Label(name string) string { return Label(i.Config.Labels, name) }

// Tagged reports whether the image carries a name; a name without a tag means ":latest".
func (i *Image) Tagged(name string) bool {
	if !strings.Contains(name[strings.LastIndexByte(name, '/')+1:], ":") {
		name += ":latest"
	}
	return slices.Contains(i.RepoTags, name) ||
		slices.Contains(i.RepoTags, strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/"))
}

// Named reports whether an image goes by a name with a tag, or with a digest: Docker passes over the tag beside one.
func (i *Image) Named(name string) bool {
	repository, digest, pinned := strings.Cut(name, "@")
	if !pinned {
		return i.Tagged(familiar(name))
	}
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	return slices.Contains(i.RepoDigests, familiar(repository)+"@"+digest)
}

// familiar is a name as Docker lists it: without its own registry.
func familiar(name string) string {
	rest, own := strings.CutPrefix(strings.TrimPrefix(name, "index."), "docker.io/")
	if !own {
		rest = name
	}
	return strings.TrimPrefix(rest, "library/")
}

// ParseDescription reads what the command of [Describe] printed, without the caller's word.
func ParseDescription(line string) (*Image, error) {
	image := new(Image)
	if err := json.Unmarshal([]byte(line), image); err != nil {
		return nil, fmt.Errorf("read the description of an image: %w", err)
	}
	return image, nil
}

// Objects is the answer of a docker inspect that was asked for containers and images together.
type Objects struct {
	Containers []Container
	Images     []Image
}

// inspectLimit is how much is read of an answer of docker inspect, in bytes: a container is some ten thousand.
const inspectLimit = 16 << 20

// ParseInspect reads what docker inspect printed. Names that docker does not know are missing in it.
func ParseInspect(text []byte) (Objects, error) {
	var objects Objects
	if len(strings.TrimSpace(string(text))) == 0 {
		return objects, nil
	}
	if len(text) > inspectLimit {
		return objects, fmt.Errorf("the answer of docker inspect has %d bytes, and at most %d are read", len(text), inspectLimit)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return objects, fmt.Errorf("read the answer of docker inspect: %w", err)
	}
	for _, item := range raw {
		var kind struct {
			State    *json.RawMessage
			RepoTags *json.RawMessage
		}
		if err := json.Unmarshal(item, &kind); err != nil {
			return objects, fmt.Errorf("read the answer of docker inspect: %w", err)
		}
		var err error
		switch {
		case kind.State != nil:
			var c Container
			err = json.Unmarshal(item, &c)
			objects.Containers = append(objects.Containers, c)
		case kind.RepoTags != nil:
			var i Image
			err = json.Unmarshal(item, &i)
			objects.Images = append(objects.Images, i)
		}
		if err != nil {
			return objects, fmt.Errorf("read the answer of docker inspect: %w", err)
		}
	}
	return objects, nil
}

// shortID is how many digits of an id docker shows.
const shortID = 12

// ShortID is an id as docker shows it.
func ShortID(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(shortID, len(id))]
}
