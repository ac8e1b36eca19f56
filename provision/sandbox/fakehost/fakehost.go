// Package fakehost gives tests a host in their own process: an SSH server that has the machine's /bin/sh run what it is asked
// to, in a folder that stands for the host's disk, and a Docker Engine that is a table. What is on it comes from files, the
// scripts that run on it are the real ones, and what was done to it can be read afterwards.
package fakehost

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/docker"
)

// Home is the login directory on every fake host.
const Home = "/home/kevin"

// clientVariable tells where the docker command of all hosts lies.
const clientVariable = "FAKE_DOCKER_CLIENT"

// Main runs a package's tests with what fake hosts need, and without what is this machine's own: SSH configuration, agent, cache.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fakehost")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	client := filepath.Join(dir, "docker")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", client, "github.com/kehuo/provision/provision/sandbox/fakehost/client").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	for name, value := range map[string]string{clientVariable: client, "HOME": dir, "XDG_CACHE_HOME": dir, "SSH_AUTH_SOCK": ""} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	return m.Run()
}

// Host is one fake host.
type Host struct {
	Address    string // a loopback address of its own
	Port       int
	Identity   string // path of a private key that may log in
	KnownHosts string
	Docker     *Engine
	NoSockets  bool // it forwards to no sockets, as sshd does before OpenSSH 6.7

	home     string // the folder that stands for Home; its name is as long, so that what is counted in bytes stays right
	root     string // the folder that stands for the rest of its disk
	key      ssh.Signer
	config   *ssh.ServerConfig
	engine   *chanListener
	closing  chan struct{}
	serving  sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool
	sessions []int // process groups
}

// New starts a host that publishes the ports of its site at its address, and ends it with the test.
func New(t testing.TB, pair Pair, ports ...int) *Host {
	t.Helper()
	root, err := os.MkdirTemp("", "fakehost") // shorter than the test's own, for sockets
	check(t, err)
	home := "/tmp/" + rand.Text()[:len(Home)-len("/tmp/")]
	check(t, os.Mkdir(home, 0o755))
	h := &Host{home: home, root: root, engine: newChanListener(), closing: make(chan struct{}), open: map[net.Conn]bool{}}
	h.Docker = newEngine(h.Path, pair)
	t.Cleanup(func() { h.close(t) })
	for _, dir := range []string{"/bin", "/tmp", path.Dir(docker.Socket)} {
		check(t, os.MkdirAll(h.Path(dir), 0o755))
	}
	client := os.Getenv(clientVariable)
	if client == "" {
		t.Fatal("the TestMain of this test has to call fakehost.Main")
	}
	check(t, os.Symlink(client, h.Path("/bin/docker")))
	h.Command(t, "id", `case $1 in -u) echo 1000 ;; *) echo 'uid=1000(kevin) gid=1000(kevin) groups=1000(kevin)' ;; esac`)
	h.Listening(t, "")
	// What is sent packed has the host's own paths in it, too. Streams arrive side by side, and several may map them.
	h.Command(t, "tar", fmt.Sprintf("PATH=/usr/bin:/bin tar \"$@\" && { [ ! -f commit ] || sed -i 's|%[2]s|%[1]s|g; s|%[1]s|%[2]s|g' commit; }", Home, h.Path(Home)))
	_, outside := os.Stat(Home)
	t.Cleanup(func() {
		if _, err := os.Stat(Home); outside != nil && err == nil {
			t.Errorf("what ran on the fake host has made the machine's own %s: a path went there that the host has not seen", Home)
		}
	})

	b := make([]byte, 3)
	_, _ = rand.Read(b)
	h.Address = fmt.Sprintf("127.%d.%d.%d", 16+b[0]%200, b[1], 1+b[2]%254)
	h.config = &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	hostKey, _ := newKey(t)
	h.key = hostKey
	h.config.AddHostKey(hostKey)
	_, h.Identity = newKey(t)
	h.Port = h.listen(t, h.Address, 0, func(conn net.Conn) { h.serveSSH(conn, h.exec) })
	h.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
	line := fmt.Sprintf("[%s]:%d %s", h.Address, h.Port, ssh.MarshalAuthorizedKey(hostKey.PublicKey()))
	check(t, os.WriteFile(h.KnownHosts, []byte(line), 0o600))
	for _, port := range ports {
		h.listen(t, h.Address, port, func(conn net.Conn) { h.serveSite(conn, port) })
	}
	commands, err := net.Listen("unix", h.Path(docker.Socket))
	check(t, err)
	h.accept(commands, h.Docker.serveCommand)
	h.serving.Go(func() { h.Docker.serveAPI(h.engine) })
	return h
}

// Path is where a file of the host's lies here.
func (h *Host) Path(path string) string {
	if below, ok := strings.CutPrefix(path, Home); ok {
		return h.home + below
	}
	return h.root + path
}

// Command puts a script in the way of the machine's own command of that name.
func (h *Host) Command(t testing.TB, name, script string) {
	t.Helper()
	check(t, os.RemoveAll(h.Path("/bin/"+name))) // it may be a link
	check(t, os.WriteFile(h.Path("/bin/"+name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// Listening says what ss lists as listening on the host.
func (h *Host) Listening(t testing.TB, lines string) {
	t.Helper()
	h.Command(t, "ss", "cat <<'END'\n"+lines+"END")
}

// serveSite answers at a port of the host.
func (h *Host) serveSite(conn net.Conn, port int) {
	if serve := h.Docker.onHost(port); serve != nil {
		serve(conn)
	} else if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // as if nobody listened
	}
}

func (h *Host) listen(t testing.TB, address string, port int, serve func(net.Conn)) int {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	check(t, err)
	h.accept(listener, serve)
	return listener.Addr().(*net.TCPAddr).Port
}

// accept serves every connection until the host is closed.
func (h *Host) accept(listener net.Listener, serve func(net.Conn)) {
	h.serving.Go(func() { <-h.closing; _ = listener.Close() })
	h.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.open[conn] = true
			h.mu.Unlock()
			h.serving.Go(func() {
				serve(conn)
				_ = conn.Close()
				h.mu.Lock()
				delete(h.open, conn)
				h.mu.Unlock()
			})
		}
	})
}

func (h *Host) close(t testing.TB) {
	close(h.closing)
	_ = h.engine.Close()
	h.Docker.close()
	h.mu.Lock()
	for conn := range h.open {
		_ = conn.Close()
	}
	for _, group := range h.sessions { // what they have left in the background
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	h.mu.Unlock()
	h.serving.Wait()
	for _, dir := range []string{h.home, h.root} {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
}

// newKey returns a key and the path of its private half.
func newKey(t testing.TB) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	check(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	check(t, err)
	file := filepath.Join(t.TempDir(), "id_ed25519")
	check(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	return signer, file
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
