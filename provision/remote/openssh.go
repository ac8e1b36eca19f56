package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// systemConfig is where OpenSSH keeps the configuration of the whole machine.
const systemConfig = "/etc/ssh/ssh_config"

// lookUpTime bounds ssh -G, which may run commands of Match exec.
const lookUpTime = 10 * time.Second

// lookUp finds the lines that hold for c. OpenSSH itself is asked (some 10 ms) unless the files are as distributions ship
// them or it is not installed.
func lookUp(ctx context.Context, c Config, home string) (options, error) {
	if c.SSHConfig == "none" {
		return options{}, nil
	}
	if c.SSHConfig == "" && inert(filepath.Join(home, ".ssh", "config")) && inert(systemConfig) {
		return readFiles(c, home)
	}
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		return readFiles(c, home)
	}
	return askOpenSSH(ctx, ssh, c)
}

// askOpenSSH runs ssh -G, which prints every option that would hold and connects to nothing.
func askOpenSSH(ctx context.Context, ssh string, c Config) (options, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, ssh, append(append([]string{"-G", "-T"}, c.args()...), "--", c.Address)...)
	cmd.WaitDelay = time.Second
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return nil, fmt.Errorf("the SSH configuration cannot be used: %s", oneLine(complaint.Bytes()))
		}
		return nil, fmt.Errorf("ssh -G %s: %w", c.Address, err)
	}
	o := options{}
	for line := range strings.Lines(out.String()) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		o[key] = append(o[key], value)
	}
	return o, nil
}

// inert reports whether a configuration file is missing or holds only lines that have no bearing on this program, as the
// one that distributions ship.
func inert(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(strings.Replace(line, "=", " ", 1), " ")
		value = strings.TrimSpace(value)
		switch strings.ToLower(key) {
		case "sendenv", "hashknownhosts", "gssapiauthentication", "forwardx11trusted", "visualhostkey":
		case "host":
			if value != "*" {
				return false
			}
		case "include":
			found, err := filepath.Glob(value)
			if err != nil || !filepath.IsAbs(value) || len(found) > 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// readFiles reads the configuration by library: the way of a machine without OpenSSH.
func readFiles(c Config, home string) (options, error) {
	paths := []string{filepath.Join(home, ".ssh", "config"), systemConfig}
	if c.SSHConfig != "" {
		paths = []string{c.SSHConfig}
	}
	o := options{}
	for _, path := range paths {
		if err := readFile(o, path, c.Address); err != nil {
			if errors.Is(err, os.ErrNotExist) && c.SSHConfig == "" {
				continue
			}
			return nil, fmt.Errorf("the SSH configuration %s cannot be read: %w", path, err)
		}
	}
	if len(o["hostname"]) > 0 { // as ssh -G tells it: that one value has its tokens expanded already
		hostname, err := expandOnly(o.first("hostname"), tokens{'h': c.Address})
		if err != nil {
			return nil, err
		}
		o["hostname"] = []string{hostname}
	}
	return o, nil
}
