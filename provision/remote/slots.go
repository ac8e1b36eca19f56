package remote

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// assumedSessions is sshd's default for MaxSessions. A server that allows fewer shows it by refusing one.
const assumedSessions = 10

// slots are the sessions that a connection may have open at a time.
type slots struct {
	mu    sync.Mutex
	open  int
	limit int
	freed chan struct{} // closed and replaced whenever a session ends
}

func newSlots() *slots { return &slots{limit: assumedSessions, freed: make(chan struct{})} }

// acquire waits until a session may be opened.
func (s *slots) acquire(ctx context.Context, down <-chan struct{}) error {
	for {
		s.mu.Lock()
		if s.open < s.limit {
			s.open++
			s.mu.Unlock()
			return nil
		}
		freed := s.freed
		s.mu.Unlock()
		select {
		case <-freed:
		case <-down:
			return errLinkDown
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errLinkDown = errors.New("the link is down")

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	close(s.freed)
	s.freed = make(chan struct{})
}

// refused learns from a refusal: one less than what is open now is the server's limit. It reports whether anything of ours
// is open that can be waited for.
func (s *slots) refused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open > 1 {
		s.limit = s.open - 1
		return true
	}
	return false
}

// refusals is how often a session is asked for again while none of ours is open: a process that was just cancelled may
// hold its session for a moment.
const (
	refusals     = 10
	refusalPause = 300 * time.Millisecond
)

// openSession opens a session, waiting for another one to end where the server allows no more.
func (l *link) openSession(ctx context.Context) (ssh.Channel, <-chan *ssh.Request, error) {
	for try := 0; ; {
		if err := l.slots.acquire(ctx, l.down); err != nil {
			return nil, nil, err
		}
		channel, requests, err := l.openChannel(ctx, "session")
		if err == nil {
			return channel, requests, nil
		}
		var refused *ssh.OpenChannelError
		wait := errors.As(err, &refused) && l.slots.refused()
		l.slots.release()
		if refused == nil || try == refusals {
			return nil, nil, err
		}
		if !wait {
			try++
			select {
			case <-time.After(refusalPause):
			case <-l.down:
				return nil, nil, errLinkDown
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			}
		}
	}
}

// openChannel is ssh.Client.OpenChannel with an end: a channel that comes too late is closed.
func (l *link) openChannel(ctx context.Context, kind string) (ssh.Channel, <-chan *ssh.Request, error) {
	type opened struct {
		channel  ssh.Channel
		requests <-chan *ssh.Request
		err      error
	}
	result := make(chan opened, 1)
	l.workers.Go(func() {
		channel, requests, err := l.ssh.OpenChannel(kind, nil)
		result <- opened{channel, requests, err}
	})
	select {
	case o := <-result:
		return o.channel, o.requests, o.err
	case <-ctx.Done():
		l.workers.Go(func() {
			if o := <-result; o.err == nil {
				_ = o.channel.Close()
				ssh.DiscardRequests(o.requests)
			}
		})
		return nil, nil, ctx.Err()
	}
}
