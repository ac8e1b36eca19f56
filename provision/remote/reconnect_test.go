//go:build host

package remote_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
)

// blackHole lets the first connection through and none after it; every later attempt is told of and lasts until it is given up.
func blackHole(attempts chan<- struct{}) func(*remote.Config) {
	first := true
	return func(c *remote.Config) {
		c.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			if first {
				first = false
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			select {
			case attempts <- struct{}{}:
			default:
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
}

// soon fails the test when what is done does not end at once.
func soon(t *testing.T, what string, do func() error) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(3 * time.Second):
		t.Fatalf("%s does not end", what)
		return nil
	}
}

// While one call looks for the host, the others keep to their own contexts, and the client can be closed.
func TestReconnectHoldsNobodyUp(t *testing.T) {
	s := newServer(t)
	attempts := make(chan struct{}, 1)
	client := s.dial(blackHole(attempts))
	s.stop()
	wantLost(t, client.Run(t.Context(), remote.Command{Script: "sleep 1000"}))
	patient, end := context.WithCancel(context.Background())
	defer end()
	back := make(chan error, 1)
	go func() { back <- client.Reconnect(patient) }()
	<-attempts
	short := func(do func(context.Context) error) func() error {
		return func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			return do(ctx)
		}
	}
	if err := soon(t, "another Reconnect", short(client.Reconnect)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	wantLost(t, soon(t, "a command", short(func(ctx context.Context) error {
		_, err := client.Output(ctx, remote.Command{Script: "true"})
		return err
	})))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	err := soon(t, "a command that was given up", func() error {
		_, err := client.Start(cancelled, remote.Command{Script: "true"})
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_ = soon(t, "RoundTrip", func() error { client.RoundTrip(); return nil })
	check(t, soon(t, "Close", client.Close))
	err = soon(t, "the Reconnect of a client that was closed", func() error { return <-back })
	if wantLost(t, err); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// loginAgain has a client lose its connection and make another one.
func loginAgain(t *testing.T, c *remote.Client) {
	t.Helper()
	wantLost(t, c.Run(t.Context(), remote.Command{Script: "kill -9 $PPID; sleep 1000"}))
	check(t, c.Reconnect(t.Context()))
}

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
	if wantLost(t, err); err == nil || !strings.Contains(words(err), "5 times in a row") {
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
	try := func(budget *remote.RetryBudget, lost func(n int)) (n int, err error) {
		for n = 1; n < 12; n++ {
			if err = client.Recover(t.Context(), budget, cut()); err != nil {
				return n, err
			}
			lost(n)
		}
		return n, nil
	}
	n, err := try(&remote.RetryBudget{}, func(int) {})
	if wantGivenUp(t, err); n != 5 {
		t.Errorf("given up after %d losses", n)
	}
	if again := client.Recover(t.Context(), &remote.RetryBudget{}, err); again != err {
		t.Errorf("what was given up is tried again: %v", again)
	}
	check(t, client.Reconnect(t.Context()))
	var moving remote.RetryBudget
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
