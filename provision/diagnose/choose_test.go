package diagnose

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
)

func TestFillLeavesNoGap(t *testing.T) {
	for _, c := range []struct{ text, host, want string }{
		{"The host name {host|} cannot be found", "cloud", "The host name cloud cannot be found"},
		{"The host name {host|} cannot be found", "", "The host name cannot be found"},
		{"No package mirror {host|}: no way out", "", "No package mirror: no way out"},
		{"找不到主机名 {host|}：拼写有误", "", "找不到主机名：拼写有误"},
		{"域名 {host|} 解析失败", "", "域名解析失败"},
		{"域名 {host|} 解析失败", "cloud", "域名 cloud 解析失败"},
		{"ssh-keygen -R {host|HOST}", "", "ssh-keygen -R HOST"},
		{"ping {host}, ${HOME} { }", "", "ping {host}, ${HOME} { }"},
	} {
		if got := fill(c.text, map[string]string{"host": c.host}); got != c.want {
			t.Errorf("%q with %q is %q, want %q", c.text, c.host, got, c.want)
		}
	}
}

// Several patterns of one entry fit this line, and not all of them catch the name.
func TestTheFindingNamesWhatTheLineNames(t *testing.T) {
	found := Text("ssh: Could not resolve hostname nohost: Name or service not known", "", language.English)
	if len(found) == 0 || !strings.Contains(found[0].Cause, "The host name nohost cannot") {
		t.Errorf("%+v", found)
	}
}
