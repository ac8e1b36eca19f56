//go:build host

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/tui/terminaltest"
)

// TestCockpit watches two hosts, of which one dies and comes back, opens a shell in a container and goes back to a release.
func TestCockpit(t *testing.T) {
	t.Parallel()
	hosts := sandboxtest.Hosts(t, sandbox.Options{Count: 2})
	dir := t.TempDir()
	if err := sandbox.WriteSample(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	inventory := "site: {source: ./site, domain: kevinhuo.cool}\nhosts:\n"
	for i, name := range []string{"near", "far"} {
		inventory += fmt.Sprintf("  - {name: %s, address: %s, user: %s, identity: %s, known_hosts: %s}\n", name, hosts[i].Address, hosts[i].User, hosts[i].Identity,
			hosts[i].KnownHosts)
	}
	if err := os.WriteFile(filepath.Join(dir, "inventory.yaml"), []byte(inventory), 0o600); err != nil {
		t.Fatal(err)
	}
	provision := func(args ...string) *exec.Cmd {
		cmd := exec.Command("provision", args...) // the one of TestMain
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "GORACE=" + os.Getenv("GORACE")}
		return cmd
	}
	run := func(cmd *exec.Cmd) {
		t.Helper()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
	}
	run(provision("--yes"))
	page := filepath.Join(dir, "site", "app", "templates", "index.html")
	if err := os.WriteFile(page, []byte("<p>another</p>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(provision("--yes", "--limit", "near"))

	term := terminaltest.Start(t, provision("dash", "--interval", "1s"))
	term.Resize(120, 40)
	term.Wait(english.T("dash.count", 2, 2), "gunicorn")

	died := time.Now()
	run(exec.Command("docker", "kill", hosts[1].Container))
	term.Wait(english.T("dash.count", 1, 2), strings.TrimSuffix(english.T("dash.lost", ""), " "))
	t.Logf("the row told of the dead host after %v", time.Since(died))
	if took := time.Since(died); took > 15*time.Second {
		t.Errorf("the row told of the dead host after %v only", took)
	}
	back := time.Now()
	run(exec.Command("docker", "start", hosts[1].Container))

	term.Type("e")
	term.Wait("# ")
	term.Type("echo in $((40+2))\r")
	term.Wait("in 42")
	term.Type("exit\r")
	term.Wait(english.T("dash.count", 2, 2)) // drawn anew after the shell, or when the host is back
	t.Logf("and of its return after %v", time.Since(back))
	term.Type("3" + enterKey + "j" + enterKey)
	term.Wait(strings.TrimSuffix(english.T("dash.ask-release", "near", ""), "?"))
	term.Type("y")
	term.Wait(english.T("dash.enter"))
	term.Type(enterKey)
	term.Wait(english.T("dash.differs"))
	term.Type(":quit" + enterKey)
	term.Ended(0)
	term.Restored()
}
