package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
)

// cloud is a sandbox host behind relays that make its link long: one for SSH, and one for each port of the site. They lead to
// the host itself: the proxy of the engine here, which publishes it on loopback, is no part of a cloud.
type cloud struct {
	host      sandbox.Host
	relays    []*sandbox.Relay // SSH first
	dir       string
	program   string // bin/provision, as make build makes it
	inventory string // reaches the host over the relays
	direct    string // the same without them
	known     string
	source    string
	memory    int64 // the program's peak so far, in bytes
}

// relayAddress is an address of loopback that no sandbox host gets, so that the standard ports are free there.
const relayAddress = "127.0.11.1"

// startCloud brings the host up with the sample site deployed to it.
func startCloud(ctx context.Context, dir string) (*cloud, error) {
	hosts, err := sandbox.Up(ctx, sandbox.Options{Name: "bench", Dir: filepath.Join(dir, "hosts")})
	if err != nil {
		return nil, err
	}
	c := &cloud{host: hosts[0], dir: dir, program: filepath.Join(dir, "provision"), inventory: filepath.Join(dir, "inventory.yaml"),
		direct: filepath.Join(dir, "direct.yaml"), known: filepath.Join(dir, "known_hosts"), source: filepath.Join(dir, "site")}
	for _, port := range []string{"22", "80", "443"} {
		r, err := sandbox.NewRelay(ctx, relayAddress+":"+port, c.host.Internal+":"+port, sandbox.Link{})
		if err != nil {
			return c, err
		}
		c.relays = append(c.relays, r)
	}
	if err := c.write(); err != nil {
		return c, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", c.program, "./cmd/provision")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return c, fmt.Errorf("build the program: %w: %s", err, out)
	}
	if err := c.furnish(ctx); err != nil {
		return c, err
	}
	_, err = c.deploy(ctx)
	return c, err
}

// furnish installs on the host what the peers need there and the program does not.
func (c *cloud) furnish(ctx context.Context) error {
	const install = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends rsync python3-docker"
	if out, err := exec.CommandContext(ctx, "docker", "exec", c.host.Container, "sh", "-c", install).CombinedOutput(); err != nil {
		return fmt.Errorf("install rsync and python3-docker on the host: %w: %s", err, out)
	}
	return nil
}

// write makes the site, a known_hosts, and the inventories.
func (c *cloud) write() error {
	if err := sandbox.WriteSample(c.source); err != nil {
		return err
	}
	key, err := os.ReadFile(c.host.KnownHosts)
	if err != nil {
		return err
	}
	var known []byte
	for file, address := range map[string]string{c.inventory: relayAddress, c.direct: c.host.Internal} {
		known = append(known, bytes.ReplaceAll(key, []byte(c.host.Address), []byte(address))...)
		text := fmt.Sprintf("site: {name: myweb, source: %s, domain: kevinhuo.cool}\nhosts:\n  - {name: bench, address: %s, user: %s, identity: %s, known_hosts: %s}\n",
			c.source, address, c.host.User, c.host.Identity, c.known)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(c.known, known, 0o600)
}

// grow gives the site more files, and deploys it.
func (c *cloud) grow(ctx context.Context, files string) error {
	if err := c.writeFiles(files); err != nil {
		return err
	}
	_, err := c.deploy(ctx)
	return err
}

func (c *cloud) writeFiles(files string) error {
	if files == ordinary {
		return writeFiles(c.source)
	}
	for i := range 5 {
		name := filepath.Join(c.source, fmt.Sprint("large", i))
		if err := errors.Join(os.WriteFile(name, []byte(name), 0o644), os.Truncate(name, 1<<30)); err != nil {
			return err
		}
	}
	return nil
}

func (c *cloud) stop() {
	for _, r := range c.relays {
		_ = r.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = sandbox.Down(ctx, "bench")
}

func (c *cloud) setLink(rtt time.Duration) error {
	for _, r := range c.relays {
		if err := r.SetLink(sandbox.Link{RTT: rtt}); err != nil {
			return err
		}
	}
	return nil
}

// run is what one run of the program told: how long it took as a process, and its steps.
type run struct {
	took    time.Duration
	changed int
	steps   map[string]time.Duration
}

// deploy runs the program as a script would.
func (c *cloud) deploy(ctx context.Context) (run, error) {
	cmd := exec.CommandContext(ctx, c.program, "--yes", "--json", "-i", c.inventory)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	peak, err := runWithPeak(cmd)
	r := run{took: time.Since(began), steps: map[string]time.Duration{}}
	c.memory = max(c.memory, peak)
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Type, Step, Error string
			DurationMS        int64 `json:"duration_ms"`
			Changed           int
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			return r, fmt.Errorf("not an event: %s", lines.Text())
		}
		switch e.Type {
		case "step.finished":
			r.steps[e.Step] = time.Duration(e.DurationMS) * time.Millisecond
			if e.Error != "" {
				return r, fmt.Errorf("%s: %s", e.Step, e.Error)
			}
		case "run.finished":
			r.changed = e.Changed
		}
	}
	if err != nil {
		return r, fmt.Errorf("%w: %s", err, errs.String())
	}
	return r, nil
}

// ssh is the command line of OpenSSH's client to the host.
func (c *cloud) ssh() string {
	return strings.Join([]string{"ssh", "-F", "none", "-i", c.host.Identity, "-o", "UserKnownHostsFile=" + c.known,
		"-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"}, " ")
}

func (c *cloud) target() string { return c.host.User + "@" + relayAddress }

// shell runs a script here and tells how long it took.
func (c *cloud) shell(ctx context.Context, script string, env ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "sh", "-euc", script)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), env...)
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return time.Since(began), nil
}

// reruns measures a run that has nothing to do, and one with a file changed, beside what people would use instead.
func reruns(ctx context.Context, runs int, only string) error {
	dir, err := os.MkdirTemp("", "provision-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c, err := startCloud(ctx, dir)
	if c != nil {
		defer c.stop()
	}
	if err != nil {
		return err
	}
	if err := c.writePeers(); err != nil {
		return err
	}
	var rows []row
	files := ""
	for _, w := range c.rerunWorks() {
		if !strings.Contains(w.name, only) {
			continue
		}
		if w.files != files {
			files = w.files
			if err := c.grow(ctx, files); err != nil {
				return err
			}
		}
		r, err := c.measure(ctx, w, runs)
		if err != nil {
			return fmt.Errorf("%s, against %s: %w", w.name, w.against, err)
		}
		rows = append(rows, r)
	}
	return print(os.Stdout, rows)
}

// measure lets both do the work by turns. The first turn of each warms what can be warm and is not counted.
func (c *cloud) measure(ctx context.Context, w rerunWork, runs int) (row, error) {
	r := row{work: w.name, against: w.against, goal: w.goal}
	c.memory = 0
	if err := c.setLink(w.rtt); err != nil {
		return r, err
	}
	for i := range runs + 1 {
		before := len(c.relays[0].Stats().Conns)
		ours, err := w.ours(ctx)
		if err != nil {
			return r, err
		}
		r.trips, r.sent = 0, 0
		for _, conn := range c.relays[0].Stats().Conns[before:] {
			r.trips, r.sent = r.trips+conn.RoundTrips+1, r.sent+conn.Sent
		}
		theirs, err := w.theirs(ctx)
		if err != nil {
			return r, err
		}
		if i > 0 {
			r.ours, r.theirs = append(r.ours, ours), append(r.theirs, theirs)
		}
	}
	r.floor, r.memory = time.Duration(r.trips)*w.rtt, c.memory
	return r, nil
}
