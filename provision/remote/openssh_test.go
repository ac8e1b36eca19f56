//go:build host

package remote_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kehuo/provision/provision/remote"
)

// like is a place where OpenSSH and the program read the same SSH configuration.
type like struct {
	*testing.T
	dir string
}

// file writes a file that others cannot read.
func (l like) file(name, text string) string {
	l.Helper()
	path := filepath.Join(l.dir, name)
	check(l.T, os.MkdirAll(filepath.Dir(path), 0o700))
	check(l.T, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run runs a command here.
func (l like) run(name string, args ...string) string {
	l.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		l.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// openSSH is what the real ssh says to a login that asks nothing: nil where it works.
func (l like) openSSH(config, name string, more ...string) error {
	cmd := exec.Command("ssh", append(append([]string{"-F", config, "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"}, more...), name, "true")...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return nil
}

// program is the same for the program.
func (l like) program(config, name string) error {
	client, err := dial(l.T, remote.Config{Name: "site", Address: name, SSHConfig: config})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return client.Run(l.Context(), remote.Command{Argv: []string{"true"}})
}

func pemOf(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// Wherever ssh logs in, the program does too. Where it refuses what ssh refuses is not asked here: the program reads keys that ssh
// does not, such as one with the line ends of Windows.
func TestLikeOpenSSH(t *testing.T) {
	l := like{t, t.TempDir()}
	l.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", l.dir+"/ca")
	l.run("ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", l.dir+"/host-rsa")
	s, jump := newDaemon(t, "TrustedUserCAKeys "+l.dir+"/ca.pub"), newDaemon(t)
	old := newDaemon(t, "HostKey "+l.dir+"/host-rsa", "HostKeyAlgorithms ssh-rsa", "PubkeyAcceptedAlgorithms ssh-rsa",
		"KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1")

	keyText := read(t, s.key)
	hostKey := strings.SplitN(s.knownLine(), " ", 2)[1]
	address, port := "127.0.0.1", fmt.Sprint(s.port)
	bracketed := fmt.Sprintf("[%s]:%s", address, port)
	stranger := l.dir + "/stranger"
	newKey(t, stranger)
	strangeKey := strings.TrimSpace(read(t, stranger+".pub"))
	known := l.file("known", s.knownLine()+"\n")
	spaced := l.file("two files/known hosts", s.knownLine()+"\n")
	spacedKey := l.file("two files/id key", keyText)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	for _, key := range []any{rsaKey.Public(), ecKey.Public(), edKey.Public()} {
		public, err := ssh.NewPublicKey(key)
		check(t, err)
		s.admit(t, public, "")
		old.admit(t, public, "")
	}
	ecSEC1, ecErr := x509.MarshalECPrivateKey(ecKey)
	ecPKCS8, ec8Err := x509.MarshalPKCS8PrivateKey(ecKey)
	rsaPKCS8, rsa8Err := x509.MarshalPKCS8PrivateKey(rsaKey)
	rsaPEM := l.file("rsa", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil))
	certified := l.file("certified", read(t, stranger))
	check(t, os.WriteFile(certified+".pub", []byte(read(t, stranger+".pub")), 0o600))
	l.run("ssh-keygen", "-q", "-s", l.dir+"/ca", "-I", "me", "-n", "root", certified+".pub")
	mode := func(path string, mode os.FileMode) string {
		check(t, os.Chmod(path, mode))
		return path
	}
	t.Setenv("PLACE", l.dir)

	base := "HostName " + address + "\nPort " + port + "\nUser root\n"
	host := "Host site\n" + base
	id, trust := "IdentityFile "+s.key+"\n", "UserKnownHostsFile "+known+"\n"
	hop := "Host hop\nHostName " + address + "\nPort " + fmt.Sprint(jump.port) + "\nUser root\nIdentityFile " + jump.key +
		"\nUserKnownHostsFile " + l.file("known-hop", jump.knownLine()+"\n") + "\n"
	oldHost := "Host site\nHostName " + address + "\nPort " + fmt.Sprint(old.port) + "\nUser root\nStrictHostKeyChecking accept-new\nUserKnownHostsFile " + l.dir + "/new-old\n"
	for _, c := range []struct {
		name, config string
		to           string // "": site
		refused      bool   // ssh refuses, and so must the program
	}{
		{name: "plain", config: host + id + trust},
		{name: "equal signs and tabs", config: "host=site\n\thostname=" + address + "\n\tPort = " + port + "\n\tUSER=root\n" + id + trust},
		{name: "quoted host", config: "Host \"site\" other\n" + base + id + trust},
		{name: "negated host", config: "Host * !site\nUser nobody\n" + host + id + trust},
		{name: "pattern", config: "Host s?t*\n" + base + id + trust},
		{name: "the address itself", config: "Host 127.*\nPort " + port + "\nUser root\n" + id + trust, to: address},
		{name: "comments", config: "# a comment\n" + host + "User kevin # it is me\n" + id + trust},
		{name: "line ends of Windows", config: strings.ReplaceAll(host+id+trust, "\n", "\r\n")},
		{name: "Match host", config: "Match host site\n" + base + id + trust},
		{name: "Match originalhost and exec", config: "Match originalhost site exec \"test 1 = 1\"\n" + base + id + trust},
		{name: "Match final", config: host + trust + "Match final host " + address + "\n" + id},
		{name: "Match of the local user", config: "Match localuser root\n" + base + id + trust},
		{name: "Match user", config: host + trust + "Match user root\n" + id},
		{name: "Include", config: "Include " + l.file("more/config", host) + "\nHost *\n" + id + trust},
		{name: "Include with a blank", config: "Include \"" + l.file("two files/config", host) + "\"\nHost *\n" + id + trust},
		{name: "Include of several", config: host + "Include " + l.file("inc/a", id) + " " + l.dir + "/inc/b*\n" + trust},
		{name: "IdentitiesOnly", config: host + id + trust + "IdentitiesOnly yes\n"},
		{name: "IdentityAgent none", config: host + id + trust + "IdentityAgent none\n"},
		{name: "several keys", config: host + "IdentityFile /none/such\nIdentityFile " + stranger + "\n" + id + trust},
		{name: "a key with a blank", config: host + "IdentityFile \"" + spacedKey + "\"\n" + trust},
		{name: "tokens", config: host + "IdentityFile " + l.file("k-root-"+address+"-"+port+"-site-%", keyText)[:len(l.dir)] + "/k-%r-%h-%p-%n-%%\n" + trust},
		{name: "an environment variable", config: host + "IdentityFile ${PLACE}/certified\n" + id + trust},
		{name: "a certificate beside its key", config: host + "IdentityFile " + certified + "\n" + trust},
		{name: "CertificateFile", config: host + "IdentityFile " + l.file("bare", read(t, stranger)) + "\nCertificateFile " + certified + "-cert.pub\n" + trust},
		{name: "no key that is known", config: host + "IdentitiesOnly yes\nIdentityFile " + l.file("bare", read(t, stranger)) + "\n" + trust, refused: true},
		{name: "ProxyJump", config: host + id + trust + "ProxyJump hop\n" + hop},
		{name: "ProxyJump by address", config: host + id + "ProxyJump root@" + address + ":" + fmt.Sprint(jump.port) + "\nHost *\nIdentityFile " + jump.key +
			"\nUserKnownHostsFile " + l.file("known-both", jump.knownLine()+"\n"+s.knownLine()+"\n") + "\n"},
		{name: "ProxyCommand", config: host + id + trust + "ProxyCommand ssh -F " + l.file("config-hop", hop) + " -W %h:%p hop\n"},
		{name: "ProxyJump none", config: host + id + trust + "ProxyJump none\nHost *\nProxyJump nowhere\n"},
		{name: "HostKeyAlias", config: host + id + "HostKeyAlias mine\nUserKnownHostsFile " + l.file("known-alias", "mine "+hostKey+"\n") + "\n"},
		{name: "HostKeyAlgorithms", config: host + id + trust + "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512\n"},
		{name: "HostKeyAlgorithms by pattern", config: host + id + trust + "HostKeyAlgorithms -ecdsa*,*rsa*\n"},
		{name: "known_hosts with a blank", config: host + id + "UserKnownHostsFile \"" + spaced + "\"\n"},
		{name: "several known_hosts", config: host + id + "UserKnownHostsFile=" + l.dir + "/none \"" + spaced + "\" /none/either\n"},
		{name: "several with blanks, none there but the last", config: host + id + "UserKnownHostsFile \"" + l.dir + "/no such file\" \"" + spaced + "\"\n"},
		{name: "GlobalKnownHostsFile", config: host + id + "UserKnownHostsFile none\nGlobalKnownHostsFile \"" + spaced + "\"\n"},
		{name: "tokens in known_hosts", config: host + id + "UserKnownHostsFile " + l.file("known-site", s.knownLine()+"\n")[:len(l.dir)] + "/known-%n\n"},
		{name: "hashed", config: host + id + "UserKnownHostsFile " + l.file("known-hashed", knownhosts.HashHostname(bracketed)+" "+hostKey+"\n") + "\n"},
		{name: "wildcards", config: host + id + "UserKnownHostsFile " + l.file("known-wild", "[127.*]:"+port+" "+hostKey+"\n") + "\n"},
		{name: "everything", config: host + id + "UserKnownHostsFile " + l.file("known-all", "* "+hostKey+"\n") + "\n"},
		{name: "negated", config: host + id + "UserKnownHostsFile " + l.file("known-not", "*,!"+address+",!"+bracketed+" "+hostKey+"\n") + "\n", refused: true},
		{name: "without the port", config: host + id + "UserKnownHostsFile " + l.file("known-bare", address+" "+hostKey+"\n") + "\n"},
		{name: "rubbish", config: host + id + "UserKnownHostsFile " + l.file("known-odd", "\ufeff\n@strange x y\n"+bracketed+" ssh-future AAAA\n|1|x ssh-ed25519 A\r\n"+s.knownLine()+" a comment\r\n") + "\n"},
		{name: "another's key", config: host + id + "UserKnownHostsFile " + l.file("known-other", bracketed+" "+strangeKey+"\n") + "\n", refused: true},
		{name: "one of several keys", config: host + id + "UserKnownHostsFile " + l.file("known-many", bracketed+" "+strangeKey+"\n"+s.knownLine()+"\n") + "\n"},
		{name: "revoked", config: host + id + "UserKnownHostsFile " + l.file("known-revoked", s.knownLine()+"\n@revoked * "+hostKey+"\n") + "\n", refused: true},
		{name: "revoked for another host", config: host + id + "UserKnownHostsFile " + l.file("known-revoked-other", s.knownLine()+"\n@revoked elsewhere "+hostKey+"\n") + "\n"},
		{name: "StrictHostKeyChecking accept-new", config: host + id + "StrictHostKeyChecking accept-new\nUserKnownHostsFile " + l.dir + "/new-a\n"},
		{name: "StrictHostKeyChecking no", config: host + id + "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n"},
		{name: "StrictHostKeyChecking yes", config: host + id + "StrictHostKeyChecking yes\nUserKnownHostsFile " + l.dir + "/new-c\n", refused: true},
		{name: "RSA by PKCS#1", config: host + "IdentityFile " + rsaPEM + "\n" + trust},
		{name: "RSA by PKCS#8", config: host + "IdentityFile " + l.file("rsa8", pemOf("PRIVATE KEY", rsaPKCS8, rsa8Err)) + "\n" + trust},
		{name: "ECDSA by SEC 1", config: host + "IdentityFile " + l.file("ec1", pemOf("EC PRIVATE KEY", ecSEC1, ecErr)) + "\n" + trust},
		{name: "ECDSA behind its parameters", config: host + "IdentityFile " + l.file("ec2", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"+pemOf("EC PRIVATE KEY", ecSEC1, ecErr)) + "\n" + trust},
		{name: "ECDSA by PKCS#8", config: host + "IdentityFile " + l.file("ec8", "Bag Attributes\n    friendlyName: me\n"+pemOf("PRIVATE KEY", ecPKCS8, ec8Err)) + "\n" + trust},
		{name: "a key that only its owner may read", config: host + "IdentityFile " + mode(l.file("ro", keyText), 0o400) + "\n" + trust},
		{name: "a key that all may read", config: host + "IdentitiesOnly yes\nIdentityFile " + mode(l.file("open", keyText), 0o644) + "\n" + trust, refused: true},
		{name: "an open key before a good one", config: host + "IdentityFile " + mode(l.file("open", keyText), 0o644) + "\n" + id + trust},
		{name: "PreferredAuthentications", config: host + id + trust + "PreferredAuthentications publickey\n"},
		{name: "PubkeyAuthentication no", config: host + id + trust + "PubkeyAuthentication no\n", refused: true},
		{name: "AddressFamily", config: host + id + trust + "AddressFamily inet\n"},
		{name: "ciphers of one's own", config: host + id + trust + "Ciphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms ecdh-sha2-nistp256\n"},
		{name: "an old server", config: oldHost + "IdentityFile " + rsaPEM + "\nHostKeyAlgorithms +ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa\n" +
			"KexAlgorithms +diffie-hellman-group14-sha1\nCiphers +aes128-cbc\n"},
		{name: "an old server, nothing said", config: oldHost + "IdentityFile " + rsaPEM + "\n", refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := c.to
			if to == "" {
				to = "site"
			}
			l := like{t, l.dir}
			config := l.file("config", c.config)
			want := l.openSSH(config, to)
			if (want != nil) != c.refused {
				t.Fatalf("ssh: %v", want)
			}
			if got := l.program(config, to); (got != nil) != c.refused {
				t.Errorf("ssh says %v, the program %s", want, words(got))
			}
		})
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	return string(text)
}

// The program is run by accounts of all sorts: ~ may lead elsewhere than $HOME, and a container may know neither a name nor a home.
func TestLikeOpenSSHForAnyAccount(t *testing.T) {
	s := newDaemon(t)
	l := like{t, openFolder(t)}
	home, elsewhere := l.dir+"/home", l.dir+"/elsewhere"
	check(t, os.MkdirAll(elsewhere, 0o700))
	l.file("home/.ssh/id_ed25519", read(t, s.key))
	l.file("home/.ssh/known_hosts", s.knownLine()+"\n")
	l.file("home/.ssh/config", fmt.Sprintf("Host site\nHostName %s\nPort %d\nUser root\nIdentityFile ~/.ssh/id_ed25519\n", "127.0.0.1", s.port))
	program := l.dir + "/login"
	binary, err := os.Executable()
	check(t, err)
	l.run("cp", binary, program)
	direct := fmt.Sprintf("Host site\nHostName %s\nPort %d\nUser root\nIdentitiesOnly yes\nUserKnownHostsFile %s\n", "127.0.0.1", s.port, l.file("known", s.knownLine()+"\n"))
	secret := l.file("secret", read(t, s.key))
	check(t, os.Chown(secret, 0, 4321))
	check(t, os.Chmod(secret, 0o440))
	mine := l.file("mine", read(t, s.key))
	check(t, os.Chown(mine, 54321, 54321))
	l.run("chmod", "-R", "go+rX", l.dir+"/known")
	asSecret := l.file("config-secret", direct+"IdentityFile "+secret+"\n")
	asMine := l.file("config-mine", direct+"IdentityFile "+mine+"\n")
	l.run("chmod", "644", asSecret, asMine)
	// In a mount namespace of its own the folder of this test is what OpenSSH takes for ~/.ssh.
	within := []string{"unshare", "-m", "sh", "-c", `mkdir -p ~root/.ssh && mount --bind "$0" ~root/.ssh && exec "$@"`, home + "/.ssh"}
	group := []string{"setpriv", "--reuid", "nobody", "--regid", "54321", "--groups", "4321"}
	nobody := []string{"setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"}
	for _, c := range []struct {
		name, config string
		as, env      []string
		ssh          bool // OpenSSH can be asked: it refuses to run for an account without a name
	}{
		{name: "HOME elsewhere", as: within, env: []string{"HOME=" + elsewhere}, ssh: true},
		{name: "no HOME", as: within, ssh: true},
		{name: "only HOME has it", env: []string{"HOME=" + home}},
		{name: "a secret that the group may read", config: asSecret, as: group, ssh: true},
		{name: "a number without a name", config: asMine, as: nobody, env: []string{"HOME=/"}},
		{name: "neither name nor home", config: asMine, as: nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			try := func(argv ...string) error {
				argv = append(c.as, argv...)
				cmd := exec.Command(argv[0], argv[1:]...)
				cmd.Env = append(c.env, "PATH="+os.Getenv("PATH"), loginVariable+"="+c.config)
				if out, err := cmd.CombinedOutput(); err != nil {
					return fmt.Errorf("%w: %s", err, out)
				}
				return nil
			}
			if c.ssh {
				argv := []string{"ssh", "-o", "BatchMode=yes", "site", "true"}
				if c.config != "" {
					argv = append([]string{"ssh", "-F", c.config}, argv[1:]...)
				}
				if err := try(argv...); err != nil {
					t.Errorf("ssh: %v", err)
				}
			}
			if err := try(program); err != nil {
				t.Errorf("the program: %v", err)
			}
		})
	}
}

// openFolder is a folder that every account can enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "logins")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

// loginVariable makes the test's binary a program that logs in by the SSH configuration that it names, and runs a command.
const loginVariable = "PROVISION_TEST_LOGIN"

func logIn(config string) int {
	client, err := remote.Dial(context.Background(), remote.Config{Address: "site", SSHConfig: config})
	if err == nil {
		defer func() { _ = client.Close() }()
		err = client.Run(context.Background(), remote.Command{Argv: []string{"true"}})
	}
	if err != nil {
		fmt.Println(words(err))
		return 1
	}
	return 0
}
