package transfer

import (
	"context"
	"slices"
	"sync"

	"github.com/pkg/sftp"
)

// marker has the host remember which ranges of large files arrived, so that they are not sent again after a cut. It has an
// SFTP session of its own: in one that sends ranges, it would wait behind as many of them as fit into a window. It is an
// optimisation, and its failures are nobody's: what is not remembered is sent again.
type marker struct {
	mu      sync.Mutex
	pending []piece
	more    chan struct{} // holds a token when there is something pending
	open    chan struct{} // gets a token from each session that sends
}

func newMarker(sessions int) *marker {
	return &marker{more: make(chan struct{}, 1), open: make(chan struct{}, sessions)}
}

// arrived takes note of a range that the host acknowledged.
func (m *marker) arrived(p piece) {
	m.mu.Lock()
	m.pending = append(m.pending, p)
	m.mu.Unlock()
	select {
	case m.more <- struct{}{}:
	default:
	}
}

func (m *marker) take() []piece {
	m.mu.Lock()
	defer m.mu.Unlock()
	pieces := m.pending
	m.pending = nil
	return pieces
}

// run writes down what arrived until ctx ends. It takes a session only when all those that send have theirs.
func (m *marker) run(ctx context.Context, u *upload) {
	for range cap(m.open) {
		select {
		case <-m.open:
		case <-ctx.Done():
			return
		}
	}
	c, err := u.client.SFTP(ctx)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		stop()
		_ = c.Close()
	}()
	files := &openFiles{c: c, folder: u.stage + "/large", files: make(map[string]*sftp.File)}
	for {
		select {
		case <-m.more:
		case <-ctx.Done():
			return
		}
		if err := mark(files, m.take()); err != nil {
			return
		}
	}
}

// mark writes a digit for each range, neighbours in one request.
func mark(files *openFiles, pieces []piece) error {
	slices.SortFunc(pieces, func(a, b piece) int {
		if a.of != b.of {
			return comparePaths(a.of.Path, b.of.Path)
		}
		return int(a.index - b.index)
	})
	for len(pieces) > 0 {
		first, n := pieces[0], 1
		for n < len(pieces) && pieces[n].of == first.of && pieces[n].index == first.index+int64(n) {
			n++
		}
		f, err := files.open(largeName(first.of.Entry) + rangesSuffix)
		if err != nil {
			return err
		}
		if _, err := f.WriteAt(slices.Repeat([]byte{'1'}, n), first.index); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return nil
}
