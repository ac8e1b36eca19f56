package remote

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
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

// keyError is why the key in a file, or the agent at a socket, cannot be used.
type keyError struct {
	code string // of the login that is refused because of it; "" for no special one
	path string
	what *provision.Failure // the rest of the sentence, with the remedy
}

func (e *keyError) Error() string { return e.path + " " + e.what.Error() }

func (e *keyError) Unwrap() error { return e.what }

// The codes of keyError.
const (
	keyMissing     = "connect.key-missing"
	keyPermissions = "connect.key-permissions"
	keyFormat      = "connect.key-format"
	keyPassphrase  = "connect.key-passphrase"
	keyMangled     = "connect.key-mangled"
	keyCertificate = "connect.key-certificate"
)

func unusable(code, path, what string, values ...any) *keyError {
	return &keyError{code, path, provision.Fail("remote.key."+what, values...)}
}

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
	signer, err := parseKey(text)
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
		if cipher := lockedBy(keyBlock(text)); cipher != "" {
			locked.beyond = unusable(keyFormat, path, "cipher", cipher, shell.Quote(path))
		}
		return locked, nil
	}
	return nil, recognise(path, text, err)
}

// signatures are the algorithms by which a key signs, the preferred one first. RSA keys sign by SHA-1 only where the SSH
// configuration says so.
func (d *dialer) signatures(key ssh.PublicKey) []string {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	if key.Type() != ssh.KeyAlgoRSA {
		return []string{key.Type()}
	}
	list := []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if wished := d.settings.KeyAlgorithms.Of(list, append(list, ssh.KeyAlgoRSA)); len(wished) > 0 {
		return wished
	}
	return list
}

// private refuses a key file of the person's own that others can read, as OpenSSH does. One of somebody else's that may be read is
// meant to be: a container's secrets are root's, and their group may read them.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); isOwn(info) && mode&0o077 != 0 {
		return unusable(keyPermissions, path, "open", fmt.Sprintf("%04o", mode), shell.Quote(path))
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

// lockedKey is an encrypted private key whose passphrase is not known yet.
type lockedKey struct {
	ctx    context.Context // of the dial: the library's signers have none of their own
	d      *dialer
	path   string
	text   []byte
	public ssh.PublicKey // nil while it is not known
	beyond *keyError     // why no passphrase helps; nil where one does

	mu     sync.Mutex
	signer ssh.Signer
}

func (k *lockedKey) PublicKey() ssh.PublicKey { return k.public }

func (k *lockedKey) Algorithms() []string {
	return k.d.signatures(k.public)
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
	if k.beyond != nil {
		return k.beyond
	}
	words := k.d.config.Words
	k.signer = k.d.unlocked[k.path]
	refused := ""
	for try := 0; k.signer == nil; try++ {
		if try == 3 {
			return unusable(keyPassphrase, k.path, "undecrypted", shell.Quote(k.path))
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
			return unusable(keyPassphrase, k.path, "locked", err, shell.Quote(k.path))
		}
		signer, err := decryptKey(k.text, []byte(answer.Secret.Reveal()))
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
