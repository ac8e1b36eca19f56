package steps

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
)

// lock is the host's lock in our hands. A command on the host holds it as long as a heartbeat arrives on its input, so that
// it opens by itself when this program or the link is gone.
type lock struct {
	input   *io.PipeWriter
	ended   <-chan error // the command's end
	stop    context.CancelFunc
	beating sync.WaitGroup
}

// takeLock takes the lock or says who holds it.
func takeLock(ctx context.Context, h *Host) (*lock, error) {
	owner := state.Owner{Token: rand.Text(), Who: h.Who, Purpose: h.command, Since: time.Now().UTC()}
	answer := newAnswer()
	input, beats := io.Pipe()
	// The lock outlives the run's context: it is given back only once the run has tidied up.
	process, err := h.client.Start(context.WithoutCancel(ctx), remote.Command{
		Script: state.LockScript(h.StateDir(), owner, remote.Quote),
		Stdin:  input,
		Stdout: answer,
	})
	if err != nil {
		return nil, fmt.Errorf("take the lock on %s: %w", h.Name(), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	l := &lock{input: beats, ended: ended}
	select {
	case <-answer.locked:
		l.beat()
		return l, nil
	case err := <-ended:
		return nil, lockError(h.Name(), answer.text(), err)
	case <-ctx.Done():
		_ = beats.Close()
		<-ended
		return nil, ctx.Err()
	}
}

func lockError(host, text string, err error) error {
	var exit *remote.ExitError
	if !errors.As(err, &exit) || exit.Code != state.LockExit {
		return fmt.Errorf("take the lock on %s: %w", host, err)
	}
	held, parseErr := state.ParseLock(text)
	if parseErr != nil {
		return provision.WithExit(provision.ExitLocked, parseErr)
	}
	if held == nil {
		return provision.WithExit(provision.ExitLocked, fmt.Errorf("another run on %s took the lock at the same moment; try again", host))
	}
	return provision.WithExit(provision.ExitLocked, fmt.Errorf("another run is at work on %s: %w", host, held))
}

// beat sends a line every state.Heartbeat until the lock is released.
func (l *lock) beat() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.beating.Go(func() {
		ticker := time.NewTicker(state.Heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if _, err := io.WriteString(l.input, "alive\n"); err != nil {
					return
				}
			}
		}
	})
}

// release gives the lock back and waits until the host has said so.
func (l *lock) release(ctx context.Context) error {
	l.stop()
	_ = l.input.Close()
	l.beating.Wait()
	select {
	case <-l.ended: // however it ended, it holds nothing any more
		return nil
	case <-ctx.Done():
		return fmt.Errorf("give the lock back: %w; it opens by itself after %s", ctx.Err(), state.Expiry)
	}
}

// answer collects what the lock command prints and tells when the lock is ours.
type answer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	once   sync.Once
	locked chan struct{}
}

func newAnswer() *answer { return &answer{locked: make(chan struct{})} }

func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buffer.Write(p)
	if strings.HasPrefix(a.buffer.String(), "locked\n") {
		a.once.Do(func() { close(a.locked) })
	}
	return len(p), nil
}

func (a *answer) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.buffer.String()
}

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
