//go:build host

package remote_test

import (
	"io"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
)

// What is written to a link that died without a word, the heartbeat of a lock for example, is no sign of its life.
func TestSilentLinkIsNoticedUnderAHeartbeat(t *testing.T) {
	s := newServer(t)
	r, through := relay(t, s, sandbox.Link{})
	client := s.dial(through)
	input, beats := io.Pipe()
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for range ticker.C {
			if _, err := io.WriteString(beats, "alive\n"); err != nil {
				return
			}
		}
	}()
	holder, err := client.Start(t.Context(), remote.Command{Script: "cat >/dev/null", Stdin: input})
	check(t, err)
	begun := time.Now()
	wantLost(t, client.Run(t.Context(), remote.Command{Script: "echo begun; sleep 1000", Stdout: &untilOutput{cancel: r.Stall}}))
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("noticed after %v", took)
	}
	wantLost(t, holder.Wait())
	check(t, input.Close())
	<-beating
}
