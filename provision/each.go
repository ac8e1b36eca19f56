package provision

import (
	"context"
	"runtime/debug"
	"sync"
)

// each runs work on all targets at the same time and collects how each ended.
func each(ctx context.Context, targets []Target, work func(context.Context, Target) HostResult) map[string]HostResult {
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		results = make(map[string]HostResult, len(targets))
	)
	for _, t := range targets {
		wg.Go(func() {
			result := contained(ctx, t, work)
			mu.Lock()
			defer mu.Unlock()
			results[t.Name()] = result
		})
	}
	wg.Wait()
	return results
}

// contained turns a fault of the program itself into the failure of one host: the others go on, and whoever draws on the
// terminal gets to restore it.
func contained(ctx context.Context, t Target, work func(context.Context, Target) HostResult) (result HostResult) {
	defer func() {
		if fault := recover(); fault != nil {
			result = HostResult{Status: StatusFailed, Err: Fail("program.fault", t.Name(), fault, string(debug.Stack()))}
		}
	}()
	return work(ctx, t)
}
