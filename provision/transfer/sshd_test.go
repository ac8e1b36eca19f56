//go:build host

package transfer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/tree"
)

// sshd is OpenSSH's server on a loopback address, with a site's folder to be.
type sshd struct {
	address   string
	config    remote.Config
	directory string
	state     string
}

// startSSHD runs sshd, with OpenSSH's own sftp-server, until the test ends.
func startSSHD(t testing.TB, lines ...string) *sshd {
	t.Helper()
	me, err := user.Current()
	must(t, err)
	return startSSHDIn(t, t.TempDir(), me.Username, filepath.Join(t.TempDir(), "dev"), lines...)
}

// startBusyBox is startSSHD for a host that has BusyBox and nothing else, and a user that is not root.
func startBusyBox(t testing.TB) *sshd {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	must(t, err)
	root, err := os.MkdirTemp("/var/lib", "provision-busybox") // sshd wants folders above it that nobody but root writes to
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	must(t, os.Chmod(root, 0o755))
	files{
		"proc/mounts":            "none / tmpfs rw 0 0\n", // df reads it
		"usr/sbin/nologin":       "#!/bin/sh\nexec /bin/sh \"$@\"\n",
		"home/":                  "",
		filepath.Join(".", root): "-> " + strings.Repeat("../", strings.Count(root, "/")-1), // a path means the same in there and out here
	}.Write(t, root)
	script := `cp "$1" bin/busybox && bin/busybox --install bin && mkdir dev && mknod -m 666 dev/null c 1 3 && mknod -m 666 dev/zero c 1 5 && chown nobody home`
	setUp := exec.Command("sh", "-c", "mkdir bin && "+script, "sh", busybox)
	setUp.Dir = root
	if out, err := setUp.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return startSSHDIn(t, root, "nobody", filepath.Join(root, "home"), "ChrootDirectory "+root, "Subsystem sftp internal-sftp", "SetEnv HOME=/home")
}

// startSSHDIn runs sshd with its files in a folder. Who logs in has the site in a folder of the folder parent.
func startSSHDIn(t testing.TB, dir, login, parent string, lines ...string) *sshd {
	t.Helper()
	host, client := newKey(t, filepath.Join(dir, "host")), newKey(t, filepath.Join(dir, "id"))
	must(t, os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(client), 0o644))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	name, port, err := net.SplitHostPort(address)
	must(t, err)
	number, err := strconv.Atoi(port)
	must(t, err)
	known := fmt.Sprintf("[%s]:%s %s", name, port, ssh.MarshalAuthorizedKey(host))
	must(t, os.WriteFile(filepath.Join(dir, "known_hosts"), []byte(known), 0o600))
	runSSHD(t, dir, append(lines, "ListenAddress "+name, "Port "+port), address)
	site := filepath.Join(parent, "myweb")
	return &sshd{address: address, directory: site, state: filepath.Join(filepath.Dir(site), ".myweb.provision"), config: remote.Config{
		Name: "test", Address: name, Port: number, User: login, Identity: filepath.Join(dir, "id"),
		KnownHosts: filepath.Join(dir, "known_hosts"), SSHConfig: "none", Timeout: 10 * time.Second}}
}

func runSSHD(t testing.TB, dir string, lines []string, address string) {
	t.Helper()
	server := "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(server); err != nil {
		t.Fatalf("the tests need OpenSSH's server: apt-get install openssh-server (%v)", err)
	}
	config := append(lines, "HostKey "+filepath.Join(dir, "host"), "AuthorizedKeysFile "+filepath.Join(dir, "authorized"),
		"PidFile none", "StrictModes no", "UsePAM no", "PermitRootLogin yes")
	if !strings.Contains(strings.Join(lines, "\n"), "Subsystem") {
		config = append(config, "Subsystem sftp "+server)
	}
	if !strings.Contains(strings.Join(lines, "\n"), "SetEnv") { // the start-up files of whoever runs the tests are not under test
		config = append(config, "SetEnv HOME="+dir)
	}
	path := filepath.Join(dir, "sshd_config")
	must(t, os.WriteFile(path, []byte(strings.Join(config, "\n")+"\n"), 0o600))
	must(t, os.MkdirAll("/run/sshd", 0o755))
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", path)
	log := &lockedBuffer{}
	cmd.Stderr = log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd said:\n%s", log.String())
		}
	})
	for deadline := time.Now().Add(5 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			must(t, conn.Close())
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sshd does not listen: %v\n%s", err, log.String())
		}
	}
}

func newKey(t testing.TB, path string) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	must(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	return signer.PublicKey()
}

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

// dial logs in, directly or through what listens at another address.
func (s *sshd) dial(t testing.TB, through ...string) *remote.Client {
	t.Helper()
	config := s.config
	for _, address := range through {
		name, port, err := net.SplitHostPort(address)
		must(t, err)
		config.Address = name
		config.Port, err = strconv.Atoi(port)
		must(t, err)
		known, err := os.ReadFile(s.config.KnownHosts)
		must(t, err)
		_, key, _ := strings.Cut(string(known), " ")
		config.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
		must(t, os.WriteFile(config.KnownHosts, []byte(fmt.Sprintf("[%s]:%s %s", name, port, key)), 0o600))
	}
	c, err := remote.Dial(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// compare asks the host and compares.
func (s *sshd) compare(t testing.TB, c *remote.Client, m *tree.Manifest, remove bool) Difference {
	t.Helper()
	out, err := c.Output(t.Context(), remote.Command{Script: HostScript(s.directory, s.state, m, Reading{Remove: remove})})
	must(t, err)
	l, err := ParseHost(bytes.NewReader(out))
	must(t, err)
	return Compare(m, l, remove)
}

func (s *sshd) options(root string) ApplyOptions {
	return ApplyOptions{Root: root, Directory: s.directory, StateDir: s.state}
}
