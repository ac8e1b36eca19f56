// Package hostkey checks the key that a host presents against the known_hosts files, as OpenSSH does, and files a new one when
// somebody vouches for it.
package hostkey

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

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
	Words        *language.Printer
}

// Checker checks the key of one host.
type Checker struct {
	Config
	address string // the name under which the key is filed, with the port
	bare    string // the name with the standard port, where OpenSSH looks next; empty where that is the same
	db      *knownHosts
	verdict *provision.Failure // why the key was refused
	trusted []byte             // the key that was found right; the library asks about it again whenever the session keys are renewed
}

// New reads the known_hosts files.
func New(c Config) (*Checker, *provision.Failure) {
	name, port := c.Settings.HostKeyAlias, 22 // as OpenSSH: an alias is filed without a port
	if name == "" {
		name, port = c.Settings.Hostname, c.Settings.Port
	}
	db, err := readKnownHosts(slices.Concat(c.Settings.UserKnownHosts, c.Settings.GlobalKnownHosts))
	if err != nil {
		return nil, c.fail("hostkey.known-hosts", err)
	}
	k := &Checker{Config: c, address: net.JoinHostPort(name, strconv.Itoa(port)), db: db}
	if port != 22 {
		k.bare = net.JoinHostPort(name, "22")
	}
	return k, nil
}

// fail is a failure of the host: every sentence begins with its name and target.
func (c Config) fail(code string, values ...any) *provision.Failure {
	return provision.Fail(code, append([]any{c.Name, c.Target}, values...)...)
}

// Address is the name under which the key is filed, with the port.
func (k *Checker) Address() string { return k.address }

// Refusal is why the key was refused; nil where it was not.
func (k *Checker) Refusal() *provision.Failure { return k.verdict }

// Algorithms are the host key algorithms to ask the server for: those whose keys are on file first, because a server that
// presents another of its keys would look like an impostor. Certificates only count where an authority is on file.
func (k *Checker) Algorithms() []string {
	known := k.db.HostKeyAlgorithms(k.address)
	if len(known) == 0 && k.bare != "" {
		known = k.db.HostKeyAlgorithms(k.bare)
	}
	wished := k.Settings.HostKeyAlgorithms
	supported := ssh.SupportedAlgorithms().HostKeys
	if wished == nil {
		// OpenSSH's order, so that a new host goes on file by the key that a person is told to compare.
		wished = append([]string{ssh.CertAlgoED25519v01, ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}, supported...)
	}
	var list []string
	for _, algo := range append(known, wished...) {
		isCert := strings.Contains(algo, "-cert-v01@")
		if slices.Contains(list, algo) || !slices.Contains(supported, algo) {
			continue
		}
		if isCert && !slices.Contains(known, algo) && !k.authority() {
			continue
		}
		list = append(list, algo)
	}
	return list
}

// authority reports whether a @cert-authority line covers the host.
func (k *Checker) authority() bool {
	return slices.ContainsFunc(k.db.HostKeys(k.address), func(key knownhosts.PublicKey) bool { return key.Cert })
}

// Check is the ssh.HostKeyCallback. There is no way past it. As in OpenSSH a key holds for as long as the connection does:
// db does not know one that was filed after it was read, and whoever was asked is asked once.
func (k *Checker) Check(ctx context.Context, remote net.Addr, key ssh.PublicKey) error {
	if k.trusted != nil && bytes.Equal(k.trusted, key.Marshal()) {
		return nil
	}
	if err := k.judge(ctx, remote, key); err != nil {
		return err
	}
	k.trusted = key.Marshal()
	return nil
}

func (k *Checker) judge(ctx context.Context, remote net.Addr, key ssh.PublicKey) error {
	callback := k.db.HostKeyCallback()
	err := callback(k.address, tcpAddress(remote), key)
	if err == nil {
		return nil
	}
	var (
		revoked  *xknownhosts.RevokedError
		mismatch *xknownhosts.KeyError
	)
	switch {
	case errors.As(err, &revoked):
		k.verdict = k.revoked(revoked.Revoked, key)
	case errors.As(err, &mismatch):
		switch want := k.plain(mismatch.Want); {
		case len(want) > 0:
			k.verdict = k.changed(want, key)
		case k.bare != "" && callback(k.bare, tcpAddress(remote), key) == nil: // filed before sshd moved to another port
			return nil
		case k.trusted != nil: // nobody can be asked any more, and nothing is filed unseen
			k.verdict = k.fail("hostkey.swapped", key.Type(), ssh.FingerprintSHA256(key))
		default:
			k.verdict = k.unknown(ctx, key)
		}
	default:
		k.verdict = k.fail("hostkey.certificate", err)
	}
	if k.verdict == nil {
		return nil
	}
	return k.verdict
}

// tcpAddress stands in for links that have no address of their own, as those through a proxy command.
func tcpAddress(remote net.Addr) net.Addr {
	if _, _, err := net.SplitHostPort(remote.String()); err != nil {
		return &net.TCPAddr{IP: net.IPv4zero}
	}
	return remote
}

// plain drops the keys of authorities: they vouch for certificates and are no keys of the host.
func (k *Checker) plain(want []xknownhosts.KnownKey) []xknownhosts.KnownKey {
	var authorities [][]byte
	for _, known := range k.db.HostKeys(k.address) {
		if known.Cert {
			authorities = append(authorities, known.Marshal())
		}
	}
	return slices.DeleteFunc(slices.Clone(want), func(known xknownhosts.KnownKey) bool {
		return slices.ContainsFunc(authorities, func(a []byte) bool { return bytes.Equal(a, known.Key.Marshal()) })
	})
}

func (k *Checker) revoked(line xknownhosts.KnownKey, key ssh.PublicKey) *provision.Failure {
	return k.fail("hostkey.revoked", key.Type(), ssh.FingerprintSHA256(key), k.db.place(line))
}

func (k *Checker) changed(want []xknownhosts.KnownKey, key ssh.PublicKey) *provision.Failure {
	known := want[0]
	if i := slices.IndexFunc(want, func(w xknownhosts.KnownKey) bool { return w.Key.Type() == key.Type() }); i >= 0 {
		known = want[i]
	}
	return k.fail("connect.host-key-changed", key.Type(), ssh.FingerprintSHA256(key), k.db.place(known), known.Key.Type(),
		ssh.FingerprintSHA256(known.Key), knownhosts.Normalize(k.address))
}

// unknown decides about a key that is not on file, and files it when somebody vouches for it.
func (k *Checker) unknown(ctx context.Context, key ssh.PublicKey) *provision.Failure {
	fingerprint := ssh.FingerprintSHA256(key)
	refuse := func(code string, remedy ...any) *provision.Failure {
		return k.fail(code, append([]any{key.Type(), fingerprint}, remedy...)...)
	}
	accept := k.AcceptNew || k.Settings.StrictHostKeys == "accept-new"
	switch {
	case accept:
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
		name = xknownhosts.HashHostname(name)
	}
	line := name + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + "\n"
	return appendLine(k.Settings.UserKnownHosts[0], line)
}
