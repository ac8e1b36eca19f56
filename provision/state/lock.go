package state

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// Host is what a lock needs of the host that it is on. A *remote.Client is one.
type Host interface {
	Name() string
	User() string
	Sessions() int // how many it allows at a time
	Run(ctx context.Context, cmd remote.Command) error
	Recover(ctx context.Context, losses *remote.RetryBudget, why error) error
}

// Claim says who wants the lock of which site, and what for.
type Claim struct {
	Directory    string // the site's folder
	Who, Purpose string
	Wait         time.Duration // how long to wait for a holder that is alive
	Waiting      func(Held)    // called once where somebody holds the lock
}

// Lock is a site's lock in our hands. A command on the host holds it as long as a heartbeat arrives on its input, so that it
// opens by itself when this program or the link is gone. When the link alone is gone, the lock is taken again over a new one;
// where another run was faster, it is lost for good.
type Lock struct {
	host   Host
	claim  Claim
	owner  Owner
	turn   int
	cancel context.CancelFunc
	kept   sync.WaitGroup
	last   string // what its session is to write into the history when it gives the lock back
	forget bool

	mu      sync.Mutex
	held    bool
	err     error         // why it is lost for good
	changed chan struct{} // closed and replaced when held or err changes
}

// Take takes the lock or says who holds it. A holder that shows no sign of life is waited out.
func Take(ctx context.Context, host Host, claim Claim) (*Lock, error) {
	if err := EnoughSessions(host); err != nil {
		return nil, err
	}
	l := &Lock{
		host:    host,
		claim:   claim,
		owner:   Owner{Token: rand.Text(), Session: 1, Who: claim.Who, Purpose: claim.Purpose, Since: time.Now().UTC()},
		changed: make(chan struct{}),
		held:    true,
	}
	first, err := l.waitForTurn(ctx)
	if err != nil {
		return nil, err
	}
	l.turn = first.turn
	// The lock outlives the run's context: it is given back only once the run has tidied up.
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.kept.Go(func() { l.keep(ctx, first) })
	return l, nil
}

// EnoughSessions is the error of a host on which the session that holds the lock would be the only one.
func EnoughSessions(host Host) error {
	if host.Sessions() > 1 {
		return nil
	}
	return provision.Fail("fail.one-session", host.Name())
}

// takePause is the wait between two attempts at a lock whose holder may be gone.
const takePause = 500 * time.Millisecond

// waitForTurn takes the lock as soon as it is free. Once the holder's heart was seen to beat, it gives up after the claim's time.
// A heart that has not beaten for Expiry by our own watch is still, whatever the host's clock says.
func (l *Lock) waitForTurn(ctx context.Context) (*session, error) {
	var beat string // the lock as it read last
	var begun, since time.Time
	seen := ""
	for {
		taken, held, err := l.takePatiently(ctx, seen)
		if held == nil || err != nil {
			return taken, err
		}
		now := time.Now()
		switch {
		case begun.IsZero():
			begun, since, beat = now, now, held.text
			l.claim.Waiting(*held)
		case held.text != beat:
			since, beat = now, held.text
			if now.Sub(begun) >= l.claim.Wait {
				return nil, l.inTheWay("fail.locked", held)
			}
		case now.Sub(since) > Expiry:
			seen = beat
		}
		pause := takePause
		if l.claim.Wait > 0 { // which may be long
			pause = min(max(now.Sub(begun)/10, takePause), Heartbeat)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takePatiently is take over one link after another.
func (l *Lock) takePatiently(ctx context.Context, seen string) (*session, *Held, error) {
	for losses := (&remote.RetryBudget{}); ; {
		taken, held, err := l.take(ctx, seen)
		if !remote.IsLost(err) || ctx.Err() != nil {
			return taken, held, err
		}
		if err := l.host.Recover(ctx, losses, err); err != nil {
			return nil, nil, err
		}
	}
}

// script is the command that takes and holds the lock, from its holder too where the lock still reads as seen.
func (l *Lock) script(seen string) shell.Text {
	owner, err := json.Marshal(l.owner)
	if err != nil {
		panic(err) // strings, numbers and a time always marshal
	}
	return lockScript.With(l.claim.Directory, Dir(l.claim.Directory), l.owner.Token, strconv.Itoa(l.owner.Session), string(owner),
		strconv.Itoa(int(Expiry/time.Second)), seen)
}

// sinceFormat is how the time from which on a lock is held is written, in UTC: who reads it may be anywhere.
const sinceFormat = "2006-01-02 15:04:05 UTC"

// inTheWay is the error of a run that meets another one's lock.
func (l *Lock) inTheWay(code string, held *Held) error {
	return provision.Fail(code, l.host.Name(), held.Owner.Who, held.Owner.Since.UTC().Format(sinceFormat), held.Owner.Purpose,
		int(held.Quiet.Seconds())).WithExit(provision.ExitLocked)
}

// keep holds the lock until ctx ends, over one link after another.
func (l *Lock) keep(ctx context.Context, current *session) {
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
func (l *Lock) again(ctx context.Context, why error) (*session, error) {
	if !remote.IsLost(why) {
		return nil, provision.Fail("fail.lock-gone", l.host.Name()).WithExit(provision.ExitLocked)
	}
	for losses := (&remote.RetryBudget{}); ; {
		if err := l.host.Recover(ctx, losses, why); err != nil {
			return nil, err
		}
		l.owner.Session++
		next, held, err := l.take(ctx, "")
		switch {
		case held != nil:
			return nil, l.inTheWay("fail.lock-lost", held)
		case remote.IsLost(err) && ctx.Err() == nil:
			why = err
		default:
			return next, err
		}
	}
}

func (l *Lock) set(held bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held, l.err = held, err
	close(l.changed)
	l.changed = make(chan struct{})
}

// Turn is the lock's number: how often a run has taken it.
func (l *Lock) Turn() int { return l.turn }

// Await waits until the lock is held, and returns an error where it is lost for good. A run that has taken none may go on.
func (l *Lock) Await(ctx context.Context) error {
	if l == nil {
		return nil
	}
	for {
		l.mu.Lock()
		held, err, changed := l.held, l.err, l.changed
		l.mu.Unlock()
		if held || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Forget has the state folder go with the lock when it is given back, and the history with it.
func (l *Lock) Forget() { l.forget = true }

// Release gives the lock back, with the run's record for the history, and waits until the host has said so. What is left when
// ctx ends first, Wait waits for, once the connection is closed.
func (l *Lock) Release(ctx context.Context, record Record) error {
	if l.last = record.line(); l.forget {
		l.last = forgetLine
	}
	l.cancel()
	done := make(chan struct{})
	go func() { l.kept.Wait(); close(done) }()
	select {
	case <-done: // however it ended, it holds nothing any more
	case <-ctx.Done():
		return provision.Fail("fail.lock-back", l.host.Name(), ctx.Err(), Expiry)
	}
	if l.err != nil && !l.forget { // its session did not live to write the record
		_ = l.host.Run(ctx, remote.Command{Script: Append(l.claim.Directory, record)}) // the run is over; a history that misses it does not undo it
	}
	return nil
}

// Wait waits until nothing of the lock goes on here.
func (l *Lock) Wait() { l.kept.Wait() }
