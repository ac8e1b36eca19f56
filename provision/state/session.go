package state

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// session is a command on the host that holds the lock.
type session struct {
	turn  int
	input *io.PipeWriter
	ended <-chan error // the command's end
}

// forgetLine asks a session to remove the whole folder when it gives the lock back.
const forgetLine = "forget\n"

// take starts a session that holds the lock, or says who else does.
func (l *Lock) take(ctx context.Context, seen string) (*session, *Held, error) {
	input, beats := io.Pipe()
	answer := newAnswer()
	ended := make(chan error, 1)
	go func() {
		err := l.host.Run(context.WithoutCancel(ctx), remote.Command{Script: l.script(seen), Stdin: input, Stdout: answer})
		_ = input.Close() // a heartbeat that nobody reads any more must not wait
		ended <- err
	}()
	select {
	case turn := <-answer.locked:
		return &session{turn, beats, ended}, nil, nil
	case err := <-ended:
		held, err := l.refused(answer.text(), err)
		return nil, held, err
	case <-ctx.Done():
		_ = beats.Close()
		<-ended
		return nil, nil, ctx.Err()
	}
}

// refused is why a session ended that did not take the lock.
func (l *Lock) refused(text string, err error) (*Held, error) {
	switch exitCode(err) {
	case heldExit:
		if held := parseHeld(text); held != nil {
			return held, nil
		}
		return nil, provision.Fail("fail.lock-race", l.host.Name()).WithExit(provision.ExitLocked)
	case unsafeExit:
		return nil, refused(l.host.Name(), l.host.User(), text, err)
	case oddExit:
		return nil, oddLock(l.host.Name(), Dir(l.claim.Directory))
	}
	return nil, provision.Fail("fail.lock", l.host.Name(), err)
}

// exitCode is the exit status of a command that ended by itself; 0 for any other error.
func exitCode(err error) int {
	var exit *remote.ExitError
	if errors.As(err, &exit) {
		return exit.Code
	}
	return 0
}

// beat sends a line every Heartbeat until ctx ends, or the session, and returns why.
func (s *session) beat(ctx context.Context) error {
	ticker := time.NewTicker(Heartbeat)
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
func (s *session) giveBack(record string) error {
	_, err := io.WriteString(s.input, record)
	_ = s.input.Close()
	return errors.Join(err, <-s.ended)
}

// answer collects what a session prints and tells when the lock is ours.
type answer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	read   bool
	locked chan int
}

// answerLimit bounds what is kept of the answer, in bytes: it is a line or three.
const answerLimit = 64 << 10

func newAnswer() *answer { return &answer{locked: make(chan int, 1)} }

func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buffer.Write(p[:min(len(p), max(0, answerLimit-a.buffer.Len()))])
	if line, _, whole := bytes.Cut(a.buffer.Bytes(), []byte("\n")); whole && !a.read {
		a.read = true
		if number, ok := strings.CutPrefix(string(line), "locked "); ok {
			if turn, err := strconv.Atoi(number); err == nil && turn >= 0 {
				a.locked <- turn
			}
		}
	}
	return len(p), nil
}

func (a *answer) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.buffer.String()
}
