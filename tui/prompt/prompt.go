// Package prompt asks for lines of text, at a terminal or from a pipe.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
)

// Lines shows lines and reads those typed. The end of its context ends a question, and so does the end of the input.
type Lines struct {
	ctx   context.Context
	file  io.Reader
	in    cancelreader.CancelReader
	out   io.Writer
	stop  func() bool
	ended bool // ctrl+d ends the input for good
}

// New returns the lines of in and out. Close them.
func New(ctx context.Context, in io.Reader, out io.Writer) (*Lines, error) {
	reader, err := cancelreader.NewReader(in)
	if err != nil {
		return nil, provision.Fail("prompt.unreadable", err)
	}
	return &Lines{ctx: ctx, file: in, in: reader, out: out, stop: context.AfterFunc(ctx, func() { reader.Cancel() })}, nil
}

// Close gives the input back; it does not close it.
func (l *Lines) Close() {
	l.stop()
	_ = l.in.Close() // of the reader, not of the input
}

// Say shows a text, if there is one.
func (l *Lines) Say(text string) {
	if text != "" {
		_, _ = fmt.Fprintln(l.out, text)
	}
}

// Line asks for a line of text, without the blanks around it. The error is context.Canceled, or one that Ended knows.
func (l *Lines) Line(prompt string) (string, error) {
	_, _ = io.WriteString(l.out, prompt)
	var line []byte
	for {
		b, err := l.read()
		switch {
		case Ended(err) && len(line) > 0, err == nil && b == '\n':
			return strings.TrimSpace(string(line)), nil
		case err != nil:
			return "", err
		}
		line = append(line, b)
	}
}

// Ended reports whether an error is the end of the input: nobody is there to answer.
func Ended(err error) bool { return provision.CodeOf(err) == "prompt.ended" }

// read takes one byte: what comes after a line belongs to the next question.
func (l *Lines) read() (byte, error) {
	var b [1]byte
	for !l.ended {
		n, err := l.in.Read(b[:])
		switch {
		case n == 1:
			return b[0], nil
		case errors.Is(err, cancelreader.ErrCanceled):
			return 0, context.Canceled
		case err != nil:
			l.ended = true
		}
	}
	return 0, provision.Fail("prompt.ended")
}

// Secret asks for a line that is not shown. A host's own question may have a colon already.
func (l *Lines) Secret(question string) (string, error) {
	prompt := Asking(question)
	file, ok := l.file.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return l.Line(prompt) // nothing echoes what comes from a pipe
	}
	before, err := term.MakeRaw(int(file.Fd())) // before the prompt: who sees it may type
	if err != nil {
		return "", provision.Fail("prompt.shown", err)
	}
	_, _ = io.WriteString(l.out, prompt)
	text, err := l.unseen()
	_, _ = io.WriteString(l.out, "\r\n")
	err = errors.Join(err, term.Restore(int(file.Fd()), before))
	if errors.Is(err, errInterrupt) {
		return "", l.interrupt()
	}
	return text, err
}

// errInterrupt is ctrl+c, of which a terminal in raw mode makes no signal.
var errInterrupt = errors.New("interrupted")

// interrupt does what the terminal would have done, and waits until the program has taken note of it.
func (l *Lines) interrupt() error {
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(os.Interrupt) == nil {
		select {
		case <-l.ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return context.Canceled
}

// unseen reads a line of a terminal in raw mode.
func (l *Lines) unseen() (string, error) {
	var line []rune
	var pending []byte
	for {
		b, err := l.read()
		if err != nil {
			return "", err
		}
		switch b {
		case '\r', '\n':
			return string(line), nil
		case 0x03: // ctrl+c
			return "", errInterrupt
		case 0x7f, 0x08: // backspace
			line = line[:max(len(line)-1, 0)]
		case 0x15: // ctrl+u
			line = nil
		default:
			pending = append(pending, b)
			if r := []rune(string(pending)); r[0] != '\ufffd' || len(pending) == 4 {
				line, pending = append(line, r...), nil
			}
		}
	}
}

// Asking is a question with one colon at its end: that of a host may have its own.
func Asking(question string) string { return strings.TrimRight(question, ":： ") + ": " }
