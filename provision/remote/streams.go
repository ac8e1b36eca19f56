package remote

import (
	"io"
	"sync"
)

// drain copies until the end. A writer that fails does not stop the reading: an unread stream would block the command and,
// because both streams share the channel's window, the other stream with it.
func drain(w io.Writer, r io.Reader) error {
	_, err := io.Copy(w, r)
	if err != nil {
		_, _ = io.Copy(io.Discard, r)
	}
	return err
}

// lockedWriter lets both streams write to one writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// sameWriter compares writers whose types may not be comparable.
func sameWriter(a, b io.Writer) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}
