package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision"
)

// turncoat is a server that presents another host key on each connection, the last one again and again, and hangs up when told to.
type turncoat struct {
	address *net.TCPAddr
	dials   atomic.Int64
	hangUp  chan struct{}
}

func newTurncoat(t *testing.T, keys ...ssh.Signer) *turncoat {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &turncoat{address: listener.Addr().(*net.TCPAddr), hangUp: make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			config := &ssh.ServerConfig{NoClientAuth: true}
			config.AddHostKey(keys[min(int(s.dials.Add(1)), len(keys))-1])
			login, channels, requests, err := ssh.NewServerConn(conn, config)
			if err != nil {
				_ = conn.Close()
				continue
			}
			go ssh.DiscardRequests(requests)
			go func() {
				for c := range channels {
					_ = c.Reject(ssh.Prohibited, "no")
				}
			}()
			<-s.hangUp
			_ = login.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	return s
}

// A host key that changes while a connection is made anew is refused at once and named, whatever is on file and whoever accepts
// new keys; the same key is taken though it could not be filed.
func TestHostKeyThatChangesOnAReconnect(t *testing.T) {
	signer := func() ssh.Signer {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ssh.NewSignerFromKey(private)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first, second := signer(), signer()
	for name, c := range map[string]struct {
		keys  []ssh.Signer
		filed []ssh.Signer // in known_hosts before
		known string       // "": a file of the test's own
		want  string
	}{
		"new":                   {keys: []ssh.Signer{first, second}, want: "hostkey.replaced"},
		"new, nothing is filed": {keys: []ssh.Signer{first, second}, known: os.DevNull, want: "hostkey.replaced"},
		"both on file":          {keys: []ssh.Signer{first, second}, filed: []ssh.Signer{first, second}, want: "hostkey.replaced"},
		"the same":              {keys: []ssh.Signer{first}},
		"the same, unfiled":     {keys: []ssh.Signer{first}, known: os.DevNull},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTurncoat(t, c.keys...)
			known := c.known
			if known == "" {
				known = filepath.Join(t.TempDir(), "known")
			}
			for _, key := range c.filed {
				f, err := os.OpenFile(known, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = f.WriteString(knownhosts.Line([]string{s.address.String()}, key.PublicKey()) + "\n")
				_ = f.Close()
			}
			client, err := Dial(t.Context(), Config{Name: "web", Address: "127.0.0.1", Port: s.address.Port, User: "u", SSHConfig: "none",
				KnownHosts: known, AcceptNewHostKey: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			s.hangUp <- struct{}{}
			l, err := client.current()
			if err != nil {
				t.Fatal(err)
			}
			<-l.down
			err = client.Reconnect(t.Context())
			if provision.CodeOf(err) != c.want || s.dials.Load() != 2 {
				t.Errorf("got %v after %d connections, want %s", err, s.dials.Load(), c.want)
			}
			if c.want != "" && provision.ExitCode(err) != provision.ExitUnreachable {
				t.Errorf("exit status %d", provision.ExitCode(err))
			}
			if c.want == "" {
				close(s.hangUp)
			}
		})
	}
}
