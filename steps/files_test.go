package steps

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestReadAgain: what has just arrived is read once it is left alone, unless the run ends before, or a session is needed.
func TestReadAgain(t *testing.T) {
	for name, test := range map[string]struct {
		after func(f *hostFiles, crowded chan struct{})
		reads bool
		ends  bool // is made to
	}{
		"a long build":  {func(*hostFiles, chan struct{}) { time.Sleep(time.Minute) }, true, false},
		"a short build": {func(*hostFiles, chan struct{}) { time.Sleep(time.Second) }, false, false},
		"a crowded host": {func(_ *hostFiles, crowded chan struct{}) {
			time.Sleep(5 * time.Second)
			close(crowded)
			time.Sleep(time.Minute)
		}, true, true},
		"a run that ends": {func(f *hostFiles, _ chan struct{}) { time.Sleep(5 * time.Second) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				f, crowded := &hostFiles{}, make(chan struct{})
				reads, ended := false, false
				f.readAgain(ctx, crowded, func(ctx context.Context) {
					reads = true
					select {
					case <-time.After(10 * time.Second):
					case <-ctx.Done():
						ended = true
					}
				})
				cancel() // the step ends before
				test.after(f, crowded)
				f.close()
				if reads != test.reads || ended != test.ends {
					t.Errorf("read %v, ended %v", reads, ended)
				}
			})
		})
	}
}
