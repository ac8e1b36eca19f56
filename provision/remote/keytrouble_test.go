//go:build host

package remote_test

import (
	"context"
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// unattended is what --yes makes of every question.
func unattended(c *remote.Config) {
	c.Ask = func(_ context.Context, d provision.Decision) (provision.Answer, error) {
		return provision.Answer{}, &provision.UnansweredError{Decision: d}
	}
}

// login is a login at the server with a key.
func (d *daemon) login(t *testing.T, key string, edit ...func(*remote.Config)) error {
	t.Helper()
	l := like{t, t.TempDir()}
	c := remote.Config{Name: "web", Address: "127.0.0.1", Port: d.port, User: "root", Identity: key, SSHConfig: "none",
		KnownHosts: l.file("known", d.knownLine()+"\n")}
	for _, e := range edit {
		e(&c)
	}
	_, err := dial(t, c)
	return err
}

// What is wrong with a key comes first, though the server takes passwords too, whoever is there to be asked for one.
func TestTroubleWithAKeyBesidePasswords(t *testing.T) {
	d := newDaemon(t, "PasswordAuthentication yes", "KbdInteractiveAuthentication no")
	l := like{t, t.TempDir()}
	key := read(t, d.key)
	big := func(text string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	locked := lockedKey(t)
	d.admit(t, locked.public, "")
	l.run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-aes256", "-pass", "pass:"+passphrase, "-out", l.dir+"/pkcs8")
	check(t, os.Chmod(l.dir+"/pkcs8", 0o600))
	l.run("sh", "-c", "ssh-keygen -y -P "+passphrase+" -f "+l.dir+"/pkcs8 >>"+d.dir+"/authorized")
	l.run("openssl", "pkcs8", "-topk8", "-in", l.dir+"/pkcs8", "-passin", "pass:"+passphrase, "-passout", "pass:"+passphrase, "-v2", "aes-256-cbc",
		"-v2prf", "hmacWithSHA512", "-out", l.dir+"/sha512")
	check(t, os.Chmod(l.dir+"/sha512", 0o600))
	l.run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-Z", "aes256-gcm@openssh.com", "-f", l.dir+"/gcm")
	l.run("sh", "-c", "cat "+l.dir+"/gcm.pub >>"+d.dir+"/authorized; rm "+l.dir+"/gcm.pub")
	for name, c := range map[string]struct{ text, path, code, says string }{
		"flat":                   {strings.ReplaceAll(key, "\n", " "), "", "connect.key-mangled", "lines were run together"},
		"flat without blanks":    {strings.ReplaceAll(key, "\n", ""), "", "connect.key-mangled", "lines were run together"},
		"escaped":                {strings.ReplaceAll(key, "\n", `\n`), "", "connect.key-mangled", `with \n written out`},
		"escaped, quoted":        {`"` + strings.ReplaceAll(key, "\n", `\n`) + `"`, "", "connect.key-mangled", "quotation marks"},
		"Base64":                 {base64.StdEncoding.EncodeToString([]byte(key)), "", "connect.key-mangled", "Base64"},
		"Base64 in lines":        {base64.StdEncoding.EncodeToString([]byte(key))[:76] + "\n" + base64.StdEncoding.EncodeToString([]byte(key))[76:], "", "connect.key-mangled", "Base64"},
		"indented":               {"  " + strings.ReplaceAll(key, "\n", "\n  "), "", "connect.key-mangled", "indented"},
		"quoted":                 {`"` + key + `"`, "", "connect.key-mangled", "quotation marks"},
		"a mark":                 {"\ufeff" + key, "", "connect.key-mangled", "byte order mark"},
		"UTF-16":                 {big(key), "", "connect.key-mangled", "UTF-16"},
		"cut off":                {key[:len(key)/2], "", "connect.key-mangled", "cut off"},
		"locked":                 {string(locked.text), "", "connect.key-passphrase", "is encrypted"},
		"locked by PKCS#8":       {"", l.dir + "/pkcs8", "connect.key-passphrase", "is encrypted"},
		"locked by other means":  {"", l.dir + "/sha512", "connect.key-format", "ssh-keygen -p"},
		"locked by AEAD":         {"", l.dir + "/gcm", "connect.key-format", "encrypted with aes256-gcm@openssh.com"},
		"nothing there":          {"", l.dir + "/none", "connect.key-missing", "does not exist"},
		"the line ends of DOS":   {strings.ReplaceAll(key, "\n", "\r\n"), "", "", ""},
		"without a last newline": {strings.TrimSuffix(key, "\n"), "", "", ""},
	} {
		for who, ask := range map[string]func(*remote.Config){"--yes": unattended, "nobody": func(*remote.Config) {}} {
			t.Run(name+", "+who, func(t *testing.T) {
				path := c.path
				if path == "" {
					path = like{t, t.TempDir()}.file("key", c.text)
				}
				err := d.login(t, path, ask)
				if provision.CodeOf(err) != c.code || err != nil && (!strings.Contains(words(err), c.says) || !strings.Contains(words(err), path)) {
					t.Errorf("got %s; want %s with %q", words(err), c.code, c.says)
				}
			})
		}
	}
	t.Run("a passphrase is asked for", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassphrase: {"wrong", passphrase}}}
		check(t, d.login(t, l.dir+"/pkcs8", asking(p)))
		if len(p.asked) != 2 {
			t.Errorf("asked %+v", p.asked)
		}
	})
	t.Run("none that helps nothing is asked for", func(t *testing.T) {
		p := &person{}
		if err := d.login(t, l.dir+"/gcm", asking(p)); provision.CodeOf(err) != "connect.key-format" || p.times(provision.DecidePassphrase) != 0 {
			t.Errorf("got %v after %+v", err, p.asked)
		}
	})
}

// A server that took the key and wants more is not one that refuses the key.
func TestSecondFactor(t *testing.T) {
	d := newDaemon(t, "PasswordAuthentication yes", "KbdInteractiveAuthentication no", "AuthenticationMethods publickey,password")
	for name, c := range map[string]struct {
		ask  func(*remote.Config)
		says []string
	}{
		"nobody": {func(*remote.Config) {}, []string{"(publickey)", "wants password", "terminal"}},
		"--yes":  {unattended, []string{"(publickey)", "wants password"}},
		"a wrong password": {asking(&person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {"a", "b", "c"}}}),
			[]string{"(publickey)", "wants password", "check the password"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantFailure(t, d.login(t, d.key, c.ask), "connect.second-factor", c.says...)
		})
	}
}
