package steps

import (
	"bytes"
	"sync"

	"github.com/kehuo/provision/provision/state"
)

// answer collects what the lock command prints and tells when the lock is ours.
type answer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	told   bool
	locked chan int
}

// answerLimit bounds what is kept of the answer, in bytes: it is a line or three.
const answerLimit = 64 << 10

func newAnswer() *answer { return &answer{locked: make(chan int, 1)} }

func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buffer.Write(p[:min(len(p), max(0, answerLimit-a.buffer.Len()))])
	if line, _, whole := bytes.Cut(a.buffer.Bytes(), []byte("\n")); whole && !a.told {
		a.told = true
		if turn, ok := state.ParseLocked(string(line)); ok {
			a.locked <- turn
		}
	}
	return len(p), nil
}

func (a *answer) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.buffer.String()
}
