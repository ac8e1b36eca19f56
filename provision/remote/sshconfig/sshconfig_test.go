package sshconfig_test

import (
	"os"
	"path/filepath"
	"slices"
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

// What an inventory is suggested from: hosts of quoted, negated and included blocks, and whom they log in as.
func TestHosts(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	more := filepath.Join(dir, "two files", "more")
	if err := os.MkdirAll(filepath.Dir(more), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		file: "Include \"" + dir + "/two files/*\"\nHost \"quoted\" plain !not *.example\n  User kevin\nHost=equal # comment\n  User admin\n" +
			"Match originalhost matched\n  User deploy\n",
		more: "Host included\n  User inc\nInclude " + file + "\n", // in a circle
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := sshconfig.Hosts(file); !slices.Equal(got, []string{"included", "quoted", "plain", "equal"}) {
		t.Errorf("got %q", got)
	}
	if err := os.WriteFile(more, []byte("Host included\n  User inc\n"), 0o600); err != nil { // OpenSSH refuses a circle
		t.Fatal(err)
	}
	for address, want := range map[string]string{"quoted": "kevin", "equal": "admin", "included": "inc", "matched": "deploy", "other": ""} {
		if got := sshconfig.UserOf(address, file); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	ours, all := []string{"b", "a"}, []string{"a", "b", "old1", "old2"}
	for wish, want := range map[sshconfig.Algorithms][]string{
		"": {"b", "a"}, "+old1": {"b", "a", "old1"}, "+old*": {"b", "a", "old1", "old2"}, "-b": {"a"}, "^a": {"a", "b"},
		"old2,a,none": {"old2", "a"},
	} {
		if got := wish.Of(ours, all); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", wish, got, want)
		}
	}
}
