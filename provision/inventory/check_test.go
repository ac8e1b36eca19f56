package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAccepted holds what is right and looks unusual; what is wrong is in testdata/wrong.txt.
func TestAccepted(t *testing.T) {
	for _, c := range []struct {
		name   string
		check  func(string) error
		values []string
	}{
		{"CheckName", CheckName, []string{"a", "my.site_2-b", "0"}},
		{"CheckContainer", CheckContainer, []string{"myweb_https", "0a", "A.b"}},
		{"CheckImage", CheckImage, []string{"myweb", "myweb_image:server", "localhost:5000/a/b:V1", "registry.example.com/team/app:1.2.3-rc.1", "kehuo/centos8_conda:nginx"}},
		{"CheckAddress", CheckAddress, []string{"aliyun", "203.0.113.10", "::1", "fe80::1%eth0", "fe80::1%br-1.2_a", "host-1.example.com", "my_alias"}},
		{"CheckUser", CheckUser, []string{"root", "kevin", "svc_web", "kevin.huo", "user@example.com", "machine$"}},
		{"CheckDomain", CheckDomain, []string{"", "kevinhuo.cool", "WWW.kevinhuo.cool", "例子.中国", "localhost", "203.0.113.10", "::1"}},
		{"CheckDirectory", CheckDirectory, []string{"/home/kevin/dev/myweb", "/srv/myweb", "/opt/my web", "/root/site", "/var/www/site", "/usr/local/site", "/data"}},
		{"CheckRestart", CheckRestart, []string{"no", "always", "unless-stopped", "on-failure", "on-failure:3"}},
		{"CheckVolume", CheckVolume, []string{"/a:/b", "data:/b", "/a:/b:ro", "/a:/b:z,ro", "/a b:/c"}},
		{"CheckHealthPath", CheckHealthPath, []string{"/", "/health?full=1", "/%E4%B8%AD"}},
		{"CheckServer", CheckServer, []string{"", "nginx", "nginx/1.14.1", "gunicorn", "openresty/1.25.3.1"}},
		{"ParsePort", func(text string) error { _, err := ParsePort(text); return err }, []string{"80:80", "127.0.0.1:8080:80/tcp", "[::1]:53:53/udp", "0.0.0.0:443:8443", "9:9/SCTP"}},
	} {
		for _, value := range c.values {
			if err := c.check(value); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

func TestOptionsAccepted(t *testing.T) {
	for _, options := range [][]string{
		nil,
		{"--memory=512m", "--cpus", "2", "-m", "1g", "-m1g"},
		{"--privileged", "--read-only", "--tmpfs", "/tmp"},
		{"--label", "team=web", "-l", "a=b", "--log-driver=syslog"},
		{"--add-host", "db:10.0.0.1", "--read-only=true"},
		{"--option-of-a-newer-docker", "--another=1", "--third", "value"},
	} {
		if i, err := checkOptions(options); err != nil {
			t.Errorf("%q: entry %d: %v", options, i, err)
		}
	}
}

func TestParsePort(t *testing.T) {
	for text, want := range map[string]Port{
		"80:8080":               {"", 80, 8080, "tcp"},
		"127.0.0.1:80:8080/udp": {"127.0.0.1", 80, 8080, "udp"},
		"[::1]:80:8080":         {"::1", 80, 8080, "tcp"},
	} {
		got, err := ParsePort(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s is %+v (%s), %v; want %+v", text, got, got, err, want)
		}
	}
}

func TestParseDomain(t *testing.T) {
	for text, want := range map[string]string{"": "", "Kevinhuo.Cool": "kevinhuo.cool", "例子.中国": "xn--fsqu00a.xn--fiqs8s"} {
		if got, err := ParseDomain(text); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestSplitCommand(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		"bash ./start.sh":              {"bash", "./start.sh"},
		`sh -c 'a && b' "c d" e\ f ''`: {"sh", "-c", "a && b", "c d", "e f", ""},
		"python3 -m app --bind=0:80":   {"python3", "-m", "app", "--bind=0:80"},
	} {
		if got, err := SplitCommand(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestSplitCommandNeedsShell(t *testing.T) {
	for _, text := range []string{"a && b", "a; b", "a | b", "a > b", "a &", "! a", "a $B", "a $(b)", "a `b`", "ls *.py", "~/run", "a {b,c}", "if a; then b; fi", "a\nb"} {
		if got, err := SplitCommand(text); err == nil || !strings.Contains(english(err), "[sh, -c, ") {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

func TestReadEnvironment(t *testing.T) {
	read := func(content string) (string, error) {
		path := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		values, err := ReadEnvironment(path)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", values, values, values), "hunter2") {
			t.Errorf("printing the values of %q shows them", content)
		}
		var list []string
		for name, value := range values {
			list = append(list, name+"="+value.Reveal())
		}
		slices.Sort(list)
		return strings.Join(list, "|"), err
	}
	for content, want := range map[string]string{
		"":                                      "",
		"# a\n\n  A=hunter2 \nB=\"x\"\nC=\n":    `A=hunter2 |B="x"|C=`,
		"\xef\xbb\xbfA=1\r\nA=2\r\nB=a=b#c\r\n": "A=2|B=a=b#c",
		"2FA=x\nA::B=y\na.b-c=\nALONE\n":        "2FA=x|A::B=y|a.b-c=",
	} {
		if got, err := read(content); err != nil || got != want {
			t.Errorf("%q reads as %q, %v; want %q", content, got, err, want)
		}
	}
	for content, want := range map[string]string{
		"A=1\nthe hunter2\n":                    "line 2 has no equals sign",
		"A=1\nB=\"hunter2\nto be\"\n":           "line 2 opens a quote",
		"# \xff\xfe\nA=hunter2":                 "line 1 is not text",
		"\xff\xfeA\x00":                         "saved as UTF-16",
		"export A=hunter2":                      "line 1 begins with export",
		"A =hunter2":                            "line 1 has a blank",
		"=hunter2":                              "line 1 has no name",
		"A=\xffhunter2":                         "line 1 is not text",
		"A=" + strings.Repeat("hunter2", 10000): "line 1 is longer",
	} {
		_, err := read(content)
		if err == nil || !strings.Contains(english(err), want) || strings.Contains(english(err), "hunter2") {
			t.Errorf("%.20q: %v, want one with %q that does not show the line", content, err, want)
		}
	}
}

func TestDoubtEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	for content, want := range map[string]string{
		"A=1\nB=a#b\nC=it's\nD=$2b$12$x\nE=\n":        "",
		"A=1 # one\nB=\"x\"\nC='y' # two\nD=\"a\"b\n": "1 A comment|2 B quotes|3 C comment",
		"A=\"begin\nmiddle\nend\"\nB=\"x\"\nC\n":      "1 A lines|4 B quotes|5 C alone",
		"A=\"b c":                                     "1 A lines",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, d := range DoubtEnvironment(path) {
			list = append(list, fmt.Sprintf("%d %s %s", d.Line, d.Name, d.Kind))
		}
		if got := strings.Join(list, "|"); got != want {
			t.Errorf("%q is doubted for %q, want %q", content, got, want)
		}
	}
}
