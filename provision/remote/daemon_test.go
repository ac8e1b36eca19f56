//go:build host

package remote_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// daemon is a sshd of the test's own on this very machine, which lets root in by its key: for what needs no host of its own.
type daemon struct {
	dir     string
	port    int
	key     string // path of the private key that may log in
	hostKey ssh.PublicKey
}

// newDaemon starts a sshd; its lines of configuration come first and so win.
func newDaemon(t *testing.T, lines ...string) *daemon {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	d := &daemon{dir: t.TempDir(), port: free.Addr().(*net.TCPAddr).Port}
	check(t, free.Close())
	d.key = filepath.Join(d.dir, "id")
	d.hostKey = newKey(t, d.dir+"/host")
	check(t, os.WriteFile(d.dir+"/authorized", ssh.MarshalAuthorizedKey(newKey(t, d.key)), 0o600))
	lines = append(lines, fmt.Sprintf("Port %d", d.port), "ListenAddress 127.0.0.1", "HostKey "+d.dir+"/host", "PidFile none",
		"AuthorizedKeysFile "+d.dir+"/authorized", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin yes",
		"LogLevel VERBOSE", "MaxStartups 50", "LoginGraceTime 60")
	if !strings.Contains(strings.Join(lines, "\n"), "Subsystem") {
		lines = append(lines, "Subsystem sftp internal-sftp")
	}
	check(t, os.WriteFile(d.dir+"/config", []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	check(t, os.MkdirAll("/run/sshd", 0o755))
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-f", d.dir+"/config", "-E", d.dir+"/log")
	check(t, sshd.Start())
	t.Cleanup(func() {
		_ = sshd.Process.Kill()
		_ = sshd.Wait()
		if log, err := os.ReadFile(d.dir + "/log"); err == nil && t.Failed() {
			t.Logf("sshd said:\n%s", log[max(0, len(log)-3000):])
		}
	})
	for try := 0; ; try++ {
		conn, err := net.Dial("tcp", d.address())
		if err == nil {
			check(t, conn.Close())
			return d
		}
		if try == 200 {
			t.Fatalf("sshd does not listen: %s", read(t, d.dir+"/log"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (d *daemon) address() string { return fmt.Sprintf("127.0.0.1:%d", d.port) }

// knownLine is the server's line of a known_hosts file.
func (d *daemon) knownLine() string {
	return fmt.Sprintf("[127.0.0.1]:%d %s", d.port, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(d.hostKey))))
}

// admit lets a public key in.
func (d *daemon) admit(t *testing.T, key ssh.PublicKey, options string) {
	t.Helper()
	line := strings.TrimSpace(options + " " + string(ssh.MarshalAuthorizedKey(key)))
	check(t, os.WriteFile(d.dir+"/authorized", []byte(read(t, d.dir+"/authorized")+line+"\n"), 0o600))
}
