package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// session is a script on the host that waits for its input. Where it gets none, it ends and has touched nothing.
type session struct {
	cancel  context.CancelCauseFunc
	ctx     context.Context
	in      *input
	out     answer
	started chan struct{} // closed when the session is open, or cannot be
	ended   chan struct{}
	err     error // how it ended, once ended is closed
}

// openSession opens a session in the background. waiting is called when that takes suspiciously long. With impatient, the
// first sign of a fault ends the session; the one that commits must be left to undo what it did.
func openSession(ctx context.Context, c *remote.Client, script shell.Text, impatient bool, waiting func()) *session {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &session{ctx: ctx, cancel: cancel, in: newInput(ctx), out: answer{ready: make(chan struct{})}, started: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		timer := time.AfterFunc(yieldAfter, waiting)
		command := remote.Command{Script: script, Stdin: s.in, Stdout: &s.out}
		if impatient {
			command.Stderr = complaints(func(c *complaintError) { cancel(c) })
		} else {
			command.Grace = commitGrace
		}
		process, err := c.Start(ctx, command)
		timer.Stop()
		close(s.started)
		if err == nil {
			err = process.Wait()
		}
		s.err = err
	}()
	return s
}

// feed has f write the session's input. An error of f ends the session.
func (s *session) feed(f func(io.Writer) error) {
	s.in.feed(func(w io.Writer) error {
		err := f(w)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			s.cancel(err) // the input has no end that the host could take for one
		}
		return err
	})
}

// wait waits for the end of a session that was fed, and tells the first reason why it failed.
func (s *session) wait() error {
	<-s.ended
	s.in.close()
	if reason := context.Cause(s.ctx); reason != nil {
		return reason
	}
	s.cancel(nil)
	return s.err
}

// close ends a session whether it was fed or not, and waits for that. It may be called more than once.
func (s *session) close() {
	s.in.finish()
	select {
	case <-s.started: // it ends by itself, with its input
	default:
		s.cancel(nil)
	}
	<-s.ended
	s.in.close()
	s.cancel(nil)
}

// yieldAfter is how long a session may have to wait before the one that is to commit makes room: a host may allow few.
const yieldAfter = 3 * time.Second

// answer is what a session prints. The session that commits begins with a word of its own, which is not part of it.
type answer struct {
	text  bytes.Buffer
	ready chan struct{} // closed when that word was read
	begun bool
}

const readyWord = "ready\n"

// answerLimit bounds what is kept of it, in bytes: a session has a few lines to say.
const answerLimit = 1 << 20

func (a *answer) Write(p []byte) (int, error) {
	_, _ = a.text.Write(p[:min(len(p), max(0, answerLimit-a.text.Len()))]) // a buffer takes everything
	if rest, found := bytes.CutPrefix(a.text.Bytes(), []byte(readyWord)); found && !a.begun {
		a.begun = true
		a.text = *bytes.NewBuffer(bytes.Clone(rest))
		close(a.ready)
	}
	return len(p), nil
}

// input feeds the standard input of a command on the host from a function that may be given later.
type input struct {
	*io.PipeReader
	give chan func(io.Writer) error
	once sync.Once
	done chan struct{}
	err  error // of the function, once done is closed
}

// newInput starts the goroutine that feeds. It ends when the function has returned, at close, or when ctx ends.
func newInput(ctx context.Context) *input {
	r, w := io.Pipe()
	in := &input{PipeReader: r, give: make(chan func(io.Writer) error, 1), done: make(chan struct{})}
	go func() {
		defer close(in.done)
		select {
		case f, ok := <-in.give:
			if ok {
				in.err = f(w)
			}
		case <-ctx.Done():
			in.err = ctx.Err()
		}
		_ = w.CloseWithError(in.err) // nil is the end of the input
	}()
	return in
}

// feed hands over the function that writes the input.
func (in *input) feed(f func(io.Writer) error) {
	in.once.Do(func() { in.give <- f; close(in.give) })
}

// finish ends an input that was not fed.
func (in *input) finish() { in.once.Do(func() { close(in.give) }) }

// close ends an input that was not fed, and frees one that is being written when nobody reads any more.
func (in *input) close() {
	in.finish()
	_ = in.PipeReader.Close()
	<-in.done
}

// failed tells whether the function returned an error, or is still writing to what nobody reads any more.
func (in *input) failed() bool {
	select {
	case <-in.done:
		return in.err != nil
	default:
		return true
	}
}
