package sshconfig_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote/sshconfig"
)

// Both ways of reading, OpenSSH's own and the library's, come to the same settings and the same failures.
func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	text := "Host web\n HostName %h.example.org\n Port 2222\n User kevin\n IdentityFile /keys/%r@%n\n UserKnownHostsFile \"/a\" /c\n" +
		"Host odd\n IdentityFile /keys/%Q\nHost unset\n IdentityFile /${NO_SUCH_VARIABLE}/x\n" +
		"Host proxied\n HostName `id`\n ProxyCommand nc %h %p\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"OpenSSH", "library"} {
		t.Run(way, func(t *testing.T) {
			if way == "library" {
				t.Setenv("PATH", t.TempDir())
			}
			s, err := sshconfig.Read(t.Context(), sshconfig.Query{Address: "web", File: file, Identity: "/first"})
			if err != nil {
				t.Fatal(err)
			}
			if s.Hostname != "web.example.org" || s.Port != 2222 || s.User != "kevin" || s.Identities[0] != "/first" ||
				s.Identities[1] != "/keys/kevin@web" || len(s.UserKnownHosts) != 2 || s.UserKnownHosts[0] != "/a" {
				t.Errorf("got %+v", s)
			}
			s, err = sshconfig.Read(t.Context(), sshconfig.Query{Address: "web", File: file, Port: 23, User: "root"})
			if err != nil || s.Port != 23 || s.User != "root" {
				t.Errorf("got %+v, %v", s, err)
			}
			for address, code := range map[string]string{"unset": "sshconfig.unset-variable", "proxied": "sshconfig.unsafe-name"} {
				if _, err := sshconfig.Read(t.Context(), sshconfig.Query{Address: address, File: file}); provision.CodeOf(err) != code {
					t.Errorf("%s: got %v", address, err)
				}
			}
		})
	}
	_, err := sshconfig.Read(t.Context(), sshconfig.Query{Address: "x", File: file + ".missing"})
	if code := provision.CodeOf(err); code != "sshconfig.refused" && code != "sshconfig.unreadable" {
		t.Errorf("got %v", err)
	}
}
