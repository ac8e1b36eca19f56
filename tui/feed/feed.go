// Package feed stands between a run, which may print a hundred thousand lines in a second, and a screen, which shows thirty
// pictures in that time: it never makes the run wait.
package feed

import (
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
)

const (
	// interval is how far apart batches are at least.
	interval = time.Second / 30
	// pending is how many lines of output wait for the next batch at most; older ones are dropped from the screen. The log
	// file is another reader of the stream and has them all.
	pending = 4000
)

// Batch is what happened since the last one.
type Batch struct {
	Events  []provision.Event
	Dropped int // lines of output that the batch leaves out
}

// Feed collects events and hands them over in batches. Its Emit is a provision.Sink that does not block.
type Feed struct {
	mu      sync.Mutex
	batch   Batch
	lines   int // of output in batch
	wake    chan struct{}
	closed  chan struct{}
	closing sync.Once
	done    chan struct{}
}

// New starts a feed that hands its batches to deliver, one at a time and from one goroutine, until Close.
func New(deliver func(Batch)) *Feed {
	f := &Feed{wake: make(chan struct{}, 1), closed: make(chan struct{}), done: make(chan struct{})}
	go f.run(deliver)
	return f
}

// Emit takes an event for the next batch.
func (f *Feed) Emit(e provision.Event) {
	f.mu.Lock()
	f.add(e)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed) add(e provision.Event) {
	switch b := e.Body.(type) {
	case provision.StepOutput:
		f.lines += strings.Count(b.Text, "\n") + 1
	case provision.StepProgress: // only the last of several in a row is worth showing
		if n := len(f.batch.Events); n > 0 {
			last := &f.batch.Events[n-1]
			if _, same := last.Body.(provision.StepProgress); same && last.Host == e.Host && last.Step == e.Step {
				*last = e
				return
			}
		}
	}
	f.batch.Events = append(f.batch.Events, e)
	if f.lines > pending {
		f.drop(f.lines - pending/2)
	}
}

// drop leaves out the n oldest lines of output.
func (f *Feed) drop(n int) {
	f.lines -= n
	f.batch.Dropped += n
	kept := f.batch.Events[:0]
	for _, e := range f.batch.Events {
		if output, ok := e.Body.(provision.StepOutput); ok && n > 0 {
			rest, more := output.Text, true
			for ; n > 0 && more; n-- {
				_, rest, more = strings.Cut(rest, "\n")
			}
			if !more {
				continue
			}
			output.Text = rest
			e.Body = output
		}
		kept = append(kept, e)
	}
	clear(f.batch.Events[len(kept):])
	f.batch.Events = kept
}

func (f *Feed) take() Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	batch := f.batch
	f.batch, f.lines = Batch{}, 0
	return batch
}

func (f *Feed) run(deliver func(Batch)) {
	defer close(f.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-f.wake:
		case <-f.closed:
			if batch := f.take(); len(batch.Events) > 0 {
				deliver(batch)
			}
			return
		}
		if batch := f.take(); len(batch.Events) > 0 {
			deliver(batch)
		}
		timer.Reset(interval)
		select {
		case <-timer.C:
		case <-f.closed:
		}
	}
}

// Close delivers what is left and waits until that is done. Nothing may be emitted after it.
func (f *Feed) Close() {
	f.closing.Do(func() { close(f.closed) })
	<-f.done
}
