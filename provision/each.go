package provision

import (
	"context"
	"runtime/debug"
	"sync"
)

// each does work on all hosts at the same time. A fault of the program itself becomes the failure of one host: the others go on, and
// whoever draws on the terminal gets to restore it.
func each(ctx context.Context, walks []*walk, work func(*walk, context.Context)) {
	var wg sync.WaitGroup
	for _, w := range walks {
		wg.Go(func() {
			defer func() {
				if fault := recover(); fault != nil {
					w.err = Fail("program.fault", w.target.Name(), fault, string(debug.Stack()))
					w.result = HostResult{Changed: w.changed, Status: StatusFailed, Err: w.err}
				}
			}()
			work(w, ctx)
		})
	}
	wg.Wait()
}
