package remote_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
)

// counted counts the connections that are opened, by any goroutine.
func counted(n *atomic.Int64, through func(*remote.Config)) func(*remote.Config) {
	return func(c *remote.Config) {
		through(c)
		dial := c.Dialer
		c.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			n.Add(1)
			return dial(ctx, network, address)
		}
	}
}

// wantGivenUp checks that err says how often the connection was lost.
func wantGivenUp(t *testing.T, err error) {
	t.Helper()
	if wantLost(t, err); err == nil || !strings.Contains(err.Error(), "was lost 5 times in a row") {
		t.Errorf("got %v", err)
	}
}

// Work that cuts its link every time is given up; work that gets further is not.
func TestRecover(t *testing.T) {
	s := newServer(t)
	r, through := relay(t, s, sandbox.Link{})
	client := s.dial(through)
	cut := func() error {
		return client.Run(t.Context(), remote.Command{Script: "echo on; sleep 1000", Stdout: &untilOutput{cancel: r.Reset}})
	}
	try := func(losses *remote.Losses, lost func(n int)) (n int, err error) {
		for n = 1; n < 12; n++ {
			if err = client.Recover(t.Context(), losses, cut()); err != nil {
				return n, err
			}
			lost(n)
		}
		return n, nil
	}
	n, err := try(&remote.Losses{}, func(int) {})
	if wantGivenUp(t, err); n != 5 {
		t.Errorf("given up after %d losses", n)
	}
	if again := client.Recover(t.Context(), &remote.Losses{}, err); again != err {
		t.Errorf("what was given up is tried again: %v", again)
	}
	check(t, client.Reconnect(t.Context()))
	var moving remote.Losses
	n, err = try(&moving, func(n int) {
		if n <= 6 { // then nothing is done any more
			moving.Left(int64(100 - n))
		} else {
			moving.Left(94)
		}
	})
	if wantGivenUp(t, err); n != 11 {
		t.Errorf("given up after %d losses", n)
	}
}

// A job whose link is cut whenever it is looked at is left alone after a while.
func TestJobOverLinksThatAlwaysDie(t *testing.T) {
	s := newServer(t)
	r, through := relay(t, s, sandbox.Link{})
	var dials atomic.Int64
	client := s.dial(counted(&dials, through))
	job := remote.Job{StateDir: "/home/kevin/dying", ID: "x", Script: "echo begun; sleep 1000"}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := client.RunJob(ctx, job, func(string) {
		s.stop()
		s.start("ForceCommand kill -9 $PPID") // logs everybody in and hangs up at the first command
		r.Reset()
	})
	wantGivenUp(t, err)
	if n := dials.Load(); n != 5 {
		t.Errorf("%d connections", n)
	}
	s.stop()
	s.start()
	check(t, client.Reconnect(ctx))
	check(t, client.KillJob(ctx, job))
}
