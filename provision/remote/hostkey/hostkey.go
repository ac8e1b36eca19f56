// Package hostkey checks the key that a host presents against the known_hosts files, as OpenSSH does, and files a new one when
// somebody vouches for it.
package hostkey

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote/sshconfig"
)

// Config says which host to check and who vouches for a key that is not known.
type Config struct {
	Name, Target string // the host in the inventory, and user@host:port, for messages
	Settings     *sshconfig.Settings
	AcceptNew    bool // trust a host that is not known yet
	Ask          func(ctx context.Context, d provision.Decision) (provision.Answer, error)
	ReadOnly     bool // a key that is accepted is not filed
	Words        *language.Printer
	Before       ssh.PublicKey // the key of an earlier connection of the same run, the only one to accept; nil for the first
}

// Checker checks the key of one host.
type Checker struct {
	Config
	name    string // under which the key is filed, without the port; that is also what a certificate has to name
	address string // the name with the port
	db      knownHosts
	verdict *provision.Failure // why the key was refused
	trusted ssh.PublicKey      // the key that was found right; the library asks about it again whenever the session keys are renewed
}

// New reads the known_hosts files.
func New(c Config) (*Checker, *provision.Failure) {
	name, port := c.Settings.HostKeyAlias, 22 // as OpenSSH: an alias is filed without a port
	if name == "" {
		name, port = c.Settings.Hostname, c.Settings.Port
	}
	address := net.JoinHostPort(name, strconv.Itoa(port))
	db, err := readKnownHosts(slices.Concat(c.Settings.UserKnownHosts, c.Settings.GlobalKnownHosts), name, knownhosts.Normalize(address))
	if err != nil {
		return nil, c.fail("hostkey.known-hosts", err)
	}
	return &Checker{Config: c, name: name, address: address, db: db}, nil
}

// fail is a failure of the host: every sentence begins with its name and target.
func (c Config) fail(code string, values ...any) *provision.Failure {
	return provision.Fail(code, append([]any{c.Name, c.Target}, values...)...)
}

// Address is the name under which the key is filed, with the port.
func (k *Checker) Address() string { return k.address }

// Refusal is why the key was refused; nil where it was not.
func (k *Checker) Refusal() *provision.Failure { return k.verdict }

// Trusted is the key that was found right; of a certificate, the key in it. It is nil before that.
func (k *Checker) Trusted() ssh.PublicKey { return k.trusted }

// filed are the keys of the host: those under its port, and where there are none, those under its name alone.
func (k *Checker) filed() knownHosts {
	if lines := k.db.of(knownhosts.Normalize(k.address), ""); len(lines) > 0 {
		return lines
	}
	return k.db.of(k.name, "")
}

// marked are the lines with that marker that cover the host, under its port or its name alone.
func (k *Checker) marked(marker string) knownHosts {
	return append(k.db.of(knownhosts.Normalize(k.address), marker), k.db.of(k.name, marker)...)
}

// Algorithms are the host key algorithms to ask the server for: those whose keys are on file first, because a server that
// presents another of its keys would look like an impostor. Certificates only count where an authority is on file.
func (k *Checker) Algorithms() []string {
	// OpenSSH's order, so that a new host goes on file by the key that a person is told to compare.
	order := []string{ssh.CertAlgoED25519v01, ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	supported := ssh.SupportedAlgorithms().HostKeys
	for _, algorithm := range supported {
		if !slices.Contains(order, algorithm) {
			order = append(order, algorithm)
		}
	}
	wished := k.Settings.HostKeyAlgorithms.Of(order, slices.Concat(order, ssh.InsecureAlgorithms().HostKeys))
	certified := len(k.marked(authority)) > 0
	known := k.filed()
	var first, later []string
	for _, algorithm := range wished {
		plain, isCert := strings.CutSuffix(algorithm, "-cert-v01@openssh.com")
		switch {
		case isCert && !certified:
		case isCert || slices.ContainsFunc(known, func(e entry) bool { return e.key.Type() == keyType(plain) }):
			first = append(first, algorithm)
		default:
			later = append(later, algorithm)
		}
	}
	return append(first, later...)
}

// keyType is the type of the keys that sign by an algorithm.
func keyType(algorithm string) string {
	switch algorithm {
	case ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512:
		return ssh.KeyAlgoRSA
	}
	return algorithm
}

// Check is the ssh.HostKeyCallback. There is no way past it. As in OpenSSH a key holds for as long as the connection does:
// db does not know one that was filed after it was read, and whoever was asked is asked once.
func (k *Checker) Check(ctx context.Context, _ net.Addr, key ssh.PublicKey) error {
	plain := key
	cert, isCert := key.(*ssh.Certificate)
	if isCert {
		plain = cert.Key
	}
	switch {
	case k.trusted != nil && same(k.trusted, plain):
		return nil
	case k.trusted != nil: // nobody can be asked any more, and nothing is filed unseen
		k.verdict = k.fail("hostkey.swapped", plain.Type(), ssh.FingerprintSHA256(plain))
	case k.Before != nil && !same(k.Before, plain):
		k.verdict = k.fail("hostkey.replaced", plain.Type(), ssh.FingerprintSHA256(plain), k.Before.Type(), ssh.FingerprintSHA256(k.Before))
	case isCert:
		k.verdict = k.judgeCertificate(ctx, cert)
	default:
		k.verdict = k.judge(ctx, plain, nil)
	}
	if k.verdict != nil {
		return k.verdict
	}
	k.trusted = plain
	return nil
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// judge is nil for a key that is on file or that somebody vouches for. flaw is what is wrong with the certificate that it came
// with, where it came with one.
func (k *Checker) judge(ctx context.Context, key ssh.PublicKey, flaw *provision.Failure) *provision.Failure {
	if line := k.marked(revoked).find(key); line != nil {
		return k.fail("hostkey.revoked", key.Type(), ssh.FingerprintSHA256(key), line.place)
	}
	known := k.db.of(knownhosts.Normalize(k.address), "")
	switch {
	case known.find(key) != nil:
	case k.Before != nil: // vouched for in this run, though it could not be filed
	case len(known) > 0:
		return k.changed(known, key)
	case k.db.of(k.name, "").find(key) != nil: // filed before sshd moved to another port
	default:
		return k.unknown(ctx, key, flaw)
	}
	return nil
}

func (k *Checker) changed(want knownHosts, key ssh.PublicKey) *provision.Failure {
	known := want[0]
	if i := slices.IndexFunc(want, func(e entry) bool { return e.key.Type() == key.Type() }); i >= 0 {
		known = want[i]
	}
	return k.fail("connect.host-key-changed", key.Type(), ssh.FingerprintSHA256(key), known.place, known.key.Type(),
		ssh.FingerprintSHA256(known.key), knownhosts.Normalize(k.address))
}

// unknown decides about a key that is not on file, and files it when somebody vouches for it.
func (k *Checker) unknown(ctx context.Context, key ssh.PublicKey, flaw *provision.Failure) *provision.Failure {
	fingerprint := ssh.FingerprintSHA256(key)
	refuse := func(code string, remedy ...any) *provision.Failure {
		if flaw != nil {
			return flaw
		}
		return k.fail(code, append([]any{key.Type(), fingerprint}, remedy...)...)
	}
	switch {
	case k.AcceptNew || slices.Contains([]string{"accept-new", "no", "off", "false"}, k.Settings.StrictHostKeys):
	case k.Settings.StrictHostKeys == "yes" || k.Settings.StrictHostKeys == "true":
		return refuse("connect.host-key-unknown", provision.Fail("hostkey.strict"))
	default:
		answer, err := k.Ask(ctx, k.question(key, fingerprint))
		if err != nil {
			return refuse("connect.host-key-unknown", provision.Fail("hostkey.unanswered")).From(err)
		}
		if answer.Choice != provision.AnswerYes {
			return refuse("connect.host-key-declined")
		}
	}
	if k.ReadOnly {
		return nil
	}
	if err := k.file(key); err != nil {
		return refuse("hostkey.unwritten", err)
	}
	return nil
}

func (k *Checker) question(key ssh.PublicKey, fingerprint string) provision.Decision {
	words := k.Words
	return provision.Decision{
		Kind:     provision.DecideHostKey,
		Host:     k.Name,
		Question: words.T("remote.host-key.question", k.address),
		Detail:   words.T("remote.host-key.detail", key.Type(), fingerprint),
		Options: []provision.Option{
			{ID: provision.AnswerYes, Label: words.T("remote.host-key.yes")},
			{ID: provision.AnswerNo, Label: words.T("remote.host-key.no")},
		},
		Remedy: words.T("remote.host-key.remedy"),
	}
}

// file appends the key to the user's first known_hosts file, under the name and port that were dialled.
func (k *Checker) file(key ssh.PublicKey) error {
	if len(k.Settings.UserKnownHosts) == 0 {
		return provision.Fail("hostkey.no-file")
	}
	name := knownhosts.Normalize(k.address)
	if k.Settings.HashKnownHosts {
		name = knownhosts.HashHostname(name)
	}
	line := name + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + "\n"
	return appendLine(k.Settings.UserKnownHosts[0], line)
}
