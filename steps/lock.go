package steps

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/user"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// lock is the host's lock in our hands. A command on the host holds it as long as a heartbeat arrives on its input, so that
// it opens by itself when this program or the link is gone. When the link alone is gone, the lock is taken again over a new
// one; where another run was faster, it is lost for good.
type lock struct {
	host   *Host
	owner  state.Owner
	turn   int // the lock's number: how often a run has taken it
	cancel context.CancelFunc
	kept   sync.WaitGroup
	last   string // what its session is to write into the history when it gives the lock back
	forget bool   // the folder with the lock and the history goes then

	mu      sync.Mutex
	up      bool          // it is held now
	err     error         // why it is lost for good
	changed chan struct{} // closed and replaced when up or err changes
}

// takeLock takes the lock or says who holds it. A holder that shows no sign of life is waited out.
func takeLock(ctx context.Context, h *Host, r *provision.Reporter) (*lock, error) {
	if err := h.enoughSessions(); err != nil {
		return nil, err
	}
	l := &lock{
		host:    h,
		owner:   state.Owner{Token: rand.Text(), Session: 1, Who: h.Who, Purpose: h.command, Since: time.Now().UTC()},
		changed: make(chan struct{}),
		up:      true,
	}
	first, err := l.waitForTurn(ctx, r)
	if err != nil {
		return nil, err
	}
	l.turn = first.turn
	// The lock outlives the run's context: it is given back only once the run has tidied up.
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.kept.Go(func() { l.keep(ctx, first) })
	return l, nil
}

// enoughSessions is the error of a host on which the session that holds the lock would be the only one.
func (h *Host) enoughSessions() error {
	if h.client.Sessions() > 1 {
		return nil
	}
	return h.tell("fail.one-session", h.Name())
}

// lockPause is the wait between two attempts at a lock whose holder may be gone.
const lockPause = 500 * time.Millisecond

// waitForTurn takes the lock as soon as it is free. It gives up once the holder's heart was seen to beat.
func (l *lock) waitForTurn(ctx context.Context, r *provision.Reporter) (*hold, error) {
	var first *state.Held
	for {
		var taken *hold
		err := l.host.persist(ctx, func() (err error) {
			taken, err = l.take(ctx)
			return err
		})
		var held *state.Held
		if !errors.As(err, &held) {
			return taken, err
		}
		if first == nil {
			first = held
			r.Output(provision.StreamOut, l.host.Words.T("lock.waiting", held.Owner.Who, held.Owner.Purpose))
		}
		if held.Owner.Token != first.Owner.Token || held.Beat.After(first.Beat) {
			return nil, l.inTheWay("fail.locked", held)
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// hold is one session on the host that holds the lock.
type hold struct {
	turn  int
	input *io.PipeWriter
	ended <-chan error // the command's end
}

// take starts a session that holds the lock. The error is a *state.Held where somebody else does.
func (l *lock) take(ctx context.Context) (*hold, error) {
	input, beats := io.Pipe()
	answer := newAnswer()
	process, err := l.host.client.Start(context.WithoutCancel(ctx), remote.Command{
		Script: shell.Text(state.LockScript(l.host.StateDir(), l.owner, shell.Quote)),
		Stdin:  input,
		Stdout: answer,
	})
	if err != nil {
		return nil, l.host.fail("fail.lock", l.host.Name(), err)
	}
	ended := make(chan error, 1)
	go func() {
		err := process.Wait()
		_ = input.Close() // a heartbeat that nobody reads any more must not wait
		ended <- err
	}()
	select {
	case turn := <-answer.locked:
		return &hold{turn, beats, ended}, nil
	case err := <-ended:
		return nil, l.refused(answer.text(), err)
	case <-ctx.Done():
		_ = beats.Close()
		<-ended
		return nil, ctx.Err()
	}
}

func (l *lock) refused(text string, err error) error {
	var exit *remote.ExitError
	if !errors.As(err, &exit) || exit.Code != state.LockExit {
		return l.host.fail("fail.lock", l.host.Name(), err)
	}
	if held := state.ParseLock(text); held != nil {
		return held
	}
	return provision.WithExit(provision.ExitLocked, l.host.tell("fail.lock-race", l.host.Name()))
}

// sinceFormat is how the time from which on a lock is held is written, in UTC: who reads it may be anywhere.
const sinceFormat = "2006-01-02 15:04:05 UTC"

// inTheWay is the error of a run that meets another one's lock.
func (l *lock) inTheWay(key string, held *state.Held) error {
	return provision.WithExit(provision.ExitLocked, l.host.fail(key, l.host.Name(), held, held.Owner.Who,
		held.Owner.Since.UTC().Format(sinceFormat), held.Owner.Purpose, int(held.Quiet.Seconds())))
}

// keep holds the lock until ctx ends, over one link after another.
func (l *lock) keep(ctx context.Context, current *hold) {
	for {
		err := current.beat(ctx)
		if ctx.Err() != nil {
			l.set(false, current.giveBack(l.last))
			return
		}
		l.set(false, nil)
		if current, err = l.again(ctx, err); err != nil {
			l.set(false, err)
			return
		}
		l.set(true, nil)
	}
}

// again takes the lock over a new link, after the session that held it has ended.
func (l *lock) again(ctx context.Context, why error) (*hold, error) {
	if !remote.IsLost(why) {
		return nil, provision.WithExit(provision.ExitLocked,
			l.host.tell("fail.lock-gone", l.host.Name()))
	}
	for losses := (&remote.RetryBudget{}); ; {
		if err := l.host.client.Recover(ctx, losses, why); err != nil {
			return nil, err
		}
		l.owner.Session++
		next, err := l.take(ctx)
		var held *state.Held
		switch {
		case err == nil:
			return next, nil
		case remote.IsLost(err) && ctx.Err() == nil:
			why = err
		case errors.As(err, &held):
			return nil, l.inTheWay("fail.lock-lost", held)
		default:
			return nil, err
		}
	}
}

// beat sends a line every state.Heartbeat until ctx ends, or the session, and returns why.
func (s *hold) beat(ctx context.Context) error {
	ticker := time.NewTicker(state.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case err := <-s.ended:
			return err
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if _, err := io.WriteString(s.input, "alive\n"); err != nil {
				return <-s.ended
			}
		}
	}
}

// giveBack has the session write the run's record into the history and end.
func (s *hold) giveBack(record string) error {
	_, err := io.WriteString(s.input, record)
	_ = s.input.Close()
	return errors.Join(err, <-s.ended)
}

func (l *lock) set(up bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up, l.err = up, err
	close(l.changed)
	l.changed = make(chan struct{})
}

// held waits until the lock is held, and returns an error where it is lost for good. A run that has not taken it may go on.
func (l *lock) held(ctx context.Context) error {
	if l == nil {
		return nil
	}
	for {
		l.mu.Lock()
		up, err, changed := l.up, l.err, l.changed
		l.mu.Unlock()
		if up || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// release gives the lock back, with the run's record for the history, and waits until the host has said so. What is left when
// ctx ends first, wait waits for, once the connection is closed.
func (l *lock) release(ctx context.Context, record state.Record) error {
	if l.last = record.Line(); l.forget {
		l.last = state.ForgetLine
	}
	l.cancel()
	done := make(chan struct{})
	go func() { l.kept.Wait(); close(done) }()
	select {
	case <-done: // however it ended, it holds nothing any more
	case <-ctx.Done():
		return l.host.fail("fail.lock-back", l.host.Name(), ctx.Err(), state.Expiry)
	}
	if l.err != nil && !l.forget { // its session did not live to write the record
		script := state.AppendHistoryScript(l.host.StateDir(), record, shell.Quote)
		_ = l.host.client.Run(ctx, remote.Command{Script: shell.Text(script)}) // the run is over; a history that misses it does not undo it
	}
	return nil
}

func (l *lock) wait() { l.kept.Wait() }

// whoami names the person and the machine for the lock and the history.
func whoami() string {
	name, machine := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		machine = h
	}
	return name + "@" + machine
}
