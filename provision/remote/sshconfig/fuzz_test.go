package sshconfig_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/remote/sshconfig"
)

var include = regexp.MustCompile(`(?i)include`)

// FuzzRead checks that a configuration which is read, by the library, can be dialled with, and that no command holds a name that
// a shell takes for more.
func FuzzRead(f *testing.F) {
	f.Add("Host *\n HostName %h.example.org\n Port 2222\n User kevin\n IdentityFile ~/.ssh/%r@%n\n UserKnownHostsFile \"/a b\" /c\n", "web")
	f.Add("Host web\n ProxyCommand nc %h %p\n HostName `id`\n", "web")
	f.Add("Match exec \"true\"\n Port -5\nPort 99999999999\nConnectTimeout -1\nServerAliveInterval 9223372036854775807\n", "web")
	f.Add("Port=0x16\nIdentityFile ${HOME}/${X\nCertificateFile %%%\nIdentityAgent $A\nProxyJump a@b:c,%h\n", "-oProxyCommand=x")
	f.Setenv("PATH", f.TempDir())
	file := filepath.Join(f.TempDir(), "config")
	f.Fuzz(func(t *testing.T, text, address string) {
		text = include.ReplaceAllString(text, "x") // which would read this machine's files
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sshconfig.Read(t.Context(), sshconfig.Query{Address: address, File: file})
		if err != nil {
			return
		}
		if s.Port < 1 || s.Port > 65535 {
			t.Fatalf("port %d", s.Port)
		}
		if s.ConnectTimeout < 0 || s.AliveInterval < 0 || s.AliveCount < 0 || s.Prompts < 0 {
			t.Fatalf("%+v", s)
		}
		if s.ProxyCommand != "" && strings.ContainsAny(s.Hostname+s.User+s.Alias, "`$;|&<>(){}'\"\\\n ") && !strings.ContainsAny(text, "`$;|&<>(){}'\"\\ ") {
			t.Fatalf("the command %q", s.ProxyCommand)
		}
	})
}
