//go:build host

package sandbox_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
)

// login opens an SSH connection as a client would that trusts only the host's
// known_hosts.
func login(t *testing.T, h sandbox.Host, auth ssh.AuthMethod) (*ssh.Client, error) {
	t.Helper()
	trust, err := knownhosts.New(h.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	return ssh.Dial("tcp", net.JoinHostPort(h.Address, strconv.Itoa(h.Port)), &ssh.ClientConfig{
		User: h.User, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: trust,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: 10 * time.Second,
	})
}

func withKey(t *testing.T, h sandbox.Host) ssh.AuthMethod {
	t.Helper()
	text, err := os.ReadFile(h.Identity)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return ssh.PublicKeys(signer)
}

// run runs a command as kevin, over SSH.
func run(t *testing.T, h sandbox.Host, auth ssh.AuthMethod, command string) (string, error) {
	t.Helper()
	client, err := login(t, h, auth)
	if err != nil {
		t.Fatalf("no login as kevin at %s: %v", h.Address, err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	out, err := session.CombinedOutput(command)
	return strings.TrimSpace(string(out)), err
}

func mustRun(t *testing.T, h sandbox.Host, command string) string {
	t.Helper()
	out, err := run(t, h, withKey(t, h), command)
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return out
}

// docker runs a command on this machine's engine.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestHostServesTheSample(t *testing.T) {
	t.Parallel()
	h := sandboxtest.Host(t, sandbox.Options{})
	if out := mustRun(t, h, "id -nG; pwd"); out != "kevin docker\n/home/kevin" {
		t.Errorf("kevin is %q", out)
	}
	if out, err := run(t, h, withKey(t, h), "sudo -n true"); err == nil {
		t.Errorf("kevin is a sudoer unasked: %s", out)
	}
	if client, err := login(t, h, ssh.Password(sandbox.Password)); err == nil {
		_ = client.Close()
		t.Error("a password was enough, unasked")
	}

	mustRun(t, h, "mkdir -p dev")
	docker(t, "cp", h.Site, h.Container+":/home/kevin/dev/myweb")
	docker(t, "exec", h.Container, "chown", "-R", "kevin:kevin", "/home/kevin/dev")
	mustRun(t, h, "cd dev/myweb && docker build -t myweb_image:server . && "+
		"docker run -it -d -p 80:80 -p 443:443 --name myweb_https myweb_image:server bash ./start.sh")

	certificate, err := os.ReadFile(filepath.Join(h.Site, "ssl_files", "kevinhuo_cool.pem"))
	if err != nil {
		t.Fatal(err)
	}
	response := get(t, h.Address, certificate)
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Server"), "nginx") {
		t.Errorf("the site answers %s from %q", response.Status, response.Header.Get("Server"))
	}
	plain := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	redirect, err := plain.Get("http://" + h.Address + "/somewhere")
	if err != nil {
		t.Fatal(err)
	}
	_ = redirect.Body.Close()
	if to := redirect.Header.Get("Location"); redirect.StatusCode != http.StatusMovedPermanently || to != "https://"+h.Address+"/somewhere" {
		t.Errorf("http answers %s to %q", redirect.Status, to)
	}

	// A script that does not pass SIGTERM on needs ten seconds and a SIGKILL (137).
	if out := mustRun(t, h, "docker stop --time 8 myweb_https && docker inspect --format '{{.State.ExitCode}}' myweb_https"); !strings.HasSuffix(out, "\n0") {
		t.Errorf("start.sh did not end in good order: %s", out)
	}
}

// get asks for the page over https until the site is up.
func get(t *testing.T, address string, certificate []byte) *http.Response {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		t.Fatal("the sample's certificate cannot be read")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "kevinhuo.cool"}}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusBadGateway { // nginx is up before gunicorn
				return response
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the site does not answer: %v", err)
		}
	}
}

func TestHostsComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options := sandbox.Options{Dir: dir, Name: "t-pair-" + strconv.Itoa(os.Getpid()), Count: 2, NoBaseImage: true}
	hosts := sandboxtest.Hosts(t, options)
	if len(hosts) != 2 || hosts[0].Address == hosts[1].Address || hosts[0].Inventory != hosts[1].Inventory {
		t.Fatalf("two hosts were asked for, and got %+v", hosts)
	}
	key := func(h sandbox.Host) string { return mustRun(t, h, "cat /etc/ssh/ssh_host_rsa_key.pub") }
	if key(hosts[0]) == key(hosts[1]) {
		t.Error("two hosts share a host key")
	}
	// One reaches the other, as through a jump host.
	if out := mustRun(t, hosts[0], "nc -w 5 "+hosts[1].Internal+" 22 </dev/null | head -n 1"); !strings.HasPrefix(out, "SSH-2.0-") {
		t.Errorf("the second host greets the first with %q", out)
	}

	// A host that was stopped comes back as itself, even to who lost its files.
	before, trusted := key(hosts[1]), read(t, hosts[1].KnownHosts)
	mustRun(t, hosts[1], "touch mine")
	docker(t, "stop", hosts[1].Container)
	if err := os.RemoveAll(filepath.Dir(hosts[1].Identity)); err != nil {
		t.Fatal(err)
	}
	again, err := sandbox.Up(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if again[0] != hosts[0] || again[1].Address != hosts[1].Address || !again[1].Running {
		t.Errorf("a second Up gave %+v instead of %+v", again, hosts)
	}
	mustRun(t, again[1], "test -e mine && docker version")
	if after := key(again[1]); after != before || !bytes.Equal(read(t, again[1].KnownHosts), trusted) {
		t.Error("a host that was stopped came back with another host key")
	}

	// The name belongs to whoever has the files.
	elsewhere := options
	elsewhere.Dir = t.TempDir()
	if _, err := sandbox.Up(t.Context(), elsewhere); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("the host of %s was handed out to another directory: %v", dir, err)
	}

	if err := sandbox.Down(t.Context(), again[0].Name); err != nil {
		t.Fatal(err)
	}
	if text := string(read(t, again[1].Inventory)); strings.Contains(text, again[0].Address+"\n") || !strings.Contains(text, again[1].Address+"\n") {
		t.Errorf("after the first host went, the inventory is\n%s", text)
	}
	if err := sandbox.Down(t.Context(), options.Name); err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		label := "label=io.provision.sandbox=" + h.Name
		if left := docker(t, "ps", "-aq", "--filter", label) + docker(t, "volume", "ls", "-q", "--filter", label); left != "" {
			t.Errorf("%s left %s behind", h.Name, left)
		}
	}
	if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
		t.Errorf("files are left behind: %v", left)
	}
	if err := sandbox.Down(t.Context(), options.Name); err != nil {
		t.Errorf("taking down what is gone: %v", err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestHostsMadeAtOnceAndTheirOptions(t *testing.T) {
	t.Parallel()
	options := []sandbox.Options{
		{Shell: "/usr/bin/fish", Sudo: sandbox.SudoNoPassword, NoDockerGroup: true, SSHD: []string{"PasswordAuthentication yes"}, NoBaseImage: true, Ports: []int{2222}},
		{Shell: "/bin/tcsh", Sudo: sandbox.SudoWithPassword, SSHD: []string{"MaxSessions 1"}, NoBaseImage: true},
	}
	hosts := make([]sandbox.Host, len(options))
	var making sync.WaitGroup
	failed := make([]error, len(options))
	for i := range options {
		options[i].Name = "t-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(i)
		options[i].Dir = t.TempDir()
		t.Cleanup(func() {
			if err := sandbox.Down(context.Background(), options[i].Name); err != nil {
				t.Error(err)
			}
		})
		making.Go(func() {
			made, err := sandbox.Up(t.Context(), options[i])
			if err == nil {
				hosts[i] = made[0]
			}
			failed[i] = err
		})
	}
	making.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	if hosts[0].Address == hosts[1].Address {
		t.Errorf("both hosts are at %s", hosts[0].Address)
	}

	fish, tcsh := hosts[0], hosts[1]
	if out, err := run(t, fish, ssh.Password(sandbox.Password), "set -l x fish; echo $x; id -nG; sudo -n id -u"); err != nil || out != "fish\nkevin\n0" {
		t.Errorf("with a password, fish says %q, %v", out, err)
	}
	if out := docker(t, "port", fish.Container, "2222"); out != fish.Address+":2222" {
		t.Errorf("port 2222 is published at %q", out)
	}
	if out := mustRun(t, tcsh, "set x=tcsh; echo $x; echo "+sandbox.Password+" | sudo -S -p '' id -u"); out != "tcsh\n0" {
		t.Errorf("tcsh says %q", out)
	}
	client, err := login(t, tcsh, withKey(t, tcsh))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	first, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := client.NewSession(); err == nil {
		_ = second.Close()
		t.Error("sshd opened two sessions where MaxSessions is 1")
	}
}

// TestSetup runs setup.sh on a machine whose engine does not run: a host.
func TestSetup(t *testing.T) {
	t.Parallel()
	h := sandboxtest.Host(t, sandbox.Options{NoBaseImage: true})
	docker(t, "cp", "setup.sh", h.Container+":/setup.sh")
	inside := func(script string) string {
		t.Helper()
		return docker(t, "exec", h.Container, "/bin/sh", "-ec", script)
	}
	// Everything that would be installed is there.
	inside("printf '#!/bin/sh\\n' >/usr/local/bin/mmdebstrap; chmod 755 /usr/local/bin/mmdebstrap")
	if out := inside("sh /setup.sh start; sh /setup.sh stop; docker version >/dev/null"); !strings.Contains(out, "left as it is") || !strings.Contains(out, "no Docker Engine of setup.sh's") {
		t.Errorf("an engine that runs: %s", out)
	}
	inside("pkill -x dockerd; while pgrep -x dockerd; do sleep 0.1; done")
	inside("sh /setup.sh start; docker run --help >/dev/null; docker version >/dev/null; sh /setup.sh start")
	if out := inside("sh /setup.sh stop; if pgrep -x dockerd; then echo it runs on; fi"); strings.Contains(out, "runs on") {
		t.Errorf("after stop: %s", out)
	}

	// What is missing is installed, by name and at once.
	inside("rm /usr/local/bin/mmdebstrap; mkdir /fake; printf '#!/bin/sh\\necho \"$@\" >>/fake/log\\n' >/fake/apt-get; chmod 755 /fake/apt-get")
	out := inside("PATH=/fake:$PATH sh /setup.sh start; sh /setup.sh stop; cat /fake/log")
	if !strings.Contains(out, "install -q --yes --no-install-recommends ca-certificates iptables mmdebstrap") {
		t.Errorf("apt-get was run as %s", out)
	}
}

// TestEnginesAndSystems brings up hosts that differ in all that the tables know.
func TestEnginesAndSystems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		engine, system string
		says           map[string]string // what kevin runs, and a part of what comes
		banner         string
	}{
		{"28", "busybox", map[string]string{"docker version": "Version:           28.", "readlink -f /bin/sh; readlink -f /usr/bin/tar": "/usr/bin/busybox\n/usr/bin/busybox",
			"which bash dpkg perl || echo none": "none", "id -nG": "docker"}, "OpenSSH"},
		{"rootless", "zsh", map[string]string{"echo $ZSH_VERSION; docker info": "rootless", "docker context show": "rootless"}, "OpenSSH"},
		{"podman", "dropbear", map[string]string{"docker --version": "podman version", "docker ps": "CONTAINER ID"}, "dropbear"},
	} {
		t.Run(c.engine+"-"+c.system, func(t *testing.T) {
			t.Parallel()
			h := sandboxtest.Host(t, sandbox.Options{Engine: c.engine, System: c.system, NoBaseImage: true})
			if h.Engine != c.engine || h.System != c.system {
				t.Errorf("the host says that it is %s on %s", h.Engine, h.System)
			}
			client, err := login(t, h, withKey(t, h))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if banner := string(client.ServerVersion()); !strings.Contains(banner, c.banner) {
				t.Errorf("the SSH server is %s", banner)
			}
			for command, want := range c.says {
				if out := mustRun(t, h, command); !strings.Contains(out, want) {
					t.Errorf("%s says %s", command, out)
				}
			}
			other := sandbox.Options{Name: h.Name, Dir: filepath.Dir(filepath.Dir(h.Identity)), System: "tcsh"}
			if _, err := sandbox.Up(t.Context(), other); err == nil || !strings.Contains(err.Error(), c.engine) {
				t.Errorf("a host of another kind was handed out: %v", err)
			}
		})
	}
}
