package remote_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
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
	_ = soon(t, "Traffic", func() error { client.Traffic(); return nil })
	check(t, soon(t, "Close", client.Close))
	err = soon(t, "the Reconnect of a client that was closed", func() error { return <-back })
	if wantLost(t, err); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
