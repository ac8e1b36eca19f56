package steps

import (
	"strings"
	"sync"

	"github.com/kehuo/provision/provision"
)

// tailLines is how much of a step's output a diagnosis reads: failures explain themselves at the end.
const tailLines = 400

// tail keeps the last lines of a step's output.
type tail struct {
	mu    sync.Mutex
	step  *provision.Reporter
	kept  []string // lines as they came, together
	count int      // of the lines in kept
}

// of forgets what another step wrote.
func (t *tail) of(step *provision.Reporter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.step != step {
		t.step, t.kept, t.count = step, nil, 0
	}
}

// reporter is that of the step whose output came last; nil before there was any.
func (t *tail) reporter() *provision.Reporter {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.step
}

func (t *tail) add(lines string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, lines)
	t.count += countLines(lines)
	for oldest := countLines(t.kept[0]); t.count-oldest >= tailLines; oldest = countLines(t.kept[0]) {
		t.kept = t.kept[1:]
		t.count -= oldest
	}
}

// lines returns what is kept of a step's output, the oldest line first.
func (t *tail) lines(step string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 || t.step.Step() != step {
		return nil
	}
	all := strings.Split(strings.Join(t.kept, "\n"), "\n")
	return all[max(0, len(all)-tailLines):]
}

func countLines(lines string) int { return strings.Count(lines, "\n") + 1 }
