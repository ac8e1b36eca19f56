package steps

import (
	"slices"
	"sync"

	"github.com/kehuo/provision/provision"
)

// tailLines is how much of a step's output a diagnosis reads: failures explain themselves at the end.
const tailLines = 400

// tail keeps the last lines of a step's output.
type tail struct {
	mu   sync.Mutex
	step *provision.Reporter
	ring []string
	next int
}

func newTail() *tail { return &tail{ring: make([]string, 0, tailLines)} }

// of forgets what another step wrote.
func (t *tail) of(step *provision.Reporter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.step != step {
		t.step, t.ring, t.next = step, t.ring[:0], 0
	}
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < tailLines {
		t.ring = append(t.ring, line)
		return
	}
	t.ring[t.next] = line
	t.next = (t.next + 1) % tailLines
}

// lines returns what is kept, the oldest line first.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Concat(t.ring[t.next:], t.ring[:t.next])
}
