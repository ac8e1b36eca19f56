package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The labels on everything that a sandbox makes on the engine.
const (
	labelName    = "io.provision.sandbox"           // the host's name
	labelSet     = "io.provision.sandbox.set"       // the name Up was asked for
	labelAddress = "io.provision.sandbox.address"   // 127.0.10.N
	labelImage   = labelName + ".image"             // on images, and on what is made while building one
	labelDir     = "io.provision.sandbox.directory" // where the host's files lie
	labelEngine  = "io.provision.sandbox.engine"    // as asked for
	labelSystem  = "io.provision.sandbox.system"    // as asked for
	labelLogin   = "io.provision.sandbox.login"     // who is let in to a bare host
)

// MissingError says what this machine lacks for a sandbox.
type MissingError struct {
	What    string // such as "a Docker Engine"
	Why     string // what was tried, and what came of it
	Install string // the command that mends it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("a sandbox needs %s on this machine, and %s; run: %s", e.What, e.Why, e.Install)
}

// engine is this machine's Docker Engine, driven through its command.
type engine struct{}

// check finds out whether the engine can be used at all.
func (e engine) check(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return &MissingError{"the docker command", "there is none on the PATH", "apt-get install --yes docker.io"}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := e.run(ctx, "version", "--format", "{{.Server.Version}}"); err != nil {
		return &MissingError{"a running Docker Engine", err.Error(), "systemctl start docker (without systemd: sh provision/sandbox/setup.sh start)"}
	}
	return nil
}

// run runs one docker command and returns what it printed.
func (e engine) run(ctx context.Context, args ...string) (string, error) {
	return e.pipe(ctx, nil, args...)
}

// pipe runs one docker command that reads stdin.
func (e engine) pipe(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", &engineError{verb: verb(args), stderr: strings.TrimSpace(stderr.String()), err: err}
	}
	return stdout.String(), nil
}

// docker runs a command of the host's engine as whoever the engine belongs to.
func (e engine) docker(ctx context.Context, container string, stdin io.Reader, args ...string) (string, error) {
	return e.exec(ctx, container, stdin, slices.Concat([]string{"/bin/sh", "/etc/sandbox/docker"}, args)...)
}

// exec runs a command as root on the host.
func (e engine) exec(ctx context.Context, container string, stdin io.Reader, argv ...string) (string, error) {
	args := []string{"exec", container}
	if stdin != nil {
		args = []string{"exec", "-i", container}
	}
	return e.pipe(ctx, stdin, append(args, argv...)...)
}

// verb shortens a command to what names it, for errors.
func verb(args []string) string {
	if len(args) > 1 && (args[0] == "image" || args[0] == "volume") {
		return args[0] + " " + args[1]
	}
	return args[0]
}

// engineError is a docker command that failed.
type engineError struct {
	verb   string
	stderr string
	err    error
}

func (e *engineError) Error() string {
	said := e.stderr
	if lines := strings.Split(said, "\n"); len(lines) > 3 {
		said = strings.Join(lines[len(lines)-3:], "\n")
	}
	said = strings.TrimSpace(strings.ReplaceAll(strings.TrimSuffix(said, "Run 'docker run --help' for more information"), "\n", " "))
	if said == "" {
		return fmt.Sprintf("docker %s failed: %v", e.verb, e.err)
	}
	return fmt.Sprintf("docker %s failed: %s (%v)", e.verb, said, e.err)
}

func (e *engineError) Unwrap() error { return e.err }

// saysNone tells whether the engine answered that there is no such thing; podman says "image not known".
func saysNone(err error) bool {
	var failed *engineError
	return errors.As(err, &failed) &&
		(strings.Contains(strings.ToLower(failed.stderr), "no such") || strings.Contains(failed.stderr, "image not known"))
}

// inspected is what is read of a container.
type inspected struct {
	Name  string
	State struct {
		Running  bool
		ExitCode int
	}
	Config          struct{ Labels map[string]string }
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func (c inspected) host() Host {
	label := c.Config.Labels
	dir := label[labelDir]
	setDir := filepath.Join(filepath.Dir(dir), label[labelSet])
	h := Host{
		Name: label[labelName], Address: label[labelAddress], Port: 22, User: User,
		Identity: filepath.Join(dir, identityFile), KnownHosts: filepath.Join(dir, knownHostsFile),
		Inventory: filepath.Join(setDir, inventoryFile), Site: filepath.Join(setDir, siteDir),
		Container: strings.TrimPrefix(c.Name, "/"), Running: c.State.Running,
		Engine: cmp.Or(label[labelEngine], engines[0].name), System: cmp.Or(label[labelSystem], systems[0].name),
		PrepareAs: label[labelLogin], set: label[labelSet], dir: dir,
	}
	for _, network := range c.NetworkSettings.Networks {
		h.Internal = cmp.Or(h.Internal, network.IPAddress)
	}
	return h
}

// hosts lists the sandbox hosts on the engine that keep accepts, by name.
func (e engine) hosts(ctx context.Context, keep func(Host) bool) ([]Host, error) {
	out, err := e.run(ctx, "ps", "--all", "--quiet", "--no-trunc", "--filter", "label="+labelName)
	if err != nil {
		return nil, fmt.Errorf("cannot list the sandbox hosts: %w", err)
	}
	var hosts []Host
	for _, id := range strings.Fields(out) {
		// One by one: a host that another process is removing just now must
		// not hide the others.
		c, err := e.inspect(ctx, id)
		if saysNone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list the sandbox hosts: %w", err)
		}
		if h := c.host(); keep(h) {
			hosts = append(hosts, h)
		}
	}
	slices.SortFunc(hosts, func(a, b Host) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return hosts, nil
}

// inspect reads one container.
func (e engine) inspect(ctx context.Context, container string) (inspected, error) {
	out, err := e.run(ctx, "inspect", "--type", "container", container)
	if err != nil {
		return inspected{}, err
	}
	var found []inspected
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 1 {
		return inspected{}, fmt.Errorf("cannot read what docker inspect says of %s: %v", container, err)
	}
	return found[0], nil
}
