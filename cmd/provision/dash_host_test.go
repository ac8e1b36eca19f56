//go:build host

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/tui/terminaltest"
)

// relayAddress is where the relay of TestCockpit listens: an address of loopback that no sandbox host gets.
const relayAddress = "127.0.13.9"

// TestCockpit watches two hosts, of which one is lost and comes back, opens a shell in a container and goes back to a release.
func TestCockpit(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{})
	relay, err := sandbox.NewRelay(t.Context(), relayAddress+":0", net.JoinHostPort(host.Address, "22"), sandbox.Link{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	dir := t.TempDir()
	if err := sandbox.WriteSample(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(host.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(relay.Addr())
	known := string(key) + strings.ReplaceAll(string(key), host.Address, fmt.Sprintf("[%s]:%s", relayAddress, port))
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("known_hosts", known)
	// Two ways to one host: the second one can be cut.
	write("inventory.yaml", fmt.Sprintf(`site: {source: ./site, domain: kevinhuo.cool}
hosts:
  - {name: near, address: %[1]s, user: %[2]s, identity: %[3]s, known_hosts: known_hosts}
  - {name: far, address: %[4]s, port: %[5]s, user: %[2]s, identity: %[3]s, known_hosts: known_hosts}
`, host.Address, host.User, host.Identity, relayAddress, port))
	provision := func(args ...string) *exec.Cmd {
		cmd := exec.Command("provision", args...) // the one of TestMain
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "GORACE=" + os.Getenv("GORACE")}
		return cmd
	}
	deploy := func() {
		t.Helper()
		if out, err := provision("--yes", "--limit", "near").CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
	}
	deploy()
	page := filepath.Join(dir, "site", "app", "templates", "index.html")
	if err := os.WriteFile(page, []byte("<p>another</p>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	deploy()

	term := terminaltest.Start(t, provision("dash", "--interval", "1s"))
	term.Resize(120, 40)
	term.Wait(english.T("dash.count", 2, 2), "gunicorn")
	relay.Stall()
	relay.Reset()
	term.Wait(english.T("dash.count", 1, 2))
	relay.Resume()
	term.Wait(english.T("dash.count", 2, 2))
	term.Type("e")
	term.Wait("# ")
	term.Type("echo in $((40+2))\r")
	term.Wait("in 42")
	term.Type("exit\r")
	term.Wait(english.T("dash.key.quit"))
	term.Type("2" + enterKey + "j" + enterKey)
	term.Wait(strings.TrimSuffix(english.T("dash.ask-release", "near", ""), "?"))
	term.Type("y")
	term.Wait(english.T("dash.enter"))
	term.Type(enterKey)
	term.Wait(english.T("dash.differs"))
	term.Type("q")
	term.Ended(0)
	term.Restored()
}
