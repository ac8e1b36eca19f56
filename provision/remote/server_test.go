//go:build host

package remote_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// server is a sshd of the test's own on the machine, with a key that lets every user in.
type server struct {
	t       testing.TB
	dir     string // on this machine, for keys and configuration
	folder  string // on the sandbox host
	port    int
	key     string // path of the private key that may log in
	hostKey ssh.PublicKey
}

var portsGiven atomic.Int64

// newServer starts a sshd; its lines of configuration come first and so win.
func newServer(t testing.TB, lines ...string) *server {
	t.Helper()
	if err := startMachine(); err != nil {
		t.Fatalf("no sandbox host: %v", err)
	}
	n := int(portsGiven.Add(1)) - 1
	if n >= ports {
		t.Fatal("no port is left: raise the number that the sandbox publishes")
	}
	s := &server{t: t, dir: t.TempDir(), port: firstPort + n}
	s.folder = fmt.Sprintf("/etc/test/%d", s.port)
	s.key = filepath.Join(s.dir, "id")
	s.hostKey = newKey(t, filepath.Join(s.dir, "host"))
	public := newKey(t, s.key)
	private, err := os.ReadFile(filepath.Join(s.dir, "host"))
	check(t, err)
	s.run("mkdir -p " + s.folder + "; cd " + s.folder + "; umask 077\n" +
		"cat >host <<'EOF'\n" + string(private) + "EOF\n" +
		"cat >authorized <<'EOF'\n" + string(ssh.MarshalAuthorizedKey(public)) + "EOF\n" +
		"chmod 755 .; chmod 644 authorized\n")
	s.start(lines...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sshd said:\n%s", s.run("tail -40 "+s.folder+"/log"))
		}
		s.stop()
	})
	return s
}

// start runs sshd, in place of one that may run already.
func (s *server) start(lines ...string) {
	s.t.Helper()
	config := append(lines,
		fmt.Sprintf("Port %d", s.port), "HostKey "+s.folder+"/host", "AuthorizedKeysFile "+s.folder+"/authorized",
		"PidFile "+s.folder+"/pid", "StrictModes no", "UsePAM yes", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no", "Subsystem sftp internal-sftp", "LogLevel VERBOSE", "PrintMotd no")
	s.run("cd " + s.folder + "; cat >config <<'EOF'\n" + strings.Join(config, "\n") + "\nEOF\n" +
		"/usr/sbin/sshd -f $PWD/config -E $PWD/log\n" +
		"i=0; until [ -s pid ]; do i=$((i+1)); [ $i -lt 100 ] || { cat log; exit 1; }; sleep 0.05; done")
}

// stop ends sshd and every login through it.
func (s *server) stop() {
	s.run("cd " + s.folder + "; [ ! -s pid ] || { p=$(cat pid); kill $p $(pgrep -P $p) 2>/dev/null; rm -f pid; } || :")
}

// run runs a script as root on the machine and returns what it prints.
func (s *server) run(script string) string {
	s.t.Helper()
	out, err := onMachine(script)
	check(s.t, err)
	return out
}

// knownHosts writes a known_hosts file that has the server's key.
func (s *server) knownHosts() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "known_hosts")
	check(s.t, os.WriteFile(path, []byte(s.knownLine()+"\n"), 0o600))
	return path
}

func (s *server) knownLine() string {
	return fmt.Sprintf("[%s]:%d %s", machine.Address, s.port, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKey))))
}

// config reaches the server with everything named.
func (s *server) config() remote.Config {
	return remote.Config{Name: "test", Address: machine.Address, Port: s.port, User: machine.User, Identity: s.key,
		KnownHosts: s.knownHosts(), SSHConfig: "none", Timeout: 10 * time.Second}
}

// dial logs in and hangs up at the test's end.
func (s *server) dial(edit ...func(*remote.Config)) *remote.Client {
	s.t.Helper()
	client, err := s.try(edit...)
	check(s.t, err)
	return client
}

func (s *server) try(edit ...func(*remote.Config)) (*remote.Client, error) {
	s.t.Helper()
	c := s.config()
	for _, e := range edit {
		e(&c)
	}
	return dial(s.t, c)
}

func dial(t testing.TB, c remote.Config) (*remote.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client, err := remote.Dial(ctx, c)
	if err == nil {
		t.Cleanup(func() { _ = client.Close() })
	}
	return client, err
}

// script runs a script and returns its output.
func script(t testing.TB, c *remote.Client, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := c.Output(ctx, remote.Command{Script: shell.Text(text)})
	check(t, err)
	return string(out)
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
