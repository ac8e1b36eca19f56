package remote

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/kehuo/provision/provision"
)

// keyring is every key that may be offered to one host, each once, in the order in which they are tried: those of files
// first, because somebody chose them, then the rest of the agent's.
type keyring struct {
	identities []identity
	complaints []*keyError  // why the keys of other files cannot be used, those that somebody named first
	agentless  *keyError    // why there are none of the agent's
	blind      []*lockedKey // encrypted keys whose public half is not known: the last resort
	agent      net.Conn
}

// close hangs up on the agent. Keys that live there can sign no more.
func (k *keyring) close() {
	if k != nil && k.agent != nil {
		_ = k.agent.Close()
	}
}

// readKeys gathers the keys of files and agent.
func (d *dialer) readKeys(ctx context.Context) *keyring {
	k := &keyring{}
	held := k.readAgent(ctx, d.settings.IdentityAgent)
	for _, path := range d.settings.Identities {
		k.addFile(ctx, d, path, held)
	}
	for _, path := range d.settings.Certificates {
		k.addCertificate(path, held)
	}
	if !d.settings.IdentitiesOnly {
		for _, signer := range held {
			k.add(signer)
		}
	}
	return k
}

// readAgent lists what the agent holds; nothing where there is no agent.
func (k *keyring) readAgent(ctx context.Context, socket string) []identity {
	if socket == "" {
		return nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		k.agentless = unusable("", socket, "no-agent")
		return nil
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // an agent may hang
	k.agent = conn
	client := agent.NewClient(conn)
	signers, err := client.Signers()
	if err != nil {
		k.agentless = unusable("", socket, "agent-silent", err)
		return nil
	}
	held := make([]identity, len(signers))
	for i, signer := range signers {
		comment := "agent"
		if key, ok := signer.PublicKey().(*agent.Key); ok && key.Comment != "" {
			comment = "agent: " + oneLine(key.Comment)
		}
		held[i] = identity{withParsedKey(signer), comment}
	}
	return held
}

// addFile adds the key of one file, by way of the agent where it holds the same key: it needs no passphrase there. The file
// may be a public key, as OpenSSH allows: it tells which of the agent's keys is meant.
func (k *keyring) addFile(ctx context.Context, d *dialer, path string, held []identity) {
	chosen := d.settings.Named(path)
	itself := publicKey(path)
	public := itself
	if public == nil {
		public = publicKey(path + ".pub")
	}
	if i := indexOf(held, public); i >= 0 {
		k.addWithCertificate(path, identity{held[i].Signer, path})
		return
	}
	if itself != nil {
		k.complaints = append(k.complaints, unusable(keyFormat, path, "public-only"))
		return
	}
	signer, err := d.readIdentity(ctx, path)
	var spoilt *keyError
	switch {
	case errors.Is(err, fs.ErrNotExist) && !chosen:
	case errors.Is(err, fs.ErrNotExist):
		k.complaints = append(k.complaints, unusable(keyMissing, path, "missing"))
	case errors.As(err, &spoilt):
		k.complaints = append(k.complaints, spoilt)
	case err != nil:
		k.complaints = append(k.complaints, unusable(keyFormat, path, "unread", err))
	case blind(signer):
		k.blind = append(k.blind, signer.(*lockedKey))
	default:
		found := identity{signer, path}
		if i := indexOf(held, signer.PublicKey()); i >= 0 {
			found.Signer = held[i].Signer
		}
		k.addWithCertificate(path, found)
	}
}

// blind reports whether a key cannot be offered before its passphrase is known.
func blind(signer ssh.Signer) bool {
	locked, ok := signer.(*lockedKey)
	return ok && locked.public == nil
}

// addWithCertificate adds the key at path, after the certificate that lies beside it.
func (k *keyring) addWithCertificate(path string, key identity) {
	if _, err := os.Stat(path + "-cert.pub"); err == nil {
		k.addCertificate(path+"-cert.pub", []identity{key})
	}
	k.add(key)
}

// addCertificate adds a certificate, signed with by the key that it is for, which is among candidates or already added.
func (k *keyring) addCertificate(path string, candidates []identity) {
	text, err := os.ReadFile(path)
	if err != nil {
		k.complaints = append(k.complaints, unusable("", path, "certificate-unreadable"))
		return
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := public.(*ssh.Certificate)
	if err != nil || !ok {
		k.complaints = append(k.complaints, unusable("", path, "no-certificate"))
		return
	}
	for _, candidate := range append(slices.Clone(k.identities), candidates...) {
		if !bytes.Equal(candidate.PublicKey().Marshal(), cert.Key.Marshal()) {
			continue
		}
		signer, err := ssh.NewCertSigner(cert, candidate.Signer)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(k.identities, func(i identity) bool { return same(i.PublicKey(), cert.Key) }); i >= 0 {
			k.identities = slices.Insert(k.identities, i, identity{signer, path})
		} else {
			k.add(identity{signer, path})
		}
		return
	}
	k.complaints = append(k.complaints, unusable("", path, "certificate-alone"))
}

func isCertificate(i identity) bool {
	_, ok := i.PublicKey().(*ssh.Certificate)
	return ok
}

// certificateFlaw is why a server refuses a certificate whose authority it trusts, by OpenSSH's rules; nil where nothing of the
// certificate itself speaks against it.
func certificateFlaw(cert *ssh.Certificate, user string, at time.Time) *provision.Failure {
	now := uint64(at.Unix())
	day := func(second uint64) string { return time.Unix(int64(second), 0).Format(time.DateTime) }
	address, bound := cert.CriticalOptions["source-address"]
	strange := slices.DeleteFunc(slices.Sorted(maps.Keys(cert.CriticalOptions)), func(option string) bool {
		return slices.Contains([]string{"force-command", "source-address", "verify-required"}, option)
	})
	switch {
	case cert.CertType != ssh.UserCert:
		return provision.Fail("remote.key.certificate-host")
	case now < cert.ValidAfter:
		return provision.Fail("remote.key.certificate-early", day(cert.ValidAfter))
	case cert.ValidBefore != ssh.CertTimeInfinity && now >= cert.ValidBefore:
		return provision.Fail("remote.key.certificate-expired", day(cert.ValidBefore))
	case len(cert.ValidPrincipals) == 0:
		return provision.Fail("remote.key.certificate-nobody", user)
	case !slices.Contains(cert.ValidPrincipals, user):
		return provision.Fail("remote.key.certificate-name", oneLine(strings.Join(cert.ValidPrincipals, ", ")), user)
	case len(strange) > 0:
		return provision.Fail("remote.key.certificate-option", oneLine(strings.Join(strange, ", ")))
	case bound:
		return provision.Fail("remote.key.certificate-address", oneLine(address))
	}
	return nil
}

func (k *keyring) add(i identity) {
	if indexOf(k.identities, i.PublicKey()) < 0 {
		k.identities = append(k.identities, i)
	}
}

func indexOf(list []identity, key ssh.PublicKey) int {
	if key == nil {
		return -1
	}
	return slices.IndexFunc(list, func(i identity) bool { return same(i.PublicKey(), key) })
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// parsedSigner is an agent's signer under the parsed form of its key: NewCertSigner and certificates need the real type.
type parsedSigner struct {
	ssh.AlgorithmSigner
	key ssh.PublicKey
}

func (s parsedSigner) PublicKey() ssh.PublicKey { return s.key }

func withParsedKey(signer ssh.Signer) ssh.Signer {
	algorithmSigner, ok := signer.(ssh.AlgorithmSigner)
	key, err := ssh.ParsePublicKey(signer.PublicKey().Marshal())
	if !ok || err != nil {
		return signer
	}
	return parsedSigner{algorithmSigner, key}
}

// describe lists keys for a message.
func describe(list []identity) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = one.String()
	}
	return strings.Join(texts, ", ")
}
