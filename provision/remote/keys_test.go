//go:build host

package remote_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// admit lets a public key in.
func (s *server) admit(key ssh.PublicKey, options string) {
	s.t.Helper()
	s.run("cat >>" + s.folder + "/authorized <<'EOF'\n" + strings.TrimSpace(options+" "+string(ssh.MarshalAuthorizedKey(key))) + "\nEOF\n")
}

func identity(path string) func(*remote.Config) { return func(c *remote.Config) { c.Identity = path } }

// writeKey writes a private key in a file and returns its public half.
func writeKey(t *testing.T, path string, key crypto.Signer) ssh.PublicKey {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	check(t, err)
	check(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	public, err := ssh.NewPublicKey(key.Public())
	check(t, err)
	return public
}

func TestKeyTypes(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ecdsa": ecdsaKey, "ed25519": edKey} {
		s.admit(writeKey(t, filepath.Join(dir, name), key), "")
		s.dial(identity(filepath.Join(dir, name)))
	}
}

// locked is an encrypted key. Its format is slow to lock and to unlock on purpose, and slower yet under the race detector,
// so there is one for all tests.
type locked struct {
	text   []byte
	public ssh.PublicKey
}

const passphrase = "sesame"

var makeLocked = sync.OnceValues(func() (locked, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return locked{}, err
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	if err != nil {
		return locked{}, err
	}
	key, err := ssh.NewPublicKey(public)
	return locked{pem.EncodeToMemory(block), key}, err
})

func lockedKey(t *testing.T) locked {
	t.Helper()
	key, err := makeLocked()
	check(t, err)
	return key
}

// The passphrase of a key is asked for when the server would take the key, once, and only then.
func TestPassphrase(t *testing.T) {
	s := newServer(t)
	key := lockedKey(t)
	path := filepath.Join(t.TempDir(), "locked")
	check(t, os.WriteFile(path, key.text, 0o600))
	t.Run("not needed", func(t *testing.T) {
		p := &person{}
		s.dial(asking(p), sshConfig(t, "IdentityFile "+path))
		if len(p.asked) != 0 {
			t.Errorf("asked %+v", p.asked)
		}
	})
	s.admit(key.public, "")
	t.Run("nobody there", func(t *testing.T) {
		_, err := s.try(identity(path))
		wantFailure(t, err, "connect.key-passphrase", "is encrypted", "ssh-add")
	})
	t.Run("asked and remembered", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassphrase: {"wrong", passphrase}}}
		c := s.dial(identity(path), asking(p))
		loginAgain(t, c)
		if script(t, c, "id -un") != "kevin\n" || len(p.asked) != 2 || !p.asked[0].Secret {
			t.Errorf("asked %+v", p.asked)
		}
		p.toldOfRefusal(t)
	})
}

// A person who takes longer over a passphrase than the server waits is not told that the key was refused.
func TestSlowPassphrase(t *testing.T) {
	s := newServer(t, "LoginGraceTime 1")
	key := lockedKey(t)
	path := filepath.Join(t.TempDir(), "locked")
	check(t, os.WriteFile(path, key.text, 0o600))
	s.admit(key.public, "")
	hungUp := make(chan struct{})
	asked := 0
	s.dial(identity(path), func(c *remote.Config) {
		c.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &untilHungUp{Conn: conn, hungUp: hungUp}, err
		}
		c.Ask = func(context.Context, provision.Decision) (provision.Answer, error) {
			asked++
			<-hungUp
			return provision.Answer{Secret: provision.NewSecret(passphrase)}, nil
		}
	})
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// untilHungUp is a connection that says when the other end has closed it.
type untilHungUp struct {
	net.Conn
	hungUp chan struct{}
	once   sync.Once
}

func (c *untilHungUp) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.once.Do(func() {
			select {
			case <-c.hungUp: // the second connection ends with the test
			default:
				close(c.hungUp)
			}
		})
	}
	return n, err
}

// An old PEM key does not show its public half: it is the last resort, and its passphrase is asked for only then.
func TestPassphraseOfAnOldFormat(t *testing.T) {
	s := newServer(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	//lint:ignore SA1019 keys of this format are out there
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte(passphrase), x509.PEMCipherAES128)
	check(t, err)
	path := filepath.Join(t.TempDir(), "old")
	check(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	p := &person{}
	s.dial(asking(p), sshConfig(t, "IdentityFile "+path))
	if len(p.asked) != 0 {
		t.Errorf("asked %+v", p.asked)
	}
	public, err := ssh.NewPublicKey(key.Public())
	check(t, err)
	s.admit(public, "")
	p.answers = map[provision.DecisionKind][]string{provision.DecidePassphrase: {"wrong", "wronger", passphrase}}
	s.dial(asking(p), identity(path))
	if len(p.asked) != 3 {
		t.Errorf("asked %+v", p.asked)
	}
}

// Files that are no private keys are named for what they are.
func TestWrongKeyFiles(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	good, err := os.ReadFile(s.key)
	check(t, err)
	public, err := os.ReadFile(s.key + ".pub")
	check(t, err)
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		code       string
		want       []string
	}{
		{"open", string(good), 0o644, "connect.key-permissions", []string{"can be read by others", "chmod 600"}},
		{"putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", 0o600, "connect.key-format", []string{"PuTTY", "puttygen"}},
		{"public", string(public), 0o600, "connect.key-format", []string{"is a public key"}},
		{"ssh2", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", 0o600, "connect.key-format", []string{"is a public key"}},
		{"empty", "", 0o600, "connect.key-format", []string{"is empty"}},
		{"tls", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o600, "connect.key-format", []string{"TLS certificate"}},
		{"rubbish", "hello", 0o600, "connect.key-format", []string{"not a private key"}},
		{"missing", "", 0, "connect.key-missing", []string{"does not exist"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.name)
			if c.mode != 0 {
				check(t, os.WriteFile(path, []byte(c.text), 0o600))
				check(t, os.Chmod(path, c.mode))
			}
			_, err := s.try(identity(path))
			wantFailure(t, err, c.code, append(c.want, path, "publickey")...)
		})
	}
}
