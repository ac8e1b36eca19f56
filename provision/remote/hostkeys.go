package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision"
)

// verifier checks the key of one host against the known_hosts files.
type verifier struct {
	d       *dialer
	address string // the name under which the key is filed, with the port
	bare    string // the name with the standard port, where OpenSSH looks next; empty where that is the same
	db      *knownHosts
	verdict *DialError // why the key was refused
	trusted []byte     // the key that was found right; the library asks about it again whenever the session keys are renewed
}

func newVerifier(d *dialer) (*verifier, error) {
	name := d.settings.hostKeyAlias
	port := d.settings.port
	if name == "" {
		name = d.settings.hostname
	} else {
		port = 22 // as OpenSSH: an alias is filed without a port
	}
	db, err := readKnownHosts(append(slices.Clone(d.settings.userHosts), d.settings.globalHosts...))
	if err != nil {
		return nil, d.fail(KindConfig, err.Error(), "repair the file or name another one in known_hosts", err)
	}
	v := &verifier{d: d, address: net.JoinHostPort(name, strconv.Itoa(port)), db: db}
	if port != 22 {
		v.bare = net.JoinHostPort(name, "22")
	}
	return v, nil
}

// algorithms are the host key algorithms to ask the server for: those whose keys are on file first, because a server that
// presents another of its keys would look like an impostor. Certificates only count where an authority is on file.
func (v *verifier) algorithms() []string {
	known := v.db.HostKeyAlgorithms(v.address)
	if len(known) == 0 && v.bare != "" {
		known = v.db.HostKeyAlgorithms(v.bare)
	}
	wished := v.d.settings.hostKeyAlgos
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
		if isCert && !slices.Contains(known, algo) && !v.authority() {
			continue
		}
		list = append(list, algo)
	}
	return list
}

// authority reports whether a @cert-authority line covers the host.
func (v *verifier) authority() bool {
	return slices.ContainsFunc(v.db.HostKeys(v.address), func(k knownhosts.PublicKey) bool { return k.Cert })
}

// check is the ssh.HostKeyCallback. There is no way past it. As in OpenSSH a key holds for as long as the connection does:
// db does not know one that was filed after it was read, and whoever was asked is asked once.
func (v *verifier) check(ctx context.Context, remote net.Addr, key ssh.PublicKey) error {
	if v.trusted != nil && bytes.Equal(v.trusted, key.Marshal()) {
		return nil
	}
	if err := v.judge(ctx, remote, key); err != nil {
		return err
	}
	v.trusted = key.Marshal()
	return nil
}

func (v *verifier) judge(ctx context.Context, remote net.Addr, key ssh.PublicKey) error {
	callback := v.db.HostKeyCallback()
	err := callback(v.address, tcpAddress(remote), key)
	if err == nil {
		return nil
	}
	var (
		revoked  *xknownhosts.RevokedError
		mismatch *xknownhosts.KeyError
	)
	switch {
	case errors.As(err, &revoked):
		v.verdict = v.revoked(revoked.Revoked, key)
	case errors.As(err, &mismatch):
		switch want := v.plain(mismatch.Want); {
		case len(want) > 0:
			v.verdict = v.changed(want, key)
		case v.bare != "" && callback(v.bare, tcpAddress(remote), key) == nil: // filed before sshd moved to another port
			return nil
		case v.trusted != nil: // nobody can be asked any more, and nothing is filed unseen
			v.verdict = v.d.fail(KindHostKeyChanged, "the host presents another key in the middle of the connection, "+
				key.Type()+" "+ssh.FingerprintSHA256(key), "find out whether somebody listens in, then run it again", nil)
		default:
			v.verdict = v.unknown(ctx, key)
		}
	default:
		v.verdict = v.d.fail(KindHostKeyUnknown, "the host's certificate is not valid: "+err.Error(),
			"have it signed again by the authority in known_hosts", err)
	}
	if v.verdict == nil {
		return nil
	}
	return v.verdict
}

// tcpAddress stands in for links that have no address of their own, as those through a proxy command.
func tcpAddress(remote net.Addr) net.Addr {
	if _, _, err := net.SplitHostPort(remote.String()); err != nil {
		return &net.TCPAddr{IP: net.IPv4zero}
	}
	return remote
}

// plain drops the keys of authorities: they vouch for certificates and are no keys of the host.
func (v *verifier) plain(want []xknownhosts.KnownKey) []xknownhosts.KnownKey {
	var authorities [][]byte
	for _, known := range v.db.HostKeys(v.address) {
		if known.Cert {
			authorities = append(authorities, known.Marshal())
		}
	}
	return slices.DeleteFunc(slices.Clone(want), func(k xknownhosts.KnownKey) bool {
		return slices.ContainsFunc(authorities, func(a []byte) bool { return bytes.Equal(a, k.Key.Marshal()) })
	})
}

func (v *verifier) revoked(line xknownhosts.KnownKey, key ssh.PublicKey) *DialError {
	return v.d.fail(KindHostKeyRevoked,
		fmt.Sprintf("the host presents the %s key %s, which %s marks as revoked", key.Type(), ssh.FingerprintSHA256(key),
			v.db.place(line)),
		"do not trust this host until its keys were replaced", nil)
}

func (v *verifier) changed(want []xknownhosts.KnownKey, key ssh.PublicKey) *DialError {
	first := want[0]
	for _, known := range want {
		if known.Key.Type() == key.Type() {
			first = known
			break
		}
	}
	failure := v.d.fail(KindHostKeyChanged,
		fmt.Sprintf("the host key has changed: the host presents %s %s, %s has %s %s", key.Type(),
			ssh.FingerprintSHA256(key), v.db.place(first), first.Key.Type(), ssh.FingerprintSHA256(first.Key)),
		fmt.Sprintf("somebody may be listening in: compare the fingerprint with the host's console, and only if it was "+
			"reinstalled remove the old key with ssh-keygen -R '%s'", knownhosts.Normalize(v.address)), nil)
	for _, known := range want {
		failure.Detail = append(failure.Detail, fmt.Sprintf("%s: %s %s", v.db.place(known), known.Key.Type(),
			ssh.FingerprintSHA256(known.Key)))
	}
	return failure
}

// unknown decides about a key that is not on file, and files it when somebody vouches for it.
func (v *verifier) unknown(ctx context.Context, key ssh.PublicKey) *DialError {
	fingerprint := ssh.FingerprintSHA256(key)
	refuse := func(remedy string, err error) *DialError {
		return v.d.fail(KindHostKeyUnknown, fmt.Sprintf("the host is not known yet; its %s key is %s", key.Type(), fingerprint),
			remedy, err)
	}
	accept := v.d.config.AcceptNewHostKey || v.d.settings.strict == "accept-new"
	switch {
	case accept:
	case v.d.settings.strict == "yes" || v.d.settings.strict == "true":
		return refuse("the SSH configuration says StrictHostKeyChecking yes: add the key to known_hosts yourself, or pass "+
			"--accept-new-host-key", nil)
	default:
		answer, err := v.d.ask(ctx, v.question(key, fingerprint))
		if err != nil {
			return refuse("compare it with the host's console and pass --accept-new-host-key", err)
		}
		if answer.Choice != provision.AnswerYes {
			return refuse("it was not accepted", nil)
		}
	}
	if err := v.file(key); err != nil {
		return refuse("its key cannot be written to known_hosts: "+err.Error(), err)
	}
	return nil
}

func (v *verifier) question(key ssh.PublicKey, fingerprint string) provision.Decision {
	words := v.d.config.Words
	return provision.Decision{
		Kind:     provision.DecideHostKey,
		Host:     v.d.config.Name,
		Question: words.T("remote.host-key.question", v.address),
		Detail:   words.T("remote.host-key.detail", key.Type(), fingerprint),
		Options: []provision.Option{
			{ID: provision.AnswerYes, Label: words.T("remote.host-key.yes")},
			{ID: provision.AnswerNo, Label: words.T("remote.host-key.no")},
		},
		Remedy: words.T("remote.host-key.remedy"),
	}
}

// file appends the key to the user's first known_hosts file, under the name and port that were dialled.
func (v *verifier) file(key ssh.PublicKey) error {
	if len(v.d.settings.userHosts) == 0 {
		return errors.New("the SSH configuration names no UserKnownHostsFile")
	}
	name := knownhosts.Normalize(v.address)
	if v.d.settings.hashKnownHosts {
		name = xknownhosts.HashHostname(name)
	}
	line := name + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + "\n"
	return appendLine(v.d.settings.userHosts[0], line)
}

func appendLine(path, line string) (err error) {
	if err := os.MkdirAll(parent(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = f.WriteString(line)
	return err
}
