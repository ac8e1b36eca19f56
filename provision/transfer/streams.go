package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/tree"
)

const (
	// nearby is the round trip below which bundles are stored at first: such a link is fast more often than not.
	nearby = 5 * time.Millisecond
	// farAway is the round trip from which on bundles are compressed whatever the rate: the windows of such a link hold
	// less than the processor packs meanwhile.
	farAway = 100 * time.Millisecond
)

// sendSmall sends files as bundles, by several streams that take the next group of files as they go. It returns when all
// is sent; the streams it returns may still be unpacking.
func (u *upload) sendSmall(ctx context.Context) (used []*session, err error) {
	if len(u.s.small) == 0 {
		return nil, nil
	}
	q := newQueue(u.s.small)
	var bytes int64
	for _, e := range u.s.small {
		bytes += e.Size
	}
	n := min(max(streamsFor(bytes, u.client.RoundTrip()), 1), len(q.groups))
	if len(u.s.large) > 0 {
		n = min(n, maxStreams-channelsBeside)
	}
	sessions := u.Prepared.atLeast(n)
	pace := measuring(n, u.client.RoundTrip() >= nearby)
	if u.client.RoundTrip() > farAway {
		pace = compressing()
	}
	feeding, ctx := errgroup.WithContext(ctx)
	for _, s := range sessions {
		feeding.Go(func() error { return u.stream(ctx, s, q, pace) })
	}
	err = feeding.Wait()
	u.Prepared.endIdle(sessions, q.used) // a host that allows few sessions has one for the commit then
	if err != nil {
		for _, s := range q.used {
			s.cancel(err)
			_ = s.wait()
		}
	}
	return q.used, err
}

// stream sends by one session what it takes from the queue. The first one finds out how fast the link is, and goes on whatever
// that is; the others begin when it is known.
func (u *upload) stream(ctx context.Context, s *session, q *queue, pace *pace) error {
	for _, ready := range []<-chan struct{}{s.started, pace.known} {
		if ready == pace.known && q.lead() {
			continue
		}
		select {
		case <-ready:
		case <-q.drained.Done(): // what opens too late is of no use
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	number := q.register(s)
	plain := number > 1 && !pace.slow.Load()
	s.feed(func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s %s %d %s\n", u.where(), u.id, number, map[bool]string{true: "plain", false: "gzip"}[plain]); err != nil {
			return err
		}
		return u.bundle(s.ctx, newBundle(w, u.Root, pace, plain, u.sent.add), q)
	})
	select {
	case <-s.in.done:
	case <-s.ended:
	case <-ctx.Done():
		s.cancel(context.Cause(ctx))
	}
	if s.in.failed() {
		return s.wait()
	}
	return nil
}

// bundle sends groups of files until there are no more. Where the link turns out to be slow after all, what does not compress
// leaves the rest to those that do.
func (u *upload) bundle(ctx context.Context, b *bundle, q *queue) error {
	for files := q.take(); files != nil; files = q.take() {
		for _, e := range files {
			if err := b.add(ctx, e); err != nil {
				return err
			}
		}
		if b.pack.plain && b.pack.pace.slow.Load() {
			break
		}
	}
	return b.close()
}

// where tells the scripts on the host which folder files are staged in.
func (u *upload) where() string {
	if u.d.listing.inside {
		return "inside"
	}
	return "state"
}

// queue hands out the files to send in groups.
type queue struct {
	mu      sync.Mutex
	groups  [][]tree.Entry
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

func newQueue(files []tree.Entry) *queue {
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
func (q *queue) take() []tree.Entry {
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

// progress adds up what was sent and tells it on, never less than before and never more than there is.
type progress struct {
	mu          sync.Mutex
	done, total int64
	reported    int64
	tell        func(done, total int64)
	running     atomic.Bool
}

func (p *progress) begin(total int64, tell func(int64, int64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running.Swap(true) {
		return // a second attempt does not start over
	}
	p.total, p.tell = total, tell
	if tell != nil {
		tell(0, total)
	}
}

func (p *progress) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(p.done+n, p.total)
	if p.tell != nil && (p.done-p.reported >= progressStep || p.done == p.total && p.reported < p.total) {
		p.reported = p.done
		p.tell(p.done, p.total)
	}
}

// progressStep is how many bytes are sent between two calls of Progress.
const progressStep = 64 << 10
