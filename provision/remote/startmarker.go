package remote

import (
	"bytes"
	"io"
	"strconv"
	"sync"
)

// startMarker passes standard output on from the announcement on. What stands before it was printed by the login shell's
// start-up files and is no output of the command.
type startMarker struct {
	mark []byte
	w    io.Writer

	mu     sync.Mutex
	before []byte // up to the announcement
	pgid   int    // 0 until the announcement was read
	found  chan struct{}
}

// noiseLimit bounds what a login shell may print before the command begins.
const noiseLimit = 1 << 20

func newStartMarker(nonce string, w io.Writer) *startMarker {
	return &startMarker{mark: []byte("\x01" + nonce + " "), w: w, found: make(chan struct{})}
}

func (m *startMarker) Write(p []byte) (int, error) {
	n := len(p)
	if !m.seen() {
		p = m.look(p)
	}
	if m.w == nil || len(p) == 0 {
		return n, nil
	}
	if _, err := m.w.Write(p); err != nil {
		return 0, err
	}
	return n, nil
}

// longestGroup bounds what may stand between the mark and the end of its line: the number of a process group.
const longestGroup = 64

// look searches for the announcement and returns what follows it. A mark without the end of a line in reach is noise.
func (m *startMarker) look(p []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = append(m.before, p...)
	for from := 0; ; {
		start := bytes.Index(m.before[from:], m.mark)
		if start < 0 {
			break
		}
		start += from
		from = start + len(m.mark)
		rest := m.before[from:]
		if end := bytes.IndexByte(rest[:min(len(rest), longestGroup)], '\n'); end >= 0 {
			m.pgid, _ = strconv.Atoi(string(bytes.TrimSpace(rest[:end])))
			m.before = m.before[:start]
			close(m.found)
			return rest[end+1:]
		}
	}
	if over := len(m.before) - noiseLimit; over > 0 {
		m.before = append([]byte(nil), m.before[over:]...)
	}
	return nil
}

func (m *startMarker) seen() bool {
	select {
	case <-m.found:
		return true
	default:
		return false
	}
}

// group is the process group that the command leads on the host; 0 while it is unknown.
func (m *startMarker) group() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pgid
}

func (m *startMarker) noise() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.before)
}
