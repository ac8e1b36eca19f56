package remote

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Of many connections to one address a few wait for their login at a time; those that hang hold up the others for a moment only.
func TestGate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		login, most time.Duration // of each connection, and of all of them
	}{
		"logins of a second": {time.Second, 5 * time.Second},
		"hosts that hang":    {time.Minute, 4*patience + time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g Gate
				var mu sync.Mutex
				var waiting sync.WaitGroup
				inside, most := 0, 0
				begun := time.Now()
				for range 5 * atTheDoor {
					waiting.Go(func() {
						leave := g.enter(t.Context(), "192.0.2.1:22")
						mu.Lock()
						inside++
						most = max(most, inside)
						mu.Unlock()
						time.Sleep(c.login)
						mu.Lock()
						inside--
						mu.Unlock()
						leave()
					})
				}
				waiting.Wait()
				if c.login < patience && most > atTheDoor {
					t.Errorf("%d connections waited for their login at a time, want %d", most, atTheDoor)
				}
				if took := time.Since(begun); took > c.most {
					t.Errorf("it took %s, want %s at most", took, c.most)
				}
			})
		})
	}
}

// Another address has places of its own, and whoever gives up waiting holds none.
func TestGateElsewhere(t *testing.T) {
	t.Parallel()
	var g Gate
	for range atTheDoor {
		defer g.enter(t.Context(), "192.0.2.1:22")()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	g.enter(ended, "192.0.2.1:22")()
	g.enter(t.Context(), "192.0.2.2:22")()
}
