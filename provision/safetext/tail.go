package safetext

import (
	"strings"
	"sync"
)

// Tail keeps the end of what is written to it. It may be written to by several goroutines.
type Tail struct {
	mu    sync.Mutex
	limit int
	kept  []byte
}

// NewTail returns a tail of at most limit bytes.
func NewTail(limit int) *Tail { return &Tail{limit: limit} }

// Write implements io.Writer.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if n > t.limit {
		p = p[n-t.limit:]
	}
	if over := len(t.kept) + len(p) - t.limit; over > 0 {
		t.kept = t.kept[:copy(t.kept, t.kept[over:])]
	}
	t.kept = append(t.kept, p...)
	return n, nil
}

// Bytes is a copy of what is kept.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.kept...)
}

// LineTail keeps the last lines of what is added to it. It may be used by several goroutines.
type LineTail struct {
	mu    sync.Mutex
	limit int
	kept  []string // lines as they came, together
	count int      // of the lines in kept
}

// NewLineTail returns a tail of at most limit lines.
func NewLineTail(limit int) *LineTail { return &LineTail{limit: limit} }

// Add adds lines, parted by \n.
func (t *LineTail) Add(lines string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, lines)
	t.count += countLines(lines)
	for oldest := countLines(t.kept[0]); t.count-oldest >= t.limit; oldest = countLines(t.kept[0]) {
		t.kept = t.kept[1:]
		t.count -= oldest
	}
}

// Lines are the lines that are kept, the oldest first.
func (t *LineTail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 {
		return nil
	}
	all := strings.Split(strings.Join(t.kept, "\n"), "\n")
	return all[max(0, len(all)-t.limit):]
}

func countLines(lines string) int { return strings.Count(lines, "\n") + 1 }
