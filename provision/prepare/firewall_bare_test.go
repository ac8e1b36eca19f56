//go:build bare

package prepare

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
)

// limit is how long a change waits for its confirmation: as people have it.
const limit = trialLimit

// TestFirewallsOnHost has every kind of firewall that works in a container open what is needed, and close the rest on trial. It
// installs them.
func TestFirewallsOnHost(t *testing.T) {
	host := sandboxtest.Host(t, sandbox.Options{Sudo: sandbox.SudoNoPassword, NoBaseImage: true})
	h := logIn(t, host)
	h.inside("{ apt-get update && apt-get install -y --no-install-recommends ufw nftables firewalld dbus; } >/dev/null 2>&1")
	ports := []int{22, 80, 443}
	look := func() Firewall {
		out, err := h.Exec(t.Context(), remote.Command{Script: Query{User: host.User}.Script(), Sudo: true})
		if err != nil {
			t.Fatal(err)
		}
		return Parse(out).Firewall
	}
	open := func(t *testing.T, kind string) {
		t.Helper()
		f := look()
		if shut := f.Shut(ports, false); f.Kind != kind || Numbers(shut) != "80 443" {
			t.Fatalf("%v is shut in %+v", shut, f)
		}
		out, err := h.Exec(t.Context(), remote.Command{Script: f.Open([]int{80, 443}), Sudo: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", out)
		if f := look(); len(f.Shut(ports, false)) > 0 {
			t.Errorf("%v is still shut in %+v", f.Shut(ports, false), f)
		}
	}
	strict := func(t *testing.T) {
		t.Helper()
		f := look()
		if shut := f.Shut(ports, true); len(shut) > 0 {
			if _, err := h.Exec(t.Context(), remote.Command{Script: f.Open(shut), Sudo: true}); err != nil {
				t.Fatal(err)
			}
		}
		before := h.state()
		trial := f.StrictTrial(host.Name, host.User, ports)
		trial.Limit = limit
		if err := trial.Run(t.Context(), h, noLogin); provision.CodeOf(err) != "trial.undone" {
			t.Errorf("ends with %v", err)
		}
		if after := h.state(); after != before || f.IsStrict(ports) {
			t.Errorf("the host is not as before:\n%s", Diff("host", before, after))
		}
		if err := trial.Run(t.Context(), h, h.anew); err != nil {
			t.Error(err)
		}
		if f := look(); !f.IsStrict(ports) || len(f.Shut(ports, false)) > 0 {
			t.Errorf("it is not strict: %+v", f)
		}
	}
	t.Run("ufw", func(t *testing.T) {
		h.inside("{ ufw allow 22/tcp; ufw default deny incoming; ufw --force enable; } >/dev/null")
		open(t, UFW)
		h.inside("{ ufw delete allow 22/tcp; ufw default allow incoming; } >/dev/null")
		strict(t)
		h.inside("ufw --force disable >/dev/null; ufw --force reset >/dev/null")
	})
	t.Run("firewalld", func(t *testing.T) {
		h.inside("mkdir -p /run/dbus; dbus-daemon --system --fork; firewalld >/dev/null 2>&1; until firewall-cmd --state >/dev/null 2>&1; do sleep 0.2; done")
		open(t, Firewalld)
		h.inside("kill $(cat /run/firewalld.pid); while [ -e /run/firewalld.pid ]; do sleep 0.1; done; nft flush ruleset")
	})
	t.Run("nftables", func(t *testing.T) {
		h.inside(`printf '%s\n' 'table inet mine' 'delete table inet mine' 'table inet mine {' 'chain in { type filter hook input priority 0; policy drop;' \
			'ct state established,related accept; iif lo accept; tcp dport { 22 } accept; }' '}' >/etc/nftables.conf; nft -f /etc/nftables.conf`)
		open(t, "")
		h.inside("nft -f /etc/nftables.conf")
		if f := look(); len(f.Shut(ports, false)) > 0 {
			t.Errorf("after a reload %v is shut in %+v", f.Shut(ports, false), f)
		}
		h.inside("nft delete table inet mine; rm /etc/nftables.conf")
	})
	t.Run("iptables", func(t *testing.T) {
		h.inside(`mkdir -p /etc/iptables; iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT; iptables -A INPUT -i lo -j ACCEPT
			iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j REJECT; iptables-save >/etc/iptables/rules.v4`)
		open(t, "")
		if saved := h.inside("cat /etc/iptables/rules.v4; iptables-restore --test /etc/iptables/rules.v4"); !strings.Contains(saved, "--dport 443 -j ACCEPT") {
			t.Errorf("at boot there is\n%s", saved)
		}
		h.inside("iptables -F INPUT")
	})
	t.Run("none", func(t *testing.T) {
		strict(t)
		f := look()
		before, lockout := h.state(), f.StrictTrial(host.Name, host.User, []int{80})
		lockout.Limit = limit
		if err := lockout.Run(t.Context(), h, h.anew); provision.CodeOf(err) != "trial.undone" {
			t.Errorf("ends with %v", err)
		}
		if after := h.state(); after != before {
			t.Errorf("the host is not as before:\n%s", Diff("host", before, after))
		}
	})
}
