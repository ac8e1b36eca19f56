package remote

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// assumedSessions is sshd's default for MaxSessions. A server that allows fewer shows it by refusing one.
const assumedSessions = 10

// slots are the sessions that a connection may have open at a time. Beside those in use there is one that was opened ahead,
// so that the next command costs one round trip instead of two. It runs nothing until it is taken.
type slots struct {
	mu    sync.Mutex
	open  int // the one that was opened ahead counts
	limit int
	up    int           // of these, those that the server granted
	most  int           // how many it granted at a time so far
	ahead chan session  // holds a session, or will; nil for none
	freed chan struct{} // closed and replaced whenever a session ends

	crowded chan struct{} // closed when the server refused a session beside others of ours
	once    sync.Once
}

// session is an open channel of that kind, or why there is none.
type session struct {
	channel  ssh.Channel
	requests <-chan *ssh.Request
	err      error
	crowded  bool // the server allows no more beside others of ours
}

func newSlots() *slots {
	return &slots{limit: assumedSessions, freed: make(chan struct{}), crowded: make(chan struct{})}
}

// acquire waits until a session may be opened, or takes the one that was opened ahead. With begin, the session that comes of
// the channel is still to be opened.
func (s *slots) acquire(ctx context.Context, down <-chan struct{}) (opening chan session, begin bool, err error) {
	for {
		s.mu.Lock()
		opening, freed := s.ahead, s.freed
		switch {
		case opening != nil:
			s.ahead = nil
		case s.open < s.limit:
			s.open++
			opening, begin = make(chan session, 1), true
		}
		s.mu.Unlock()
		if opening != nil {
			return opening, begin, nil
		}
		select {
		case <-freed:
		case <-down:
			return nil, false, errLinkDown
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

var errLinkDown = errors.New("the link is down")

// reserve takes the place of a session to be opened ahead; nil where there is one already or no room.
func (s *slots) reserve() chan session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ahead != nil || s.open >= s.limit {
		return nil
	}
	s.open++
	s.ahead = make(chan session, 1)
	return s.ahead
}

// granted counts a session that was opened.
func (s *slots) granted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up++
	s.most = max(s.most, s.up)
}

// release gives a session's place back.
func (s *slots) release() {
	s.mu.Lock()
	s.up--
	s.mu.Unlock()
	s.forget(nil)
}

// forget is release for a session that could not be opened, and may be the one of the next command.
func (s *slots) forget(opening chan session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if opening != nil && s.ahead == opening {
		s.ahead = nil
	}
	s.open--
	close(s.freed)
	s.freed = make(chan struct{})
}

func (s *slots) allowed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

// refused learns from a refusal: one less than what is open now is the server's limit. It reports whether anything of ours
// is open that can be waited for. A server that granted as many before has not yet seen off one that we closed.
func (s *slots) refused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open > max(1, s.most) {
		s.limit = s.open - 1
		s.once.Do(func() { close(s.crowded) })
		return true
	}
	return false
}

// refusals is how often a session is asked for again while none of ours is open, or fewer than were granted before: a process
// that has just ended or was cancelled may hold its session for a moment.
const (
	refusals     = 10
	refusalPause = 300 * time.Millisecond
)

// openSession opens a session, waiting for another one to end where the server allows no more, and has the one for the next
// command opened behind it.
func (l *link) openSession(ctx context.Context) (ssh.Channel, <-chan *ssh.Request, error) {
	for try := 0; ; {
		opening, begin, err := l.slots.acquire(ctx, l.down)
		if err != nil {
			return nil, nil, err
		}
		if begin {
			l.open(opening)
		}
		s := l.await(ctx, opening)
		switch {
		case s.err == nil && s.closed():
			l.slots.release()
			continue
		case s.err == nil:
			if ahead := l.ahead(); ahead != nil {
				l.open(ahead)
			}
			return s.channel, s.requests, nil
		case s.crowded:
			continue
		case !isRefusal(s.err) || try == refusals:
			return nil, nil, s.err
		}
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

// closed reports whether the server has closed a session that was opened ahead, which a time limit of its own may have it do.
func (s session) closed() bool {
	for {
		select {
		case r, ok := <-s.requests:
			if !ok {
				return true
			}
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		default:
			return false
		}
	}
}

// ahead is the place of a session to be opened ahead; nil for none.
func (l *link) ahead() chan session {
	if l.closesUnused() {
		return nil
	}
	return l.slots.reserve()
}

// closesUnused reports whether the server may close a session that runs nothing yet when the command of another one ends. Dropbear
// does from 2022.82 to 2024.85.
func (l *link) closesUnused() bool {
	return bytes.HasPrefix(l.ssh.ServerVersion(), []byte("SSH-2.0-dropbear"))
}

func isRefusal(err error) bool { return errors.As(err, new(*ssh.OpenChannelError)) }

// open asks the server for the session that a place was taken for, which is given back if there is none.
func (l *link) open(opening chan session) {
	l.workers.Go(func() {
		var s session
		if s.channel, s.requests, s.err = l.ssh.OpenChannel("session", nil); s.err == nil {
			l.slots.granted()
		} else {
			s.crowded = isRefusal(s.err) && l.slots.refused()
			l.slots.forget(opening)
		}
		opening <- s
	})
}

// channelTimeout bounds the wait for a channel. sshd confirms one at once, so that a host that has not by then hangs, though its
// kernel still answers for it.
const channelTimeout = 30 * time.Second

// silent is the error of a host that logged us in and does not confirm a channel.
func (l *link) silent() error {
	return l.d.retry(l.d.fail("remote.channel-silent", l.d.channelTimeout))
}

// await waits for a session; one that comes after the end of ctx is closed.
func (l *link) await(ctx context.Context, opening <-chan session) session {
	ctx, cancel := context.WithTimeoutCause(ctx, l.d.channelTimeout, errTooSlow)
	defer cancel()
	select {
	case s := <-opening:
		return s
	case <-ctx.Done():
	}
	l.workers.Go(func() {
		if s := <-opening; s.err == nil {
			_ = s.channel.Close()
			l.slots.release()
			ssh.DiscardRequests(s.requests)
		}
	})
	return session{err: context.Cause(ctx)}
}
