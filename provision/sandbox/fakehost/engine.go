package fakehost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/docker"
)

// Engine is a Docker Engine that runs nothing: containers, images and networks are a table, which docker commands and the
// engine's own interface read and docker commands change.
type Engine struct {
	Info      docker.Info         // what it tells of itself
	BuildHelp string              // what docker build says of its options; empty: it is the old builder
	path      func(string) string // where a file of the host's lies here
	pair      Pair
	mu        sync.Mutex
	ended     *sync.Cond // a container has ended, or all is over
	over      bool

	containers []object // the newest first
	images     []object
	networks   map[string]object
	sites      map[string]site // of the images, by id
	calls      []string
	refusals   []refusal
	made       int
}

// BaseImage is the name of the one image that a new host has.
const BaseImage = "kehuo/centos8_conda:nginx"

func newEngine(path func(string) string, pair Pair) *Engine {
	e := &Engine{path: path, pair: pair, networks: map[string]object{}, sites: map[string]site{}}
	e.ended = sync.NewCond(&e.mu)
	e.Info.DockerRootDir = "/var/lib/docker"
	e.Info.Name, _ = os.Hostname()
	for _, name := range []string{"bridge", "host", "none"} {
		e.networks[name] = object{"Name": name, "Id": e.newID(), "Internal": false}
	}
	e.images = []object{{"Id": "sha256:" + e.newID(), "RepoTags": []any{BaseImage}, "Config": map[string]any{"Labels": nil}}}
	return e
}

// Restore puts what docker inspect printed on another host in place of what there is.
func (e *Engine) Restore(t testing.TB, containers, images, networks string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.containers, e.images = readObjects(t, containers), append(e.images, readObjects(t, images)...)
	slices.SortFunc(e.containers, func(a, b object) int { return strings.Compare(b.text("Created"), a.text("Created")) })
	for _, n := range readObjects(t, networks) {
		e.networks[n.text("Name")] = n
	}
}

// Edit changes what docker inspect prints of a container, by a path of names.
func (e *Engine) Edit(t testing.TB, container string, value any, path ...string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.container(container)
	check(t, err)
	c.set(value, path...)
}

// Refuse has the next n commands that begin like this fail.
func (e *Engine) Refuse(n int, command, message string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refusals = append(e.refusals, refusal{command, message, n})
}

type refusal struct {
	command, message string
	left             int
}

// refused is why a command fails; nil where it does not.
func (e *Engine) refused(command string) error {
	for i := range e.refusals {
		if r := &e.refusals[i]; r.left > 0 && strings.HasPrefix(command, r.command) {
			r.left--
			return errors.New(r.message)
		}
	}
	return nil
}

// Calls are the docker commands so far, and forgets them.
func (e *Engine) Calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.calls
	e.calls = nil
	return calls
}

// Names are those of the containers, the running ones marked by a star.
func (e *Engine) Names() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for _, c := range e.containers {
		mark := ""
		if c.is("State", "Running") {
			mark = "*"
		}
		names = append(names, c.name()+mark)
	}
	slices.Sort(names)
	return names
}

// Do runs a docker command as somebody else on the host would.
func (e *Engine) Do(t testing.TB, argv ...string) string {
	t.Helper()
	a := e.run(call{Argv: append([]string{"docker"}, argv...)})
	if a.Code != 0 {
		t.Fatalf("docker %s: %s", strings.Join(argv, " "), a.Stderr)
	}
	return a.Stdout
}

func (e *Engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	e.ended.Broadcast()
}

// newID is the same in every run of a test.
func (e *Engine) newID() string {
	e.made++
	sum := sha256.Sum256([]byte(strconv.Itoa(e.made)))
	return hex.EncodeToString(sum[:])
}

// container finds one by its name, its id or the beginning of that.
func (e *Engine) container(name string) (object, error) {
	for _, c := range e.containers {
		if c.name() == strings.TrimPrefix(name, "/") {
			return c, nil
		}
	}
	for _, c := range e.containers {
		if strings.HasPrefix(c.id(), name) && name != "" {
			return c, nil
		}
	}
	return nil, said("No such container: %s", name)
}

func (e *Engine) image(name string) (object, error) {
	for _, i := range e.images {
		if hasTag(i, name) {
			return i, nil
		}
	}
	for _, i := range e.images {
		if id := strings.TrimPrefix(i.id(), "sha256:"); strings.HasPrefix(id, strings.TrimPrefix(name, "sha256:")) && name != "" {
			return i, nil
		}
	}
	return nil, said("No such image: %s", name)
}

func hasTag(image object, name string) bool {
	tags, _ := image.at("RepoTags").([]any)
	return slices.Contains(tags, any(name))
}

// tag takes a name from whichever image has it and gives it to this one; to nobody for nil.
func (e *Engine) tag(image object, name string) {
	for _, i := range e.images {
		tags, _ := i.at("RepoTags").([]any)
		i["RepoTags"] = slices.DeleteFunc(slices.Clone(tags), func(tag any) bool { return tag == name })
	}
	if image != nil {
		image["RepoTags"] = append(image["RepoTags"].([]any), name)
	}
}

// now is the time as docker writes it.
func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func (e *Engine) start(c object) error {
	if c.is("State", "Running") {
		return nil
	}
	for network := range c.inner("NetworkSettings", "Networks") {
		if e.networks[network] == nil {
			return fmt.Errorf("network %s not found", network)
		}
		if err := e.join(c, network); err != nil {
			return err
		}
	}
	c["State"] = map[string]any{"Status": "running", "Running": true, "Restarting": false, "ExitCode": 0, "Error": "",
		"StartedAt": now(), "FinishedAt": c.text("State", "FinishedAt")}
	if code := e.sites[c.text("Image")].exits; code != 0 {
		e.stop(c, code)
	}
	return nil
}

func (e *Engine) stop(c object, code int) {
	if !c.is("State", "Running") {
		return
	}
	for _, endpoint := range c.inner("NetworkSettings", "Networks") {
		endpoint.(map[string]any)["IPAddress"] = ""
	}
	c.set(map[string]any{}, "NetworkSettings", "Ports")
	c["State"] = map[string]any{"Status": "exited", "Running": false, "Restarting": false, "ExitCode": code, "Error": "",
		"StartedAt": c.text("State", "StartedAt"), "FinishedAt": now()}
	e.ended.Broadcast()
}

// join gives a container that runs its place on a network, and the host's ports where the network leads there.
func (e *Engine) join(c object, network string) error {
	bindings := c.inner("HostConfig", "PortBindings")
	if !e.networks[network].is("Internal") && network != "none" {
		for _, port := range hostPorts(bindings) {
			if e.holder(port) != nil {
				return fmt.Errorf("driver failed programming external connectivity on endpoint %s (%s): Bind for 0.0.0.0:%d failed: port is already allocated",
					c.name(), e.newID(), port)
			}
		}
		ports := map[string]any{}
		for inside, list := range bindings {
			for _, binding := range list.([]any) {
				host := binding.(map[string]any)
				address, _ := host["HostIp"].(string)
				if address == "" {
					address = "0.0.0.0"
				}
				held, _ := ports[inside].([]any)
				ports[inside] = append(held, map[string]any{"HostIp": address, "HostPort": host["HostPort"]})
			}
		}
		c.set(ports, "NetworkSettings", "Ports")
	}
	e.made++
	subnet := 18 + slices.Index(slices.Sorted(maps.Keys(e.networks)), network)
	c.set(fmt.Sprintf("172.%d.%d.%d", subnet, e.made/250, 2+e.made%250), "NetworkSettings", "Networks", network, "IPAddress")
	return nil
}

func (e *Engine) connect(network string, c object, aliases []any) error {
	if e.networks[network] == nil {
		return fmt.Errorf("network %s not found", network)
	}
	networks := c.inner("NetworkSettings", "Networks")
	if _, there := networks[network]; there {
		return fmt.Errorf("endpoint with name %s already exists in network %s", c.name(), network)
	}
	if c.is("State", "Running") {
		if err := e.join(c, network); err != nil {
			return err
		}
	}
	c.set(aliases, "NetworkSettings", "Networks", network, "Aliases")
	return nil
}

func (e *Engine) disconnect(network string, c object) error {
	networks := c.inner("NetworkSettings", "Networks")
	if _, there := networks[network]; !there {
		return fmt.Errorf("container %s is not connected to network %s", c.id(), network)
	}
	delete(networks, network)
	for other := range networks {
		if !e.networks[other].is("Internal") {
			return nil
		}
	}
	c.set(map[string]any{}, "NetworkSettings", "Ports")
	return nil
}

// holder is the container that holds a port of the host; nil for none.
func (e *Engine) holder(port int) object {
	for _, c := range e.containers {
		if slices.Contains(hostPorts(c.inner("NetworkSettings", "Ports")), port) {
			return c
		}
	}
	return nil
}

// hostPorts are the host's ports in a table of bindings.
func hostPorts(bindings map[string]any) []int {
	var ports []int
	for _, list := range bindings {
		held, _ := list.([]any)
		for _, binding := range held {
			text, _ := binding.(map[string]any)["HostPort"].(string)
			port, _ := strconv.Atoi(text)
			ports = append(ports, port)
		}
	}
	return ports
}

// onHost serves a connection to a port of the host; nil where nobody listens.
func (e *Engine) onHost(port int) func(net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.holder(port)
	if c == nil {
		return nil
	}
	for inside, list := range c.inner("NetworkSettings", "Ports") {
		if slices.Contains(hostPorts(map[string]any{inside: list}), port) {
			return e.served(c, inside)
		}
	}
	return nil
}

// at serves a connection to a container at its own address.
func (e *Engine) at(address string, port int) func(net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		for _, endpoint := range c.inner("NetworkSettings", "Networks") {
			if c.is("State", "Running") && endpoint.(map[string]any)["IPAddress"] == address {
				return e.served(c, strconv.Itoa(port)+"/tcp")
			}
		}
	}
	return nil
}

func (e *Engine) served(c object, inside string) func(net.Conn) {
	s, built := e.sites[c.text("Image")]
	if !built {
		s = site{pair: e.pair}
	}
	s.failing = s.failing || s.shy && len(c.inner("NetworkSettings", "Ports")) > 0
	switch inside {
	case "443/tcp":
		return func(conn net.Conn) { s.serve(conn, true) }
	case "80/tcp":
		return func(conn net.Conn) { s.serve(conn, false) }
	}
	return nil
}

// said is an error in the words of the engine.
func said(format string, args ...any) error { return dockerError(fmt.Sprintf(format, args...)) }

type dockerError string

func (e dockerError) Error() string { return string(e) }
