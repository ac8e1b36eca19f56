//go:build bare

package prepare_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
)

// TestStrictHost closes what can be closed on a bare host, and has a change undone that the deploy user cannot confirm.
func TestStrictHost(t *testing.T) {
	b := newBare(t, sandbox.Options{})
	b.prepare = "{firewall: strict, ssh: strict, user: {sudo: true}, packages: [nftables], swap: none}"
	b.changes(-1) // the second time it is kevin who logs in
	state := "sshd -T -C user=root,host=a,addr=127.0.0.1 | grep -E '^(passwordauthentication|permitrootlogin)'; nft list table inet provision; ls /etc/ssh/sshd_config.d"
	if got := b.do(state); !strings.Contains(got, "passwordauthentication no") || !strings.Contains(got, "permitrootlogin no") || !strings.Contains(got, "tcp dport { 22, 80, 443 } accept") {
		t.Errorf("the host is open:\n%s", got)
	}
	b.do("rm /etc/ssh/sshd_config.d/00-provision.conf; echo 'kevin ALL=(ALL:ALL) !ALL' >/etc/sudoers.d/99-none; kill -HUP $(cat /run/sshd.pid); nft delete table inet provision; rm /etc/provision/firewall.nft")
	b.prepare = "{ssh: strict, user: {sudo: true}, packages: [nftables], swap: none}"
	state = strings.Replace(state, "nft list table inet provision", "nft -s list ruleset 2>/dev/null", 1)
	before := b.do(state)
	r := b.run(provision.Headless{})
	if r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.text.String(), "trial.undone") {
		t.Errorf("exit status %d:\n%s", r.result.ExitCode, &r.text)
	}
	if after := b.do(state); after != before {
		t.Errorf("the host is not as before:\n%s\n---\n%s", before, after)
	}
}
