package provision

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A thousand hosts that are connected to in half a second each are so a few at a time, and as many that hang hold each other up for no
// longer than their turns.
func TestPace(t *testing.T) {
	t.Parallel()
	for name, connecting := range map[string]time.Duration{"ready": turn / 2, "hanging": 15 * turn} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPace()
				var hosts sync.WaitGroup
				begun := time.Now()
				for range 10 * cap(p) {
					hosts.Go(func() {
						defer p.take(t.Context())()
						time.Sleep(connecting)
					})
				}
				hosts.Wait()
				if took, most := time.Since(begun), 9*min(turn, connecting)+connecting; took != most {
					t.Errorf("it took %s, want %s", took, most)
				}
			})
		})
	}
}
