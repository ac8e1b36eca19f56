package cockpit

import (
	"strings"
	"sync"

	"github.com/kehuo/provision/provision/survey"
)

// board is where the watches leave what they learn and the model finds it, so that neither waits for the other: a host that
// says much, or a shell that has the terminal, keeps nobody else waiting.
type board struct {
	hide func(string) string

	mu       sync.Mutex
	readings map[string]survey.Reading // the newest of each host, since the model has looked
	lines    []string                  // of the log that is followed
	number   int                       // of that log
}

// mostLines is how many lines of the log wait for the model, which holds no more itself.
const mostLines = 5000

// news is what came since the model has looked.
type news struct {
	readings map[string]survey.Reading
	lines    []string
}

func newBoard(hide func(string) string) *board {
	return &board{hide: hide, readings: map[string]survey.Reading{}}
}

func (b *board) put(r survey.Reading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readings[r.Host] = r
}

// begin begins another log; the function returned adds lines to it, as long as it is the one that is followed.
func (b *board) begin() (add func(lines string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	b.lines = nil
	number := b.number
	return func(text string) {
		lines := strings.Split(b.hide(text), "\n")
		b.mu.Lock()
		defer b.mu.Unlock()
		if number == b.number {
			b.lines = append(b.lines, lines...)
			b.lines = b.lines[max(0, len(b.lines)-mostLines):]
		}
	}
}

func (b *board) take() news {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := news{b.readings, b.lines}
	b.readings, b.lines = map[string]survey.Reading{}, nil
	return n
}
