package remote

import (
	"bytes"
	"io"
	"strconv"
	"sync"
)

// begun passes standard output on from the announcement on. What stands before it was printed by the login shell's
// start-up files and is no output of the command.
type begun struct {
	mark []byte
	w    io.Writer

	mu     sync.Mutex
	before []byte // up to the announcement
	pgid   int    // 0 until the announcement was read
	found  chan struct{}
}

// noiseLimit bounds what a login shell may print before the command begins.
const noiseLimit = 1 << 20

func newBegun(nonce string, w io.Writer) *begun {
	return &begun{mark: []byte("\x01" + nonce + " "), w: w, found: make(chan struct{})}
}

func (b *begun) Write(p []byte) (int, error) {
	n := len(p)
	if !b.seen() {
		p = b.look(p)
	}
	if b.w == nil || len(p) == 0 {
		return n, nil
	}
	if _, err := b.w.Write(p); err != nil {
		return 0, err
	}
	return n, nil
}

// longestGroup bounds what may stand between the mark and the end of its line: the number of a process group.
const longestGroup = 64

// look searches for the announcement and returns what follows it. A mark without the end of a line in reach is noise.
func (b *begun) look(p []byte) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = append(b.before, p...)
	for from := 0; ; {
		start := bytes.Index(b.before[from:], b.mark)
		if start < 0 {
			break
		}
		start += from
		from = start + len(b.mark)
		rest := b.before[from:]
		if end := bytes.IndexByte(rest[:min(len(rest), longestGroup)], '\n'); end >= 0 {
			b.pgid, _ = strconv.Atoi(string(bytes.TrimSpace(rest[:end])))
			b.before = b.before[:start]
			close(b.found)
			return rest[end+1:]
		}
	}
	if over := len(b.before) - noiseLimit; over > 0 {
		b.before = append([]byte(nil), b.before[over:]...)
	}
	return nil
}

func (b *begun) seen() bool {
	select {
	case <-b.found:
		return true
	default:
		return false
	}
}

// group is the process group that the command leads on the host; 0 while it is unknown.
func (b *begun) group() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pgid
}

func (b *begun) noise() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.before)
}
