package prepare

import (
	"os"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/prepare"
)

// TestPlansThatCanLockOut holds what the firewall's and sshd's steps would change on a host that is prepared else.
func TestPlansThatCanLockOut(t *testing.T) {
	const (
		sshd   = "sshd 9.2\nsshd.port 22\nsshd.of.root permitrootlogin yes\nsshd.of.root passwordauthentication no\nsshd.of.kevin permitrootlogin yes\nsshd.of.kevin passwordauthentication yes\n"
		sudo   = "account.rule (ALL : ALL) NOPASSWD: ALL\n"
		ufw    = "firewall ufw\nfirewall.policy DROP\nfirewall.rule allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n"
		nft    = "firewall.nft\n"
		closed = "firewall.nft\nfirewall.table tcp dport { 22, 80, 443 } accept\nfirewall.file "
	)
	table := strings.ReplaceAll(strings.TrimSpace(prepare.Table([]int{22, 80, 443})), "\n", "\nfirewall.file ") + "\n"
	strict := inventory.Prepare{Firewall: inventory.FirewallStrict, SSH: inventory.SSHStrict}
	passwords := "prepare.ssh.action -PasswordAuthentication yes +PasswordAuthentication no"
	everybody := "prepare.firewall.strict.action(22 80 443) -all +22 +80 +443"
	for _, test := range []struct {
		name, facts string
		wanted      inventory.Prepare
		want        string // the changes, or the failure
	}{
		{"nothing asked, no firewall", sshd + sudo, inventory.Prepare{}, ""},
		{"nothing asked, ufw", sshd + ufw, inventory.Prepare{}, "prepare.firewall.action(80 443) +80 +443"},
		{"strict, nftables", sshd + nft, strict, everybody + "\n" + passwords},
		{"strict, sudo", sshd + sudo + closed + table, strict, passwords + " -PermitRootLogin yes +PermitRootLogin no"},
		{"strict, ufw", sshd + ufw, strict, "prepare.firewall.action(80 443) +80 +443\n" + passwords},
		{"strict, ufw that accepts", sshd + "firewall ufw\nfirewall.policy ACCEPT\n", strict, "prepare.firewall.action(22 80 443) +22 +80 +443\n" + everybody + "\n" + passwords},
		{"strict, nothing to do it with", sshd, strict, "prepare.firewall.no-nft"},
		{"strict, nobody knows sshd's port", nft, strict, "prepare.firewall.no-port"},
		{"strict, an old sshd", strings.Replace(sshd, "9.2", "8.0", 1) + closed + table, strict, passwords},
	} {
		p := &Preparation{Inventory: &inventory.Inventory{Prepare: test.wanted, Site: inventory.Site{Ports: inventory.DefaultPorts(true)}}, Words: language.Keys()}
		h := p.NewHost(inventory.Host{Name: "aliyun", Address: "203.0.113.10", User: "kevin"}, false)
		h.facts.Facts = prepare.Parse([]byte("uid 0\n" + test.facts))
		var got []string
		for _, s := range h.Steps() {
			if s.ID() != Firewall && s.ID() != SSH {
				continue
			}
			changes, err := s.Plan()
			for _, c := range changes {
				got = append(got, c.Action+" "+strings.ReplaceAll(strings.TrimSpace(c.Diff), "\n", " "))
			}
			if err != nil {
				got = []string{provision.CodeOf(err)}
				break
			}
		}
		if said := strings.Join(got, "\n"); said != test.want {
			t.Errorf("%s: plans\n%s\nwant\n%s", test.name, said, test.want)
		}
	}
}

// TestVisitorsAreUnderstood: somebody who waits to be spoken to is there, and a relay that leads nowhere hangs up.
func TestVisitorsAreUnderstood(t *testing.T) {
	for _, test := range []struct {
		said string
		err  error
		want answer
	}{{"", errPatient, served}, {"SSH-2.0", nil, served}, {"", nil, hungUp}, {"", os.ErrDeadlineExceeded, silent}} {
		if got := understand(test.said, test.err); got != test.want {
			t.Errorf("%q, %v: %d", test.said, test.err, got)
		}
	}
	for maker, cloud := range map[string]string{"Alibaba Cloud": "alibaba", "Tencent Cloud": "tencent", "QEMU": "other"} {
		if cloudOf(maker) != cloud {
			t.Errorf("%s is %s", maker, cloudOf(maker))
		}
	}
}
