package prepare

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/shell/shelltest"
)

// TestFactsOfThisMachine runs the script here, as root and as nobody in particular, with each shell that hosts have.
func TestFactsOfThisMachine(t *testing.T) {
	script := Query{User: "root", Packages: []string{"coreutils", "no-such-package"}, Images: []string{"none:1"}}.Script()
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		f := Parse([]byte(s.Run(t, script)))
		if !f.Root || f.User != "root" || f.System.Memory == 0 || f.System.Free == 0 || f.System.Arch == "" || !f.Account.Exists || f.Account.Home != "/root" {
			t.Errorf("%+v", f)
		}
		f = Parse([]byte(s.As(65534).Run(t, script)))
		if f.Root || f.System.Memory == 0 {
			t.Errorf("%+v", f)
		}
	})
}

// FuzzParse: a host may print anything.
func FuzzParse(f *testing.F) {
	f.Add("uid 0\nos ID=debian\naccount a:b\naccount.mode x\ndocker.version-of (none)\ndocker.candidate a")
	f.Add("updates APT::Periodic::Unattended-Upgrade \"1\";\nos ID_LIKE=\"a b\nmemory -1\n")
	f.Fuzz(func(t *testing.T, text string) {
		facts := Parse([]byte(text))
		if strings.ContainsRune(facts.Account.Home+facts.User+facts.System.Name, 0x1b) || facts.System.Memory < 0 {
			t.Errorf("%+v", facts)
		}
		facts.Account.Missing("kevin", []string{"ssh-ed25519 AAAA"})
		facts.System.Engine("auto")
	})
}
