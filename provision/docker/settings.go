package docker

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Variables are the environment of a container or an image, as docker inspect prints it: some of it is secret.
type Variables map[string]provision.Secret

// UnmarshalJSON reads a list of NAME=value.
func (v *Variables) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*v = Variables{}
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		(*v)[name] = provision.NewSecret(value)
	}
	return nil
}

// Difference is in what a container that runs is not the one that a specification makes, line by line as a diff: "- ports: 80:80",
// "+ ports: 8080:80". Of variables it has the names alone; secrets are the names of those that a file brings, and image is the
// image's own environment, which is not the site's. Without a container it lists the whole specification. What docker cannot give
// back, further options for example, is told of a new container alone.
func (s Spec) Difference(live *Container, secrets []string, image Variables) string {
	var d difference
	if live == nil {
		d.add("+", "ports", s.Ports...)
		d.add("+", "command", s.Command...)
		d.add("+", "environment", append(slices.Sorted(maps.Keys(s.Environment)), secrets...)...)
		d.add("+", "volumes", s.Volumes...)
		d.add("+", "options", s.Options...)
		d.add("+", "restart", s.Restart)
		return d.String()
	}
	d.change("ports", ", ", live.ports(), canonicalPorts(s.Ports))
	if len(s.Command) > 0 { // else it is the image's
		d.change("command", " ", live.Config.Cmd, s.Command)
	}
	d.variables(s, live, secrets, image)
	d.change("volumes", ", ", live.HostConfig.Binds, s.Volumes)
	d.change("restart", "", []string{live.RestartPolicy()}, []string{s.Restart})
	return d.String()
}

type difference struct{ strings.Builder }

func (d *difference) add(sign, name string, values ...string) {
	separator := ", "
	if name == "command" {
		separator = " "
	}
	if text := strings.Join(values, separator); text != "" {
		d.WriteString(sign + " " + name + ": " + safetext.Abbreviate(safetext.Line(text), 300) + "\n")
	}
}

func (d *difference) change(name, separator string, before, after []string) {
	if name != "command" {
		before, after = slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(after))
	}
	if strings.Join(before, separator) == strings.Join(after, separator) {
		return
	}
	d.add("-", name, before...)
	d.add("+", name, after...)
}

// variables tells which names are new, gone or have another value, as far as that is known: of a file's variables it is not.
func (d *difference) variables(s Spec, live *Container, secrets []string, image Variables) {
	if s.SecretFiles { // the container has them elsewhere
		secrets = nil
	}
	var added, changed, gone []string
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		if old, there := live.Config.Env[name]; !there {
			added = append(added, name)
		} else if old.Reveal() != s.Environment[name] {
			changed = append(changed, name)
		}
	}
	for _, name := range secrets {
		if _, there := live.Config.Env[name]; !there {
			added = append(added, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(live.Config.Env)) {
		_, plain := s.Environment[name]
		_, images := image[name]
		if !plain && !images && !slices.Contains(secrets, name) && image != nil {
			gone = append(gone, name)
		}
	}
	d.add("-", "environment", gone...)
	d.add("+", "environment", added...)
	d.add("~", "environment", changed...)
}

// ports are the container's published ports, one canonical text each.
func (c *Container) ports() []string {
	var list []string
	for inside, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			list = append(list, canonicalPort(b.HostIP, b.HostPort, inside))
		}
	}
	return list
}

// canonicalPorts are published ports as docker run -p takes them, one canonical text each.
func canonicalPorts(ports []string) []string {
	var list []string
	for _, p := range ports {
		at := strings.LastIndexByte(p, ':')
		outside, inside := p[:max(at, 0)], p[at+1:]
		address, port := "", outside
		if i := strings.LastIndexByte(outside, ':'); i >= 0 {
			address, port = strings.Trim(outside[:i], "[]"), outside[i+1:]
		}
		list = append(list, canonicalPort(address, port, inside))
	}
	return list
}

func canonicalPort(address, outside, inside string) string {
	text := outside + ":" + strings.TrimSuffix(inside, "/tcp")
	switch ip, err := netip.ParseAddr(address); {
	case err != nil, ip.IsUnspecified():
		return text
	case ip.Is6():
		return "[" + address + "]:" + text
	}
	return address + ":" + text
}
