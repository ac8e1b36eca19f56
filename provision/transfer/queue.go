package transfer

import (
	"context"
	"sync"
	"sync/atomic"
)

// queue hands out the files to send in groups.
type queue struct {
	mu      sync.Mutex
	groups  [][]Entry
	drained context.Context
	empty   context.CancelFunc
	used    []*session
	led     atomic.Bool
}

// groupSize is how much content, in bytes, and how many files a stream takes from the queue at once.
const (
	groupSize  = 256 << 10
	groupFiles = 64
)

func newQueue(files []Entry) *queue {
	q := &queue{}
	q.drained, q.empty = context.WithCancel(context.Background())
	var size int64
	begin := 0
	for i, e := range files {
		size += e.Size
		if size >= groupSize || i+1-begin == groupFiles || i+1 == len(files) {
			q.groups = append(q.groups, files[begin:i+1])
			begin, size = i+1, 0
		}
	}
	return q
}

// lead tells the session that asks first that it goes ahead.
func (q *queue) lead() bool { return !q.led.Swap(true) }

// register counts a session that is about to take from the queue, and returns its number, from 1 on.
func (q *queue) register(s *session) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used = append(q.used, s)
	return len(q.used)
}

// take returns the next group; nil when all are taken.
func (q *queue) take() []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.groups) == 0 {
		q.empty()
		return nil
	}
	next := q.groups[0]
	q.groups = q.groups[1:]
	return next
}
