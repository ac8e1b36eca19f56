package hostkey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzKnownHosts checks that a line that cannot be understood hides none of the others.
func FuzzKnownHosts(f *testing.F) {
	const good = "web.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n"
	f.Add("")
	f.Add("# comment\n@cert-authority *.org ssh-ed25519 x\n|1|a|b ssh-rsa AAAA\n")
	f.Add("[x]:99999 ssh-ed25519 AAAA\n!a,*,? ssh-rsa\n@revoked * y\n\xff\x00\n")
	file := filepath.Join(f.TempDir(), "known_hosts")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(strings.TrimRight(text, "\n")+"\n"+good), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := readKnownHosts([]string{file}, "web.example.org")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(known.of("web.example.org", "")) == 0 {
			t.Fatalf("behind %q the key is not known", text)
		}
	})
}
