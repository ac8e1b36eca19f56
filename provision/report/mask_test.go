package report_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/report"
)

func TestMaskHides(t *testing.T) {
	mask := report.Mask{
		Secrets: []provision.Secret{provision.NewSecret("hunter2-äß&x"), provision.NewSecret("s3")},
		Hosts:   []string{"aliyun", "kevinhuo.cool"},
		Users:   []string{"kevin", "root"},
	}
	pem := "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\nQyNTUxOQAAACBq\n-----END OPENSSH PRIVATE KEY-----"
	for _, test := range []struct{ name, in, want string }{
		{"given secret", "login with hunter2-äß&x now", "login with [secret] now"},
		{"given secret, URL encoded", "q=hunter2-%C3%A4%C3%9F%26x;", "q=[secret];"},
		{"given secret, Base64", "x " + base64.StdEncoding.EncodeToString([]byte("hunter2-äß&x")) + " y", "x [secret] y"},
		{"short secret is a word", "s3 and aws-s3x", "[secret] and aws-s3x"},
		{"private key", "a\n" + pem + "\nb", "a\n[private key]\nb"},
		{"key that is cut off", "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx1\nq83bqwyrt6PLeMbQ\n", "a\n[private key]\n"},
		{"key in JSON", `{"k":"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIvN\n-----END EC PRIVATE KEY-----\n"}`, `{"k":"[private key]\n"}`},
		{"certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "[certificate]"},
		{"public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoo me", "ssh-ed25519 [public key] me"},
		{"assignment", "DB_PASSWORD=geheim port=80", "DB_PASSWORD=[secret] port=80"},
		{"assignment with quotes", `"api_key": "a b c", "x": 1`, `"api_key": [secret], "x": 1`},
		{"Chinese", "密码：abc123 完", "密码：[secret] 完"},
		{"flag", "mysql --password geheim db", "mysql --password [secret] db"},
		{"header", "Authorization: Bearer abc.def", "Authorization: [secret]"},
		{"URL", "redis://:pw@db:6379 postgres://u:p@db/x", "redis://[user]:[secret]@db:6379 postgres://[user]:[secret]@db/x"},
		{"cloud key", "id LTAI5tQ1w2e3r4t5y6u7 end", "id [secret] end"},
		{"web token", "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123", "jwt [secret]"},
		{"random key", "got q7R2xVb9LmN4pT8wZc3KdF6hJs1YgQ5e.", "got [secret]."},
		{"digest stays", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		{"addresses", "from 203.0.113.10:22 to 198.51.100.7, again 203.0.113.10", "from [address 1]:22 to [address 2], again [address 1]"},
		{"IPv6", "bind [2001:db8::1]:443 and fe80::1%eth0", "bind [[address 1]]:443 and [address 2]%eth0"},
		{"everybody's addresses", "127.0.0.1 0.0.0.0 ::1 12:34:56 std::dec", "127.0.0.1 0.0.0.0 ::1 12:34:56 std::dec"},
		{"names", "ssh kevin@aliyun; https://kevinhuo.cool/ and www.kevinhuo.cool", "ssh [user 1]@[host 2]; https://[host 1]/ and www.[host 1]"},
		{"home", "open /home/alice/.ssh/id: no", "open /home/[user 1]/.ssh/id: no"},
		{"unknown host", "Could not resolve hostname secret-host.example.org: no", "Could not resolve hostname [host 1]: no"},
		{"public host stays", "lookup registry-1.docker.io on https://deb.debian.org/debian", "lookup registry-1.docker.io on https://deb.debian.org/debian"},
		{"e-mail", "mail a.b@example.org or a.b@example.org", "mail [email 1] or [email 1]"},
		{"neighbours", "server_name www.acme.example www.acme.example www.acme.example api.acme.example;", "server_name [host 1] [host 1] [host 1] [host 2];"},
		{"neighbours, given", "kevin kevin kevin@kevin", "[user 1] [user 1] [user 1]@[user 1]"},
		{"neighbours, short secrets", "s3 s3 s3;s3", "[secret] [secret] [secret];[secret]"},
		{"real name of an alias", "aliyun (kevin@bastion.corp.internal:2222): the name bastion.corp.internal has no address", "[host 1] ([user 1]@[host 2]:2222): the name [host 2] has no address"},
		{"real name without dots", "kevin@bastion: connection to bastion lost", "[user 1]@[host 1]: connection to [host 1] lost"},
		{"of root", "root@bastion.corp.internal: no; ssh bastion.corp.internal", "root@[host 1]: no; ssh [host 1]"},
		{"this machine", "kevin@localhost and localhost", "[user 1]@localhost and localhost"},
		{"no e-mail", "left-pad@1.3.0 image@sha256:abc root@127.0.0.1", "left-pad@1.3.0 image@sha256:abc root@127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := mask.Text(test.in); got != test.want {
				t.Errorf("%q\n got %q\nwant %q", test.in, got, test.want)
			}
		})
	}
}

func TestMaskShowsWhatWasAgreedTo(t *testing.T) {
	in := "kevin@203.0.113.10 https://kevinhuo.cool me@example.org password=x"
	mask := report.Mask{Hosts: []string{"kevinhuo.cool"}, Users: []string{"kevin"}, ShowAddresses: true, ShowNames: true, ShowEmails: true}
	if got, want := mask.Text(in), strings.Replace(in, "password=x", "password=[secret]", 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReport(t *testing.T) {
	output := "fatal: unable to access 'https://u:geheim@git.example.org/x.git/': Could not resolve host: git.example.org"
	r := report.Record("docker build -t myweb_image:server .", []provision.Finding{{Severity: provision.SeverityError, Code: "build.dns", Cause: "No DNS.", Evidence: output, Fix: "Wait."}})
	log := strings.Repeat("line\n", 1000) + "\x1b[31mlast line of kevin, token=abc\x1b[0m\n"
	for _, tag := range language.Tags() {
		text := r.Text(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), "1.0.0", log, report.Mask{Users: []string{"kevin"}}, language.New(tag))
		for _, want := range []string{"1.0.0", "docker build", "build.dns", "last line of [user 1], token=[secret]", "2025-01-02T03:04:05Z"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in the report:\n%s", tag, want, text)
			}
		}
		for _, secret := range []string{"geheim", "abc", "kevin", "git.example.org", "\x1b"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q is in the report:\n%s", tag, secret, text)
			}
		}
		if n := strings.Count(text, "\n"); n > 240 {
			t.Errorf("%s: %d lines", tag, n)
		}
	}
}

// A name may be a word of the placeholders themselves.
func TestMaskOfNamesThatArePlaceholders(t *testing.T) {
	m := report.Mask{Hosts: []string{"host"}, Users: []string{"user"}}
	if got := m.Text("user@host host; 203.0.113.10"); got != "[user 1]@[host 1] [host 1]; [address 1]" {
		t.Errorf("got %q", got)
	}
}

func TestMaskHidesAHomeOnce(t *testing.T) {
	m := report.Mask{Users: []string{"kevin"}}
	if got := m.Text("/home/kevin/dev and kevin"); got != "/home/[user 1]/dev and [user 1]" {
		t.Errorf("got %q", got)
	}
}
