package remote_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// wantKind checks that err is a DialError of that kind which ends the program as an unreachable host does, and that its
// sentence has all parts.
func wantKind(t *testing.T, err error, kind remote.Kind, parts ...string) {
	t.Helper()
	var failure *remote.DialError
	if !errors.As(err, &failure) || failure.Kind != kind {
		t.Fatalf("got %v, not the kind %s", err, kind)
	}
	if code := provision.ExitCode(err); code != provision.ExitUnreachable {
		t.Errorf("exit status %d", code)
	}
	text := err.Error() + "\n" + strings.Join(failure.Detail, "\n")
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is more than a line", err)
	}
}

func hostsFile(t *testing.T, lines ...string) func(*remote.Config) {
	path := filepath.Join(t.TempDir(), "known_hosts")
	check(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return func(c *remote.Config) { c.KnownHosts = path }
}

func TestHostKeys(t *testing.T) {
	s := newServer(t)
	fingerprint := ssh.FingerprintSHA256(s.hostKey)
	name := fmt.Sprintf("[%s]:%d", machine.Address, s.port)
	key := strings.SplitN(s.knownLine(), " ", 2)[1]
	other := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(newKey(t, filepath.Join(t.TempDir(), "other")))))
	t.Run("unknown, nobody there", func(t *testing.T) {
		_, err := s.try(hostsFile(t))
		wantKind(t, err, remote.KindHostKeyUnknown, fingerprint, "--accept-new-host-key")
	})
	t.Run("unknown, accepted by flag", func(t *testing.T) {
		file := hostsFile(t, "elsewhere "+other) // no newline at its end
		s.dial(file, func(c *remote.Config) { c.AcceptNewHostKey = true })
		s.dial(file)
		var c remote.Config
		file(&c)
		text, err := os.ReadFile(c.KnownHosts)
		check(t, err)
		if want := "elsewhere " + other + "\n" + s.knownLine() + "\n"; string(text) != want {
			t.Errorf("got %q, want %q", text, want)
		}
	})
	t.Run("unknown, asked", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideHostKey: {provision.AnswerYes}}}
		file := hostsFile(t)
		s.dial(file, asking(p))
		s.dial(file, asking(p))
		if len(p.asked) != 1 || !strings.Contains(p.asked[0].Detail, fingerprint) {
			t.Errorf("asked %+v", p.asked)
		}
	})
	t.Run("unknown, declined", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideHostKey: {provision.AnswerNo}}}
		_, err := s.try(hostsFile(t), asking(p))
		wantKind(t, err, remote.KindHostKeyUnknown, fingerprint)
	})
	t.Run("changed", func(t *testing.T) {
		p := &person{}
		dials := 0
		_, err := s.try(hostsFile(t, "# comment", name+" "+other), asking(p), countDials(&dials),
			func(c *remote.Config) { c.AcceptNewHostKey = true })
		otherKey, _, _, _, parseErr := ssh.ParseAuthorizedKey([]byte(other))
		check(t, parseErr)
		wantKind(t, err, remote.KindHostKeyChanged, fingerprint, ssh.FingerprintSHA256(otherKey), "known_hosts:2", "ssh-keygen -R")
		if len(p.asked) != 0 || dials != 1 {
			t.Errorf("%d questions, %d connections", len(p.asked), dials)
		}
	})
	t.Run("hashed", func(t *testing.T) {
		s.dial(hostsFile(t, knownhosts.HashHostname(name)+" "+key))
		_, err := s.try(hostsFile(t, knownhosts.HashHostname(name)+" "+other))
		wantKind(t, err, remote.KindHostKeyChanged)
	})
	t.Run("revoked", func(t *testing.T) {
		_, err := s.try(hostsFile(t, s.knownLine(), "@revoked * "+key))
		wantKind(t, err, remote.KindHostKeyRevoked, "known_hosts:2", fingerprint)
	})
	t.Run("lines that nobody understands", func(t *testing.T) {
		s.dial(hostsFile(t, "host ssh-future AAAAC3Nonsense", "@strange x", "|1|broken ssh-ed25519 AAAA", "", s.knownLine()))
	})
	t.Run("several files", func(t *testing.T) {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, "global"), []byte(s.knownLine()+"\n"), 0o600))
		s.dial(sshConfig(t, "UserKnownHostsFile "+dir+"/none "+dir+"/empty", "GlobalKnownHostsFile "+dir+"/global"),
			func(c *remote.Config) { c.KnownHosts = "" })
	})
	t.Run("filed without its port", func(t *testing.T) {
		s.dial(hostsFile(t, machine.Address+" "+key))
		_, err := s.try(hostsFile(t, machine.Address+" "+other))
		wantKind(t, err, remote.KindHostKeyUnknown, fingerprint)
		_, err = s.try(hostsFile(t, machine.Address+" "+key, name+" "+other))
		wantKind(t, err, remote.KindHostKeyChanged)
	})
	t.Run("alias", func(t *testing.T) {
		s.dial(hostsFile(t, "myhost "+key), sshConfig(t, "HostKeyAlias myhost"))
	})
	t.Run("strict", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideHostKey: {provision.AnswerYes}}}
		_, err := s.try(hostsFile(t), sshConfig(t, "StrictHostKeyChecking yes"), asking(p))
		wantKind(t, err, remote.KindHostKeyUnknown, "StrictHostKeyChecking")
		s.dial(hostsFile(t), sshConfig(t, "StrictHostKeyChecking accept-new"))
		_, err = s.try(hostsFile(t), sshConfig(t, "StrictHostKeyChecking no"))
		wantKind(t, err, remote.KindHostKeyUnknown)
	})
}

// A server that renews the session keys presents its host key again each time. It was accepted once, and that is enough.
func TestHostKeyAfterRekeying(t *testing.T) {
	s := newServer(t, "RekeyLimit 64K")
	much := func(t *testing.T, c *remote.Client) {
		t.Helper()
		if got := script(t, c, "head -c 400000 /dev/zero"); len(got) != 400_000 {
			t.Errorf("%d bytes", len(got))
		}
	}
	t.Run("accepted by flag", func(t *testing.T) {
		var c remote.Config
		file := hostsFile(t)
		file(&c)
		much(t, s.dial(file, func(c *remote.Config) { c.AcceptNewHostKey = true }))
		text, err := os.ReadFile(c.KnownHosts)
		check(t, err)
		if want := s.knownLine() + "\n"; string(text) != want {
			t.Errorf("got %q, want %q", text, want)
		}
	})
	t.Run("accepted by a person", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideHostKey: {provision.AnswerYes}}}
		much(t, s.dial(hostsFile(t), asking(p)))
		if n := p.times(provision.DecideHostKey); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// A host with several keys presents the one that is on file.
func TestHostKeyOfTheTypeOnFile(t *testing.T) {
	s := newServer(t)
	s.stop()
	s.run("cd " + s.folder + "; ssh-keygen -q -t ecdsa -N '' -f ecdsa; ssh-keygen -q -t rsa -N '' -f rsa")
	s.start("HostKey "+s.folder+"/rsa", "HostKey "+s.folder+"/ecdsa")
	for _, kind := range []string{"ecdsa", "rsa"} {
		public := strings.Fields(s.run("cat " + s.folder + "/" + kind + ".pub"))
		s.dial(hostsFile(t, fmt.Sprintf("[%s]:%d %s %s", machine.Address, s.port, public[0], public[1])))
	}
	s.dial()
}

func TestHostCertificate(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	authority := signerOf(t, filepath.Join(dir, "ca"))
	cert := &ssh.Certificate{Key: s.hostKey, CertType: ssh.HostCert, ValidPrincipals: []string{machine.Address}, ValidBefore: ssh.CertTimeInfinity}
	check(t, cert.SignCert(rand.Reader, authority))
	s.stop()
	s.run("cat >" + s.folder + "/host-cert.pub <<'EOF'\n" + string(ssh.MarshalAuthorizedKey(cert)) + "EOF\n")
	s.start("HostCertificate " + s.folder + "/host-cert.pub")
	ca := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(authority.PublicKey())))
	t.Run("trusted", func(t *testing.T) {
		s.dial(hostsFile(t, fmt.Sprintf("@cert-authority [127.0.*]:%d %s", s.port, ca)))
	})
	t.Run("plain key on file", func(t *testing.T) { s.dial() })
	t.Run("authority of another host", func(t *testing.T) {
		_, err := s.try(hostsFile(t, "@cert-authority *.example.org "+ca))
		wantKind(t, err, remote.KindHostKeyUnknown)
	})
	t.Run("authority revoked", func(t *testing.T) {
		_, err := s.try(hostsFile(t, "@cert-authority * "+ca, "@revoked * "+ca))
		if err == nil {
			t.Error("a certificate of a revoked authority was taken")
		}
	})
}

// signerOf makes a key and returns it ready to sign.
func signerOf(t *testing.T, path string) ssh.Signer {
	t.Helper()
	newKey(t, path)
	text, err := os.ReadFile(path)
	check(t, err)
	signer, err := ssh.ParsePrivateKey(text)
	check(t, err)
	return signer
}
