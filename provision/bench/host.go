package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
)

// host is an OpenSSH server on the loopback interface, and a relay before it that simulates the link.
type host struct {
	relay  *sandbox.Relay
	config remote.Config
	server *exec.Cmd
}

// startHost starts server and relay; their files are in dir.
func startHost(ctx context.Context, dir string) (*host, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	h := &host{}
	if h.relay, err = sandbox.NewRelay(ctx, "127.0.0.1:0", address, sandbox.Link{}); err != nil {
		return nil, err
	}
	name, port, _ := net.SplitHostPort(h.relay.Addr())
	number, _ := strconv.Atoi(port)
	h.config = remote.Config{Name: "bench", Address: name, Port: number, User: me.Username, Identity: filepath.Join(dir, "id"),
		KnownHosts: filepath.Join(dir, "known_hosts"), SSHConfig: "none"}
	if err := h.serve(ctx, dir, address); err != nil {
		return nil, errors.Join(err, h.stop())
	}
	return h, nil
}

// serve writes the server's files and starts it.
func (h *host) serve(ctx context.Context, dir, address string) error {
	hostKey, err := newKey(filepath.Join(dir, "host"))
	if err != nil {
		return err
	}
	clientKey, err := newKey(filepath.Join(dir, "id"))
	if err != nil {
		return err
	}
	name, port, _ := net.SplitHostPort(address)
	known := fmt.Sprintf("[%s]:%d %s", h.config.Address, h.config.Port, hostKey)
	config := fmt.Sprintf(`ListenAddress %s
Port %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
SetEnv HOME=%s
`, name, port, filepath.Join(dir, "host"), filepath.Join(dir, "authorized"), dir)
	for file, content := range map[string]string{"known_hosts": known, "authorized": clientKey, "sshd_config": config} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			return err
		}
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	h.server = exec.CommandContext(ctx, "/usr/sbin/sshd", "-D", "-q", "-f", filepath.Join(dir, "sshd_config"))
	if err := h.server.Start(); err != nil {
		return fmt.Errorf("cannot start OpenSSH's server: %w; apt-get install openssh-server", err)
	}
	return h.await(ctx, address)
}

// await waits until the server takes connections.
func (h *host) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("OpenSSH's server does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func newKey(path string) (public string, err error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return "", err
	}
	return string(ssh.MarshalAuthorizedKey(signer.PublicKey())), os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

func (h *host) stop() error {
	if h.server != nil && h.server.Process != nil {
		_ = h.server.Process.Kill()
		_ = h.server.Wait()
	}
	return h.relay.Close()
}

// ssh is the command line of OpenSSH's client, without the host.
func (h *host) ssh(program, portFlag string) []string {
	return []string{program, "-F", "none", portFlag, strconv.Itoa(h.config.Port), "-i", h.config.Identity,
		"-o", "UserKnownHostsFile=" + h.config.KnownHosts, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"}
}

func (h *host) target() string { return h.config.User + "@" + h.config.Address }

// traffic is what went through the relay since the counts of before.
func (h *host) traffic(before int) (trips, sent int64) {
	for _, c := range h.relay.Stats().Conns[before:] {
		trips += c.RoundTrips + 1 // and the one of opening the connection
		sent += c.Sent
	}
	return trips, sent
}

func quoted(words []string) string {
	return strings.Join(words, " ")
}
