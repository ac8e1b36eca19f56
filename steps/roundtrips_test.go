//go:build host

package steps_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
)

// linkAddress is where the relays of TestRoundTrips listen: an address of loopback that no sandbox host gets, so that the
// standard ports are free there.
const linkAddress = "127.0.13.1"

// TestRoundTrips counts what a run costs a long link: waits in sequence, and bytes to the host. A run that has nothing to do
// is the login (7) and one command (2); the site is asked beside it, and a container that has only just started is looked
// at once more. An answer that arrives in pieces can count as another round trip.
func TestRoundTrips(t *testing.T) {
	c := newCloud(t, sandbox.Options{})
	var ssh, https *sandbox.Relay
	for _, port := range []string{"22", "80", "443"} {
		relay, err := sandbox.NewRelay(t.Context(), linkAddress+":"+port, c.host.Address+":"+port, sandbox.Link{RTT: 40 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = relay.Close() })
		switch port {
		case "22":
			ssh = relay
		case "443":
			https = relay
		}
	}
	known, err := os.ReadFile(c.host.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	known = bytes.ReplaceAll(known, []byte(c.host.Address), []byte(linkAddress))
	c.host.Address, c.host.KnownHosts = linkAddress, filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(c.host.KnownHosts, known, 0o600); err != nil {
		t.Fatal(err)
	}

	for _, run := range []struct {
		name  string
		trips int64 // at most
		bytes int64
		edit  func()
	}{
		{"the first deployment", 40, 64 << 10, func() {}},
		{"nothing to do", 14, 20 << 10, func() {}},
		{"one file changed", 36, 64 << 10, func() { c.write("app/templates/changed.html", "changed") }},
		{"nothing to do again", 14, 20 << 10, func() {}},
	} {
		run.edit()
		before := len(ssh.Stats().Conns)
		c.mustDeploy()
		conns := ssh.Stats().Conns[before:]
		if len(conns) != 1 {
			t.Fatalf("%s: %d connections, want one a run", run.name, len(conns))
		}
		t.Logf("%s: %d round trips, %d bytes to the host", run.name, conns[0].RoundTrips, conns[0].Sent)
		if conns[0].RoundTrips > run.trips || conns[0].Sent > run.bytes {
			t.Errorf("%s costs %d round trips and %d bytes, more than %d and %d", run.name, conns[0].RoundTrips, conns[0].Sent, run.trips, run.bytes)
		}
	}

	// A port that is closed on the way is no reason to take a good release back.
	if err := https.Close(); err != nil {
		t.Fatal(err)
	}
	c.page("closed on the way")
	r := c.deploy()
	if r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.err().Error(), "443") || !c.live("closed on the way") {
		t.Errorf("ended with status %d: %v\n%s", r.result.ExitCode, r.err(), r.timeline())
	}
}
