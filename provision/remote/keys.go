package remote

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/shell"
)

// identity is a key that can be offered to a server, and where it comes from.
type identity struct {
	ssh.Signer
	source string // path of the file, or the agent's comment
}

func (i identity) String() string {
	key := i.PublicKey()
	return fmt.Sprintf("%s %s (%s)", strings.TrimSuffix(key.Type(), "@openssh.com"), ssh.FingerprintSHA256(key), i.source)
}

// complaint is why a key file cannot be used.
type complaint struct{ path, why, remedy string }

func (c *complaint) Error() string { return c.path + " " + c.why + "; " + c.remedy }

// readIdentity reads a private key. An encrypted one is returned as a *lockedKey: its passphrase is asked for when a
// server has said that it would accept the key, or, where its public half is nowhere to be read, when no other key will do.
func (d *dialer) readIdentity(ctx context.Context, path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	var missing *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return signer, nil
	case errors.As(err, &missing):
		public := missing.PublicKey
		if public == nil {
			public = publicKey(path + ".pub")
		}
		locked := &lockedKey{ctx: ctx, d: d, path: path, text: text, public: public}
		return locked, nil
	}
	return nil, recognise(path, text, err)
}

// private refuses a key file that others can read, as OpenSSH does.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return &complaint{path, fmt.Sprintf("can be read by others (mode %04o)", mode), "run chmod 600 " + shell.Quote(path)}
	}
	return nil
}

// publicKey reads the public key that is in a file; nil where there is none.
func publicKey(path string) ssh.PublicKey {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

// recognise says what a file is that is not a private key of a form that can be used.
func recognise(path string, text []byte, err error) error {
	trimmed := bytes.TrimSpace(text)
	block, _ := pem.Decode(text)
	switch {
	case bytes.HasPrefix(trimmed, []byte("PuTTY-User-Key-File-")):
		return &complaint{path, "is a PuTTY key", "convert it with puttygen " + shell.Quote(path) + " -O private-openssh -o " +
			shell.Quote(strings.TrimSuffix(path, ".ppk"))}
	case bytes.HasPrefix(trimmed, []byte("---- BEGIN SSH2 PUBLIC KEY")), block != nil && strings.HasSuffix(block.Type, "PUBLIC KEY"):
		return &complaint{path, "is a public key", "name the private key, usually the same path without .pub"}
	case block != nil && block.Type == "CERTIFICATE":
		return &complaint{path, "is a TLS certificate", "name the private key that you log in with"}
	case len(trimmed) == 0:
		return &complaint{path, "is empty", "name the private key that you log in with"}
	}
	if strings.Contains(err.Error(), "sk-ssh-") || strings.Contains(err.Error(), "sk-ecdsa") || isSecurityKey(block) {
		return &complaint{path, "is a security key, which signs through the agent", "run ssh-add " + shell.Quote(path)}
	}
	return &complaint{path, "is not a private key that can be read (" + oneLine([]byte(err.Error())) + ")",
		"make a new one with ssh-keygen -t ed25519"}
}

// isSecurityKey looks for the key type in the unencrypted public half of an OpenSSH key.
func isSecurityKey(block *pem.Block) bool {
	return block != nil && block.Type == "OPENSSH PRIVATE KEY" &&
		(bytes.Contains(block.Bytes, []byte("sk-ssh-ed25519@openssh.com")) ||
			bytes.Contains(block.Bytes, []byte("sk-ecdsa-sha2-nistp256@openssh.com")))
}

// lockedKey is an encrypted private key whose passphrase is not known yet.
type lockedKey struct {
	ctx    context.Context // of the dial: the library's signers have none of their own
	d      *dialer
	path   string
	text   []byte
	public ssh.PublicKey // nil while it is not known

	mu     sync.Mutex
	signer ssh.Signer
}

func (k *lockedKey) PublicKey() ssh.PublicKey { return k.public }

func (k *lockedKey) Algorithms() []string {
	if k.public.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{k.public.Type()}
}

func (k *lockedKey) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, k.Algorithms()[0])
}

func (k *lockedKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if err := k.unlock(); err != nil {
		return nil, err
	}
	signer, ok := k.signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("%s cannot sign by %s", k.path, algorithm)
	}
	return signer.SignWithAlgorithm(rand, data, algorithm)
}

// unlock asks for the passphrase, three times at most as OpenSSH does.
func (k *lockedKey) unlock() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	words := k.d.config.Words
	k.signer = k.d.unlocked[k.path]
	refused := ""
	for try := 0; k.signer == nil; try++ {
		if try == 3 {
			return &complaint{k.path, "could not be decrypted with any passphrase given", "run ssh-add " + shell.Quote(k.path)}
		}
		answer, err := k.d.ask(k.ctx, provision.Decision{
			Kind:     provision.DecidePassphrase,
			Host:     k.d.config.Name,
			Question: words.T("remote.passphrase.question", k.path),
			Detail:   refused,
			Secret:   true,
			Remedy:   words.T("remote.passphrase.remedy", shell.Quote(k.path)),
		})
		if err != nil {
			return &complaint{k.path, "is encrypted and its passphrase is not known (" + err.Error() + ")",
				"run ssh-add " + shell.Quote(k.path)}
		}
		signer, err := ssh.ParsePrivateKeyWithPassphrase(k.text, []byte(answer.Secret.Reveal()))
		switch {
		case err == nil:
			k.signer, k.d.unlocked[k.path] = signer, signer
		case !errors.Is(err, x509.IncorrectPasswordError):
			return recognise(k.path, k.text, err)
		}
		refused = words.T("remote.again")
	}
	return nil
}
