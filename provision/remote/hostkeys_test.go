//go:build host

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
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
)

// wantFailure checks that err is a DialError with that code which ends the program as an unreachable host does, and that its
// sentence has all parts.
func wantFailure(t *testing.T, err error, code string, parts ...string) {
	t.Helper()
	if !errors.As(err, new(*remote.DialError)) || provision.CodeOf(err) != code {
		t.Fatalf("got %v, not %s", err, code)
	}
	if status := provision.ExitCode(err); status != provision.ExitUnreachable {
		t.Errorf("exit status %d", status)
	}
	text := words(err)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
	if strings.Contains(text, "\n") || strings.Contains(text, "%!") {
		t.Errorf("%q is not a sentence", text)
	}
}

// words is an error as a person reads it.
func words(err error) string { return language.New(language.English).Error(err) }

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
		wantFailure(t, err, "connect.host-key-unknown", fingerprint, "--accept-new-host-key")
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
		wantFailure(t, err, "connect.host-key-declined", fingerprint)
	})
	t.Run("changed", func(t *testing.T) {
		p := &person{}
		dials := 0
		_, err := s.try(hostsFile(t, "# comment", name+" "+other), asking(p), countDials(&dials),
			func(c *remote.Config) { c.AcceptNewHostKey = true })
		otherKey, _, _, _, parseErr := ssh.ParseAuthorizedKey([]byte(other))
		check(t, parseErr)
		wantFailure(t, err, "connect.host-key-changed", fingerprint, ssh.FingerprintSHA256(otherKey), "known_hosts:2", "ssh-keygen -R")
		if len(p.asked) != 0 || dials != 1 {
			t.Errorf("%d questions, %d connections", len(p.asked), dials)
		}
	})
	t.Run("hashed", func(t *testing.T) {
		s.dial(hostsFile(t, knownhosts.HashHostname(name)+" "+key))
		_, err := s.try(hostsFile(t, knownhosts.HashHostname(name)+" "+other))
		wantFailure(t, err, "connect.host-key-changed")
	})
	t.Run("revoked", func(t *testing.T) {
		_, err := s.try(hostsFile(t, s.knownLine(), "@revoked * "+key))
		wantFailure(t, err, "hostkey.revoked", "known_hosts:2", fingerprint)
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
		wantFailure(t, err, "connect.host-key-unknown", fingerprint)
		_, err = s.try(hostsFile(t, machine.Address+" "+key, name+" "+other))
		wantFailure(t, err, "connect.host-key-changed")
	})
	t.Run("alias", func(t *testing.T) {
		s.dial(hostsFile(t, "myhost "+key), sshConfig(t, "HostKeyAlias myhost"))
	})
	t.Run("strict", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideHostKey: {provision.AnswerYes}}}
		_, err := s.try(hostsFile(t), sshConfig(t, "StrictHostKeyChecking yes"), asking(p))
		wantFailure(t, err, "connect.host-key-unknown", "StrictHostKeyChecking")
		s.dial(hostsFile(t), sshConfig(t, "StrictHostKeyChecking accept-new"))
		s.dial(hostsFile(t), sshConfig(t, "StrictHostKeyChecking no"))
		_, err = s.try(hostsFile(t, name+" "+other), sshConfig(t, "StrictHostKeyChecking no")) // where ssh merely warns
		wantFailure(t, err, "connect.host-key-changed")
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
		wantFailure(t, err, "connect.host-key-unknown")
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
