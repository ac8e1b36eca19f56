//go:build host

package remote_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keyAgent serves keys as ssh-agent does.
func keyAgent(t *testing.T, serve agent.Agent) {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent")
	check(t, err)
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(serve, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done; _ = os.RemoveAll(dir) })
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(dir, "socket"))
}

func TestAgent(t *testing.T) {
	s := newServer(t)
	ring := agent.NewKeyring()
	_, wrong, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	_, right, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	check(t, ring.Add(agent.AddedKey{PrivateKey: &wrong, Comment: "wrong key"}))
	check(t, ring.Add(agent.AddedKey{PrivateKey: &right, Comment: "right"}))
	public, err := ssh.NewPublicKey(right.Public())
	check(t, err)
	keyAgent(t, ring)
	t.Run("refused", func(t *testing.T) {
		_, err := s.try(identity(""))
		wantFailure(t, err, "connect.auth-refused", "publickey", "agent: wrong key", "agent: right", ssh.FingerprintSHA256(public))
	})
	s.admit(public, "")
	t.Run("accepted", func(t *testing.T) { s.dial(identity("")) })
	t.Run("chosen by its public half", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "right.pub")
		check(t, os.WriteFile(file, ssh.MarshalAuthorizedKey(public), 0o644))
		s.dial(identity(file), sshConfig(t, "Host *", "  IdentitiesOnly yes"))
	})
	t.Run("identities only", func(t *testing.T) {
		_, err := s.try(identity(""), sshConfig(t, "IdentitiesOnly yes", "IdentityFile /nonesuch"))
		wantFailure(t, err, "connect.key-missing", "/nonesuch", "no key was offered")
	})
	t.Run("by its public half, decrypted in the agent", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "locked")
		check(t, os.WriteFile(path, lockedKey(t).text, 0o600))
		check(t, os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(public), 0o600))
		s.dial(identity(""), sshConfig(t, "IdentitiesOnly yes", "IdentityFile "+path))
	})
	t.Run("switched off", func(t *testing.T) {
		_, err := s.try(identity(""), sshConfig(t, "IdentityAgent none"))
		wantFailure(t, err, "connect.auth-refused")
	})
}

// securityKey is an agent with one ed25519 security key: it signs as the token does, over the application, a flag that
// tells of the touch, and a counter.
type securityKey struct {
	agent.ExtendedAgent
	private ed25519.PrivateKey
}

const application = "ssh:"

func (k securityKey) public() ssh.PublicKey {
	wire := ssh.Marshal(struct {
		Kind        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, k.private.Public().(ed25519.PublicKey), application})
	key, err := ssh.ParsePublicKey(wire)
	if err != nil {
		panic(err)
	}
	return key
}

func (k securityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: ssh.KeyAlgoSKED25519, Blob: k.public().Marshal(), Comment: "token"}}, nil
}

func (k securityKey) SignWithFlags(key ssh.PublicKey, data []byte, _ agent.SignatureFlags) (*ssh.Signature, error) {
	if string(key.Marshal()) != string(k.public().Marshal()) {
		return nil, errors.New("no such key")
	}
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	const touched, counter = 1, 7
	signed := append(append([]byte(nil), app[:]...), touched, 0, 0, 0, counter)
	signed = append(signed, message[:]...)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(k.private, signed), Rest: []byte{touched, 0, 0, 0, counter}}, nil
}

func TestSecurityKey(t *testing.T) {
	s := newServer(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	token := securityKey{agent.NewKeyring().(agent.ExtendedAgent), private}
	s.admit(token.public(), "")
	keyAgent(t, token)
	s.dial(identity(""))
}

func TestUserCertificate(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	authority := signerOf(t, filepath.Join(dir, "ca"))
	s.admit(authority.PublicKey(), `cert-authority,principals="kevin"`)
	certify := func(key ssh.PublicKey, principal, path string) {
		cert := &ssh.Certificate{Key: key, CertType: ssh.UserCert, ValidPrincipals: []string{principal}, ValidBefore: ssh.CertTimeInfinity}
		check(t, cert.SignCert(rand.Reader, authority))
		check(t, os.WriteFile(path, ssh.MarshalAuthorizedKey(cert), 0o600))
	}
	key := filepath.Join(dir, "key")
	public := newKey(t, key)
	t.Run("without", func(t *testing.T) {
		_, err := s.try(identity(key))
		wantFailure(t, err, "connect.auth-refused")
	})
	t.Run("CertificateFile", func(t *testing.T) {
		certify(public, "kevin", filepath.Join(dir, "elsewhere.pub"))
		s.dial(identity(key), sshConfig(t, "CertificateFile "+dir+"/elsewhere.pub"))
	})
	t.Run("beside the key", func(t *testing.T) {
		certify(public, "kevin", key+"-cert.pub")
		s.dial(identity(key))
	})
	t.Run("of another user", func(t *testing.T) {
		certify(public, "someone", key+"-cert.pub")
		_, err := s.try(identity(key))
		wantFailure(t, err, "connect.key-certificate", "key-cert.pub")
	})
	t.Run("rsa", func(t *testing.T) {
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		check(t, err)
		path := filepath.Join(dir, "rsa")
		certify(writeKey(t, path, rsaKey), "kevin", path+"-cert.pub")
		s.dial(identity(path))
	})
	t.Run("no certificate", func(t *testing.T) {
		_, err := s.try(identity(key), sshConfig(t, "CertificateFile "+key+".pub"))
		wantFailure(t, err, "connect.auth-refused", "is not an SSH certificate")
	})
}
