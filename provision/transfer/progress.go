package transfer

import (
	"sync"
	"sync/atomic"
)

// progress adds up what was sent and tells it on, never less than before and never more than there is.
type progress struct {
	mu          sync.Mutex
	done, total int64
	told        int64
	tell        func(done, total int64)
	running     atomic.Bool
}

func (p *progress) begin(total int64, tell func(int64, int64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running.Swap(true) {
		return // a second attempt does not start over
	}
	p.total, p.tell = total, tell
	if tell != nil {
		tell(0, total)
	}
}

func (p *progress) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(p.done+n, p.total)
	if p.tell != nil && (p.done-p.told >= progressStep || p.done == p.total && p.told < p.total) {
		p.told = p.done
		p.tell(p.done, p.total)
	}
}

// progressStep is how many bytes are sent between two calls of Progress.
const progressStep = 64 << 10
