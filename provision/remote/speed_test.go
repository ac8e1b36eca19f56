//go:build host

package remote_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
)

// The waits of a login and of what follows it are counted on a link where each costs 40 ms.
// What the protocol and the library leave: TCP; version and key-exchange offers; key exchange; service request; "none",
// which tells what the server accepts; the key's public half; its signature; the channel; the command.
func TestRoundTrips(t *testing.T) {
	s := newServer(t)
	r, through := relay(t, s, sandbox.Link{RTT: 40 * time.Millisecond})
	client := s.dial(through, func(c *remote.Config) { c.KeepAlive = time.Minute })
	trips := func() int { return int(r.Stats().Conns[0].RoundTrips) }
	measure := func(what string, most int, work func()) {
		before := trips()
		work()
		if took := trips() - before; took > most {
			t.Errorf("%s took %d round trips, not %d", what, took, most)
		}
	}
	if n := trips() + 1; n > 7 {
		t.Errorf("the login took %d round trips, not 7", n)
	}
	measure("a command", 2, func() { script(t, client, "true") })
	// sshd takes no input before the command runs: its window is zero until then.
	measure("a command with input", 3, func() {
		_, err := client.Output(t.Context(), remote.Command{Argv: []string{"cat"}, Stdin: strings.NewReader("input")})
		check(t, err)
	})
	measure("SFTP", 3, func() {
		session, err := client.SFTP(t.Context())
		check(t, err)
		t.Cleanup(func() { _ = session.Close() })
	})
	measure("a job", 2, func() {
		check(t, client.RunJob(t.Context(), remote.Job{StateDir: "/home/kevin/trips", ID: "x", Script: "true"}, nil))
	})
}
