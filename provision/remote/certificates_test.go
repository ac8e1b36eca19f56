//go:build host

package remote_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// serveKey is a server that presents host keys, lets everybody in and answers every command with success.
func serveKey(t *testing.T, keys ...ssh.Signer) (port int) {
	t.Helper()
	config := &ssh.ServerConfig{NoClientAuth: true}
	for _, key := range keys {
		config.AddHostKey(key)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			login, channels, requests, err := ssh.NewServerConn(conn, config)
			if err != nil {
				_ = conn.Close()
				continue
			}
			go ssh.DiscardRequests(requests)
			for open := range channels {
				channel, requests, err := open.Accept()
				if err != nil {
					continue
				}
				go func() {
					for r := range requests {
						_ = r.Reply(true, nil)
						if r.Type == "exec" {
							_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{}))
							_ = channel.Close()
						}
					}
				}()
			}
			_ = login.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	return listener.Addr().(*net.TCPAddr).Port
}

// Of every kind of host certificate the program's verdict is OpenSSH's, and its sentence names what is wrong.
func TestHostCertificatesLikeOpenSSH(t *testing.T) {
	l := like{t, t.TempDir()}
	for _, name := range []string{"ca", "other-ca", "rsa-ca", "host"} {
		kind := "ed25519"
		if name == "rsa-ca" {
			kind = "rsa"
		}
		l.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", filepath.Join(l.dir, name))
	}
	line := func(name string) string {
		return strings.Join(strings.Fields(read(t, filepath.Join(l.dir, name)+".pub"))[:2], " ")
	}
	ca, other, host := line("ca"), line("other-ca"), line("host")
	for n, c := range []struct {
		name   string
		sign   []string // arguments of ssh-keygen beside the authority and the key
		ca     string
		known  string // $P is the port
		expect string // the code of our refusal; "": both accept
	}{
		{name: "valid", known: "@cert-authority * " + ca},
		{name: "valid, nothing on file", sign: []string{"-n", "127.0.0.1"}, known: "", expect: "connect.host-key-unknown"},
		{name: "for this name", sign: []string{"-n", "web,127.0.0.1"}, known: "@cert-authority * " + ca},
		{name: "for another name", sign: []string{"-n", "web.example"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-name"},
		{name: "for another name, the key on file", sign: []string{"-n", "web.example"}, known: "@cert-authority * " + ca + "\n[127.0.0.1]:$P " + host},
		{name: "wildcard principal", sign: []string{"-n", "127.*"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-name"},
		{name: "expired", sign: []string{"-V", "20200101:20200102"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-expired"},
		{name: "not yet valid", sign: []string{"-V", "20990101:20990102"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-early"},
		{name: "expired, the key on file", sign: []string{"-V", "20200101:20200102"}, known: "@cert-authority * " + ca + "\n[127.0.0.1]:$P " + host},
		{name: "of an unknown authority", ca: "other-ca", known: "@cert-authority * " + ca, expect: "hostkey.certificate-authority"},
		{name: "of an authority for others", known: "@cert-authority *.example " + ca, expect: "connect.host-key-unknown"},
		{name: "of an authority for this port", known: "@cert-authority [127.0.0.1]:$P " + ca},
		{name: "of an authority for a pattern with the port", known: "@cert-authority [127.*]:$P " + ca},
		{name: "of an authority for another port", known: "@cert-authority [127.0.0.1]:1 " + ca, expect: "connect.host-key-unknown"},
		{name: "of an authority for the name alone", known: "@cert-authority 127.0.0.1 " + ca},
		{name: "of an authority with an exception", known: "@cert-authority *,!127.0.0.1,![127.0.0.1]:$P " + ca, expect: "connect.host-key-unknown"},
		{name: "revoked authority", known: "@cert-authority * " + ca + "\n@revoked * " + ca, expect: "hostkey.revoked-authority"},
		{name: "revoked authority, the key on file", known: "[127.0.0.1]:$P " + host + "\n@cert-authority * " + ca + "\n@revoked * " + ca, expect: "hostkey.revoked-authority"},
		{name: "authority revoked for others", known: "@cert-authority * " + ca + "\n@revoked elsewhere " + ca},
		{name: "revoked key", known: "@cert-authority * " + ca + "\n@revoked * " + host, expect: "hostkey.revoked"},
		{name: "another authority revoked", known: "@cert-authority * " + ca + "\n@revoked * " + other},
		{name: "critical option", sign: []string{"-O", "critical:force@example=x"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-option"},
		{name: "user certificate", sign: []string{"user"}, known: "@cert-authority * " + ca, expect: "hostkey.certificate-user"},
		{name: "signed by RSA", ca: "rsa-ca", known: "@cert-authority * " + line("rsa-ca")},
		{name: "signed with SHA-1", ca: "rsa-ca", sign: []string{"-t", "ssh-rsa"}, known: "@cert-authority * " + line("rsa-ca"), expect: "hostkey.certificate-sha1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := like{t, l.dir}
			key := l.file(fmt.Sprintf("key-%d", n), read(t, l.dir+"/host"))
			check(t, os.WriteFile(key+".pub", []byte(read(t, l.dir+"/host.pub")), 0o600))
			if c.ca == "" {
				c.ca = "ca"
			}
			kind := []string{"-h"}
			if len(c.sign) == 1 { // a user's
				kind, c.sign = nil, nil
			}
			l.run("ssh-keygen", append(append(append([]string{"-q", "-s", filepath.Join(l.dir, c.ca), "-I", "it"}, kind...), c.sign...), key+".pub")...)
			signer, err := ssh.ParsePrivateKey([]byte(read(t, key)))
			check(t, err)
			public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(read(t, key+"-cert.pub")))
			check(t, err)
			certified, err := ssh.NewCertSigner(public.(*ssh.Certificate), signer)
			check(t, err)
			port := fmt.Sprint(serveKey(t, certified, signer))
			known := l.file(fmt.Sprintf("known-%d", n), strings.ReplaceAll(c.known, "$P", port)+"\n")
			config := l.file(fmt.Sprintf("config-%d", n), "Host site\nHostName 127.0.0.1\nPort "+port+"\nUser root\nStrictHostKeyChecking yes\n"+
				"UserKnownHostsFile "+known+"\nGlobalKnownHostsFile none\n")
			want := l.openSSH(config, "site")
			client, got := remote.Dial(t.Context(), remote.Config{Address: "site", SSHConfig: config})
			if got == nil {
				check(t, client.Close())
			}
			if (want == nil) != (got == nil) || provision.CodeOf(got) != c.expect {
				t.Errorf("ssh says %v, the program %v: %s; want %s", want, got, words(got), c.expect)
			}
		})
	}
}

// What a certificate of the user's own is refused for is told, and where the server takes one, the program gets in.
func TestUserCertificatesLikeOpenSSH(t *testing.T) {
	l := like{t, t.TempDir()}
	for _, name := range []string{"ca", "other-ca", "user", "revoked"} {
		l.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(l.dir, name))
	}
	d := newDaemon(t, "TrustedUserCAKeys "+l.dir+"/ca.pub", "RevokedKeys "+l.dir+"/revoked.pub")
	known := l.file("known", d.knownLine()+"\n")
	for n, c := range []struct {
		name, ca, key string
		sign          []string
		code, remedy  string // of our refusal, and what is at the end of its sentence
	}{
		{name: "valid", sign: []string{"-n", "root"}},
		{name: "for several", sign: []string{"-n", "kevin,root"}},
		{name: "a command of its own", sign: []string{"-n", "root", "-O", "force-command=true"}},
		{name: "from here", sign: []string{"-n", "root", "-O", "source-address=127.0.0.0/8"}},
		{name: "from elsewhere", sign: []string{"-n", "root", "-O", "source-address=192.0.2.0/24"}, code: "connect.key-certificate", remedy: "192.0.2.0/24"},
		{name: "expired", sign: []string{"-n", "root", "-V", "20200101:20200102"}, code: "connect.key-certificate", remedy: "was valid until 2020-01-02"},
		{name: "not yet valid", sign: []string{"-n", "root", "-V", "20990101:20990102"}, code: "connect.key-certificate", remedy: "not valid before 2099-01-01"},
		{name: "for another user", sign: []string{"-n", "kevin"}, code: "connect.key-certificate", remedy: "is for kevin, not for root"},
		{name: "for nobody", code: "connect.key-certificate", remedy: "names no user"},
		{name: "a wildcard", sign: []string{"-n", "*"}, code: "connect.key-certificate", remedy: "is for *, not for root"},
		{name: "of a host", sign: []string{"-h", "-n", "root"}, code: "connect.key-certificate", remedy: "is a host certificate"},
		{name: "of another authority", ca: "other-ca", sign: []string{"-n", "root"}, code: "connect.auth-refused", remedy: "TrustedUserCAKeys"},
		{name: "revoked", key: "revoked", sign: []string{"-n", "root"}, code: "connect.auth-refused", remedy: "TrustedUserCAKeys"},
		{name: "an option that nobody knows", sign: []string{"-n", "root", "-O", "critical:strange@example=x"}, code: "connect.key-certificate", remedy: "strange@example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := like{t, l.dir}
			if c.ca == "" {
				c.ca = "ca"
			}
			if c.key == "" {
				c.key = "user"
			}
			key := l.file(fmt.Sprintf("key-%d", n), read(t, filepath.Join(l.dir, c.key)))
			check(t, os.WriteFile(key+".pub", []byte(read(t, filepath.Join(l.dir, c.key)+".pub")), 0o600))
			l.run("ssh-keygen", append(append([]string{"-q", "-s", filepath.Join(l.dir, c.ca), "-I", "me"}, c.sign...), key+".pub")...)
			config := l.file(fmt.Sprintf("config-%d", n), fmt.Sprintf("Host site\nHostName 127.0.0.1\nPort %d\nUser root\nIdentitiesOnly yes\nIdentityFile %s\n"+
				"UserKnownHostsFile %s\nGlobalKnownHostsFile none\n", d.port, key, known))
			want := l.openSSH(config, "site")
			client, got := remote.Dial(t.Context(), remote.Config{Address: "site", SSHConfig: config})
			if got == nil {
				check(t, client.Close())
			}
			if (want == nil) != (got == nil) || provision.CodeOf(got) != c.code || !strings.Contains(words(got), c.remedy) {
				t.Errorf("ssh says %v, the program %s: %s; want %s", want, provision.CodeOf(got), words(got), c.code)
			}
		})
	}
}
