package steps

import "sync"

// tailLines is how much of a step's output a diagnosis reads: failures explain themselves at the end.
const tailLines = 400

// tail keeps the last lines of an output.
type tail struct {
	mu   sync.Mutex
	ring []string
	next int
}

func newTail() *tail { return &tail{ring: make([]string, 0, tailLines)} }

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

// lines returns what is kept, the oldest line first, and forgets it.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := append(append([]string(nil), t.ring[t.next:]...), t.ring[:t.next]...)
	t.ring, t.next = t.ring[:0], 0
	return lines
}
