package sshconfig

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// systemConfig is where OpenSSH keeps the configuration of the whole machine.
const systemConfig = "/etc/ssh/ssh_config"

// lookUpTime bounds ssh -G, which may run commands of Match exec.
const lookUpTime = 10 * time.Second

// lookUp finds the lines that hold for q. OpenSSH itself is asked (some 10 ms) unless the files are as distributions ship
// them, it is not installed, or it does not run for this account at all.
func lookUp(ctx context.Context, q Query, local account) (options, error) {
	if q.File == "none" {
		return options{}, nil
	}
	own := local.config()
	if q.File == "" && inert(own) && inert(systemConfig) {
		return readFiles(q, own)
	}
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		return readFiles(q, own)
	}
	if q.File == "" && len(local.homes) > 1 && own != filepath.Join(local.home(), ".ssh", "config") {
		q.File = own // of which OpenSSH knows nothing
	}
	o, err := askOpenSSH(ctx, ssh, q)
	if provision.CodeOf(err) != "sshconfig.refused" {
		return o, err
	}
	if _, broken := askOpenSSH(ctx, ssh, Query{Address: "localhost", File: "none"}); broken != nil {
		return readFiles(q, own)
	}
	return nil, err
}

// askOpenSSH runs ssh -G, which prints every option that would hold and connects to nothing.
func askOpenSSH(ctx context.Context, ssh string, q Query) (options, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, ssh, append(append([]string{"-G", "-T"}, q.args()...), "--", q.Address)...)
	cmd.WaitDelay = time.Second
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return nil, provision.Fail("sshconfig.refused", safetext.OneLine(complaint.String(), 500))
		}
		return nil, provision.Fail("sshconfig.openssh", q.Address, err)
	}
	o := options{}
	for line := range strings.Lines(out.String()) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		o[key] = append(o[key], value)
	}
	return o, nil
}

// args is what of q the OpenSSH client has to know before it can say how it would connect.
func (q Query) args() []string {
	var args []string
	if q.File != "" {
		args = append(args, "-F", q.File)
	}
	if q.Port != 0 {
		args = append(args, "-p", strconv.Itoa(q.Port))
	}
	if q.User != "" {
		args = append(args, "-l", q.User)
	}
	return args
}

// inert reports whether a configuration file is missing or holds only lines that have no bearing on this program, as the
// one that distributions ship.
func inert(path string) bool {
	if path == "" {
		return true
	}
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
func readFiles(q Query, own string) (options, error) {
	paths := []string{own, systemConfig}
	if q.File != "" {
		paths = []string{q.File}
	}
	o := options{}
	for _, path := range paths {
		if path == "" {
			continue
		}
		if err := readFile(o, path, q.Address); err != nil {
			if errors.Is(err, os.ErrNotExist) && q.File == "" {
				continue
			}
			return nil, provision.Fail("sshconfig.unreadable", path, err)
		}
	}
	if len(o["hostname"]) > 0 { // as ssh -G tells it: that one value has its tokens expanded already
		hostname, err := expandOnly(o.first("hostname"), tokens{'h': q.Address})
		if err != nil {
			return nil, err
		}
		o["hostname"] = []string{hostname}
	}
	return o, nil
}

// unquote takes the quotes that the library does not understand off names and values. A blank within a name becomes a wildcard.
func unquote(text []byte) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		keyword, words := splitLine(line)
		switch {
		case !strings.Contains(line, `"`):
		case keyword == "host":
			for i, name := range words {
				words[i] = strings.ReplaceAll(name, " ", "?")
			}
			line = "Host " + strings.Join(words, " ") + "\n"
		case len(words) == 1 && !strings.HasPrefix(keyword, "proxy") && !strings.HasSuffix(keyword, "hostsfile"):
			line = keyword + " " + words[0] + "\n"
		}
		b.WriteString(line)
	}
	return []byte(b.String())
}

// keywords are the options that this package understands. Those that add up over several blocks are marked.
func keywords() map[string]bool {
	return map[string]bool{
		"HostName": false, "User": false, "Port": false, "IdentityFile": true, "IdentitiesOnly": false,
		"IdentityAgent": false, "CertificateFile": true, "ProxyJump": false, "ProxyCommand": false,
		"UserKnownHostsFile": false, "GlobalKnownHostsFile": false, "StrictHostKeyChecking": false,
		"HostKeyAlgorithms": false, "HostKeyAlias": false, "ConnectTimeout": false, "ServerAliveInterval": false,
		"ServerAliveCountMax": false, "HashKnownHosts": false, "PasswordAuthentication": false,
		"KbdInteractiveAuthentication": false, "PubkeyAuthentication": false, "NumberOfPasswordPrompts": false,
		"PubkeyAcceptedAlgorithms": false, "PubkeyAcceptedKeyTypes": false, "KexAlgorithms": false, "Ciphers": false, "MACs": false,
		"AddressFamily": false,
	}
}

// readFile adds what the file at path says of the host to o. As in OpenSSH the first word on a keyword holds.
func readFile(o options, path, host string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := ssh_config.DecodeBytes(unquote(text))
	if err != nil {
		return err
	}
	for keyword, adds := range keywords() {
		key := strings.ToLower(keyword)
		values, err := file.GetAll(host, keyword)
		if err != nil {
			return err
		}
		switch {
		case len(values) == 0:
		case adds:
			o[key] = append(o[key], values...)
		case len(o[key]) == 0:
			o[key] = values[:1]
		}
	}
	return nil
}
