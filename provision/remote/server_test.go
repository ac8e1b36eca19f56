package remote_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/remote"
)

// server is a real sshd on a loopback address, with a key of its own that lets the user of the test in.
type server struct {
	t       testing.TB
	dir     string
	host    string
	port    int
	user    string
	key     string // path of the private key that may log in
	log     *lockedBuffer
	hostKey ssh.PublicKey
}

// newKey writes a fresh ed25519 key pair and returns its public half.
func newKey(t testing.TB, path string) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	check(t, err)
	check(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	check(t, err)
	check(t, os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o644))
	return signer.PublicKey()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// startServer runs sshd with further lines of configuration.
func startServer(t testing.TB, lines ...string) *server {
	t.Helper()
	dir := t.TempDir()
	current, err := user.Current()
	check(t, err)
	s := &server{t: t, dir: dir, host: "127.0.0.1", user: current.Username, key: filepath.Join(dir, "id"), log: &lockedBuffer{}}
	s.hostKey = newKey(t, filepath.Join(dir, "host"))
	public := newKey(t, s.key)
	check(t, os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(public), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s.port = listener.Addr().(*net.TCPAddr).Port
	check(t, listener.Close())
	s.run(lines)
	return s
}

func (s *server) run(lines []string) {
	s.t.Helper()
	config := append(lines,
		"ListenAddress "+s.host, fmt.Sprintf("Port %d", s.port), "HostKey "+filepath.Join(s.dir, "host"),
		"AuthorizedKeysFile "+filepath.Join(s.dir, "authorized"), "PidFile none", "StrictModes no", "UsePAM no",
		"PasswordAuthentication no", "PermitRootLogin yes", "Subsystem sftp internal-sftp", "LogLevel VERBOSE")
	path := filepath.Join(s.dir, "sshd_config")
	check(s.t, os.WriteFile(path, []byte(strings.Join(config, "\n")+"\n"), 0o600))
	check(s.t, os.MkdirAll("/run/sshd", 0o755))
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", path)
	sshd.Stderr = s.log
	check(s.t, sshd.Start())
	s.t.Cleanup(func() {
		_ = sshd.Process.Kill()
		_ = sshd.Wait()
		if s.t.Failed() {
			s.t.Logf("sshd said:\n%s", s.log.String())
		}
	})
	deadline := time.Now().Add(5 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", s.address(), time.Second)
		if err == nil {
			check(s.t, conn.Close())
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("sshd does not listen: %v\n%s", err, s.log.String())
		}
	}
}

func (s *server) address() string { return fmt.Sprintf("%s:%d", s.host, s.port) }

// knownHosts writes a known_hosts file that has the server's key.
func (s *server) knownHosts() string {
	path := filepath.Join(s.t.TempDir(), "known_hosts")
	line := fmt.Sprintf("[%s]:%d %s", s.host, s.port, ssh.MarshalAuthorizedKey(s.hostKey))
	check(s.t, os.WriteFile(path, []byte(line), 0o600))
	return path
}

// config reaches the server with everything named.
func (s *server) config() remote.Config {
	return remote.Config{Name: "test", Address: s.host, Port: s.port, User: s.user, Identity: s.key,
		KnownHosts: s.knownHosts(), SSHConfig: "none", Timeout: 10 * time.Second}
}

func (s *server) dial(edit ...func(*remote.Config)) *remote.Client {
	s.t.Helper()
	c := s.config()
	for _, e := range edit {
		e(&c)
	}
	client, err := remote.Dial(s.t.Context(), c)
	check(s.t, err)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// script runs a script and returns its output.
func script(t testing.TB, c *remote.Client, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := c.Output(ctx, remote.Command{Script: text})
	check(t, err)
	return string(out)
}

// lockedBuffer is a buffer that a process and a test share.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
