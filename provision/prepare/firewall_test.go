package prepare

import (
	"slices"
	"strings"
	"testing"
)

func TestShut(t *testing.T) {
	const ufw = "firewall ufw\nfirewall.policy DROP\n"
	zone := func(now, later string) string {
		return "firewall firewalld\nfirewall.now public target default\nfirewall.now public services " + now + "\nfirewall.later public services " + later + "\n"
	}
	chain := func(rules ...string) string {
		text := "firewall.chain inet mine in\nfirewall.rule table inet mine {\nfirewall.rule chain in {\n"
		return text + "firewall.rule " + strings.Join(append(rules, "}", "}"), "\nfirewall.rule ") + "\n"
	}
	const drop = "type filter hook input priority 0; policy drop;"
	for _, test := range []struct {
		name, facts, shut string
	}{
		{"nothing", "", ""},
		{"ufw that accepts", "firewall ufw\nfirewall.policy ACCEPT\n", ""},
		{"ufw", ufw + "firewall.rule allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n", "80 443"},
		{"ufw with an application", ufw + "firewall.rule allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in\nfirewall.rule limit any 22 0.0.0.0/0 any 0.0.0.0/0 in\n", ""},
		{"ufw for some", ufw + "firewall.rule allow tcp 22 0.0.0.0/0 any 10.0.0.0/8 in\nfirewall.rule allow udp 443 0.0.0.0/0 any 0.0.0.0/0 in\nfirewall.rule deny tcp 80 0.0.0.0/0 any 0.0.0.0/0 in\n", "22 80 443"},
		{"ufw, a range", ufw + "firewall.rule allow tcp 20:90 0.0.0.0/0 any 0.0.0.0/0 in\n", "443"},
		{"firewalld", zone("ssh dhcpv6-client", "ssh"), "80 443"},
		{"firewalld until a reboot", zone("ssh http https", "ssh http"), "443"},
		{"firewalld, ports", zone("ssh", "ssh") + "firewall.now public ports 80/tcp 443/tcp\nfirewall.later public ports 80/tcp 400-500/tcp\n", ""},
		{"firewalld that accepts", "firewall firewalld\nfirewall.now trusted target ACCEPT\n", ""},
		{"rules that refuse nothing", chain("type filter hook input priority 0; policy accept;", "ct state invalid drop", "ip saddr 192.0.2.1 drop"), ""},
		{"policy", chain(drop, "ct state established,related accept", "tcp dport 22 accept"), "80 443"},
		{"set", chain(drop, "tcp dport { 22, 80-443 } counter packets 0 bytes 0 accept"), ""},
		{"last rule", chain("type filter hook input priority 0; policy accept;", "tcp dport 22 ct state new accept", "counter packets 3 bytes 9 reject with icmp type host-prohibited"), "80 443"},
		{"for some", chain(drop, "ip saddr 10.0.0.0/8 tcp dport { 22, 80, 443 } accept"), "22 80 443"},
		{"two chains", chain(drop, "tcp dport { 22, 80, 443 } accept") + "firewall.chain ip filter INPUT\nfirewall.rule chain INPUT {\nfirewall.rule " + drop + "\nfirewall.rule tcp dport 80 counter packets 0 bytes 0 accept\nfirewall.rule }\n", "22 443"},
	} {
		if got := Numbers(Parse([]byte(test.facts)).Firewall.Shut([]int{22, 80, 443}, false)); got != test.shut {
			t.Errorf("%s: %q is shut, want %q", test.name, got, test.shut)
		}
	}
}

// ufw that accepts what no rule names has to have rules before it refuses that.
func TestUFWNeedsRulesToBeStrict(t *testing.T) {
	f := Parse([]byte("firewall ufw\nfirewall.policy ACCEPT\nfirewall.rule allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in\n")).Firewall
	if shut := Numbers(f.Shut([]int{22, 80}, true)); shut != "22" || f.IsStrict([]int{22, 80}) {
		t.Errorf("%q has to be opened", shut)
	}
}

func TestStrictPortsAreReadBack(t *testing.T) {
	f := Parse([]byte("firewall.nft\nfirewall.table tcp dport { 22, 443 } accept\nfirewall.file " + strings.ReplaceAll(Table([]int{22, 443}), "\n", "\nfirewall.file "))).Firewall
	if !slices.Equal(f.Strict, []int{22, 443}) || !f.IsStrict([]int{22, 443}) || f.IsStrict([]int{22, 80, 443}) {
		t.Errorf("reads %+v", f)
	}
}

func TestSSHFacts(t *testing.T) {
	s := Parse([]byte("sshd 8.9\nsshd.from host=a,addr=192.0.2.1\nsshd.port 2222\nsshd.of.root port 22\nsshd.of.root permitrootlogin yes\nsshd.of.root passwordauthentication no\n" +
		"sshd.of.kevin port 22\nsshd.of.kevin permitrootlogin no\nsshd.of.kevin passwordauthentication yes\nsshd.of.kevin kbdinteractiveauthentication no\n")).SSH
	if !slices.Equal(s.Ports, []int{22, 2222}) || !s.Includes() {
		t.Errorf("reads %+v", s)
	}
	if diff := s.Differs(StrictSSH(true)); diff != "-PasswordAuthentication yes\n+PasswordAuthentication no\n-PermitRootLogin yes\n+PermitRootLogin no\n" {
		t.Errorf("differs by\n%s", diff)
	}
	for version, includes := range map[string]bool{"": false, "7.4": false, "8.0p1": false, "8.2": true, "9.2": true, "10.0": true} {
		if (SSH{Version: version}).Includes() != includes {
			t.Errorf("OpenSSH %s: %v", version, !includes)
		}
	}
}

// FuzzFirewall: a host may print anything.
func FuzzFirewall(f *testing.F) {
	f.Add("firewall.chain inet mine in\nfirewall.rule chain in {\nfirewall.rule tcp dport { 1, 2-3 } accept\nfirewall.table tcp dport 22 accept")
	f.Add("firewall ufw\nfirewall.policy DROP\nfirewall.rule allow tcp 1:2,3 0.0.0.0/0 any 0.0.0.0/0 in\nsshd.of.root port 22")
	f.Add("firewall firewalld\nfirewall.now public ports 1-2/tcp\nfirewall.later public services ssh\nfirewall.iptables -P INPUT DROP")
	f.Fuzz(func(t *testing.T, text string) {
		facts := Parse([]byte(text))
		if shut := facts.Firewall.Shut([]int{22, 80}, true); len(shut) > 2 {
			t.Errorf("%v is shut", shut)
		}
		facts.Firewall.IsStrict([]int{22})
		facts.SSH.Differs(StrictSSH(true))
		facts.SSH.Includes()
	})
}
