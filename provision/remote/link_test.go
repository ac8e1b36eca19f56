//go:build host

package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/shell"
)

// relay puts a link that can be disturbed before a server.
func relay(t *testing.T, s *server, link sandbox.Link) (*sandbox.Relay, func(*remote.Config)) {
	t.Helper()
	r, err := sandbox.NewRelay(context.Background(), "127.0.0.1:0", net.JoinHostPort(machine.Address, strconv.Itoa(s.port)), link)
	check(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r, func(c *remote.Config) {
		c.Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, r.Addr())
		}
		c.KeepAlive = 500 * time.Millisecond
	}
}

// wantLost checks that err says that the connection was lost.
func wantLost(t *testing.T, err error) {
	t.Helper()
	if !remote.IsLost(err) || provision.ExitCode(err) != provision.ExitUnreachable {
		t.Errorf("got %v", err)
	}
}

func TestLostLinks(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		name    string
		disturb func(*sandbox.Relay)
		heal    func(*sandbox.Relay)
	}{
		{"reset", (*sandbox.Relay).Reset, func(*sandbox.Relay) {}},
		{"cut", func(r *sandbox.Relay) { r.CutAfter(1) }, func(*sandbox.Relay) {}},
		{"silent", (*sandbox.Relay).Stall, (*sandbox.Relay).Resume},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, through := relay(t, s, sandbox.Link{})
			client := s.dial(through)
			pid := &untilOutput{cancel: func() { c.disturb(r) }}
			begun := time.Now()
			err := client.Run(t.Context(), remote.Command{Script: "echo $$; sleep 1000", Stdout: pid})
			wantLost(t, err)
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("noticed after %v", took)
			}
			wantLost(t, client.Run(t.Context(), remote.Command{Script: "true"}))
			if _, err := client.SFTP(t.Context()); !remote.IsLost(err) {
				t.Errorf("SFTP: %v", err)
			}
			if _, err := client.DialContext(t.Context(), "tcp", "127.0.0.1:22"); !remote.IsLost(err) {
				t.Errorf("tunnel: %v", err)
			}
			c.heal(r)
			check(t, client.Reconnect(t.Context()))
			check(t, client.Reconnect(t.Context()))
			if got := script(t, client, "echo back"); got != "back\n" {
				t.Errorf("got %q", got)
			}
			if left := script(t, client, stillThere(pid.String())); left != "" && c.name != "silent" {
				t.Errorf("the process %s outlived its link", left)
			}
		})
	}
}

// The host is away for a while, as in a reboot, and comes back.
func TestReconnectKeepsTrying(t *testing.T) {
	s := newServer(t)
	told := make(chan bool, 2)
	client := s.dial(func(c *remote.Config) {
		c.Link = func(up bool) {
			select {
			case told <- up:
			default:
			}
		}
	})
	s.stop()
	wantLost(t, client.Run(t.Context(), remote.Command{Script: "sleep 1000"}))
	back := make(chan error, 1)
	go func() { back <- client.Reconnect(t.Context()) }()
	select {
	case err := <-back:
		t.Fatalf("came back to a host that is away: %v", err)
	case <-time.After(time.Second):
	}
	s.start()
	check(t, <-back)
	if got := script(t, client, "echo back"); got != "back\n" {
		t.Errorf("got %q", got)
	}
	if len(told) != 2 || <-told || !<-told {
		t.Error("nobody was told that the link was gone, and that it was back")
	}
	t.Run("until the context ends", func(t *testing.T) {
		s.stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantLost(t, client.Run(ctx, remote.Command{Script: "sleep 1000"}))
		if err := client.Reconnect(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		s.start()
	})
}

// A key that changes while the link is away is not tried again.
func TestReconnectToAnImpostor(t *testing.T) {
	s := newServer(t)
	dials := 0
	client := s.dial(countDials(&dials))
	s.stop()
	s.run("cd " + s.folder + "; rm host; ssh-keygen -q -t ed25519 -N '' -f host")
	s.start()
	wantLost(t, client.Run(t.Context(), remote.Command{Script: "true"}))
	wantFailure(t, client.Reconnect(t.Context()), "hostkey.replaced")
	if dials != 2 {
		t.Errorf("%d connections", dials)
	}
}

// A link that is full for longer than the keep-alive waits is not a dead one.
func TestSlowLinkIsNotDead(t *testing.T) {
	s := newServer(t)
	_, through := relay(t, s, sandbox.Link{RTT: 100 * time.Millisecond, Rate: 400_000})
	client := s.dial(through)
	out, err := client.Output(t.Context(), remote.Command{Argv: []string{"wc", "-c"}, Stdin: strings.NewReader(strings.Repeat("x", 1_500_000))})
	check(t, err)
	if strings.TrimSpace(string(out)) != "1500000" {
		t.Errorf("got %q", out)
	}
}

// More sessions than the server allows wait for one another.
func TestMaxSessions(t *testing.T) {
	for limit, want := range map[string]int{"MaxSessions 2": 2, "MaxSessions 10": 10} {
		t.Run(limit, func(t *testing.T) {
			client := newServer(t, limit).dial()
			var wg sync.WaitGroup
			for i := range want + 3 {
				wg.Go(func() {
					out, err := client.Output(t.Context(), remote.Command{Script: shell.Text(fmt.Sprintf("sleep 0.3; echo %d", i))})
					if err != nil || string(out) != fmt.Sprintln(i) {
						t.Errorf("%d: got %q, %v", i, out, err)
					}
				})
			}
			wg.Wait()
			s, err := client.SFTP(t.Context())
			check(t, err)
			check(t, s.Close())
		})
	}
	t.Run("none", func(t *testing.T) {
		client := newServer(t, "MaxSessions 0").dial()
		wantFailure(t, client.Run(t.Context(), remote.Command{Script: "true"}), "connect.channel-refused", "MaxSessions")
	})
}

// A server that turns connections away for a moment is tried again.
func TestMaxStartups(t *testing.T) {
	s := newServer(t, "MaxStartups 1:100:1", "LoginGraceTime 1")
	conn, err := net.Dial("tcp", net.JoinHostPort(machine.Address, strconv.Itoa(s.port)))
	check(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Read(make([]byte, 1)) // the server knows of the connection
	check(t, err)
	s.dial()
}

// withSubsystem starts the server again with another line for SFTP.
func (s *server) withSubsystem(line string) {
	s.t.Helper()
	s.run("sed -i 's,^Subsystem.*," + line + ",' " + s.folder + "/config")
	s.stop()
	s.run("/usr/sbin/sshd -f " + s.folder + "/config -E " + s.folder + "/log; until [ -s " + s.folder + "/pid ]; do sleep 0.05; done")
}

func TestNoSFTP(t *testing.T) {
	s := newServer(t)
	s.withSubsystem("")
	client := s.dial(func(c *remote.Config) { c.Timeout = 2 * time.Second })
	_, err := client.SFTP(t.Context())
	if err == nil || !strings.Contains(words(err), "Subsystem sftp") {
		t.Errorf("got %v", err)
	}
	script(t, client, "true")
}

// A server program that neither speaks nor ends, though its session was closed, holds nobody up.
func TestSilentSFTP(t *testing.T) {
	s := newServer(t)
	s.withSubsystem("Subsystem sftp /bin/sleep 1000")
	client := s.dial(func(c *remote.Config) { c.Timeout = 2 * time.Second })
	ended := make(chan error, 1)
	go func() {
		_, err := client.SFTP(t.Context())
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil || remote.IsLost(err) || !strings.Contains(words(err), "Subsystem sftp") {
			t.Errorf("got %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("it waits for ever")
	}
	script(t, client, "true")
}

// A tunnel reaches what listens on the host, and does not count as a session.
func TestTunnel(t *testing.T) {
	s := newServer(t, "MaxSessions 1")
	client := s.dial()
	session, err := client.SFTP(t.Context())
	check(t, err)
	conn, err := client.DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	check(t, err)
	hello := make([]byte, 4)
	_, err = conn.Read(hello)
	if err != nil || string(hello) != "SSH-" {
		t.Errorf("got %q, %v", hello, err)
	}
	check(t, conn.Close())
	check(t, session.Close())
	if _, err := client.DialContext(t.Context(), "tcp", "127.0.0.1:1"); err == nil || remote.IsLost(err) {
		t.Errorf("got %v", err)
	}
	script(t, client, "true")
}

// A job's output comes through whole, whatever becomes of the links under it.
func TestJobOverCutLinks(t *testing.T) {
	s := newServer(t)
	r, through := relay(t, s, sandbox.Link{RTT: 10 * time.Millisecond})
	client := s.dial(through)
	const lines = 3000
	n := 0
	err := client.RunJob(t.Context(), remote.Job{StateDir: "/home/kevin/cut", ID: "long",
		Script: shell.Text(fmt.Sprintf("i=0; while [ $i -lt %d ]; do echo line $i; i=$((i+1)); [ $((i %% 100)) = 0 ] && sleep 0.1; done; exit 9", lines))},
		safetext.EachLine(func(line string) {
			if want := fmt.Sprint("line ", n); line != want {
				t.Errorf("got %q, want %q", line, want)
			}
			n++
			switch {
			case n%1000 == 500:
				r.CutAfter(1500)
			case n == 1200:
				r.Stall()
				time.AfterFunc(3*time.Second, r.Resume)
			}
		}))
	var ended *remote.ExitError
	if !errors.As(err, &ended) || ended.Code != 9 || n != lines {
		t.Errorf("%d lines, %v", n, err)
	}
	// The host removes its folder once it is told that the end is known here, beside everything else.
	if left := script(t, client, "cd /home/kevin/cut/jobs; i=0; while [ -d long ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done; ls"); left != "" {
		t.Errorf("%q is left behind", left)
	}
}
