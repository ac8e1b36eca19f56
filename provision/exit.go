package provision

import (
	"context"
	"errors"
	"strings"
)

// The exit statuses of the program.
const (
	ExitOK          = 0
	ExitFailed      = 1   // a step failed
	ExitUsage       = 2   // usage or inventory is wrong
	ExitUnreachable = 3   // a host cannot be reached or refuses the login
	ExitKeptOld     = 4   // the new release failed its checks and the previous one serves
	ExitLocked      = 5   // another run holds the lock
	ExitChanges     = 6   // plan --exit-code found changes
	ExitInterrupted = 130 // interrupted by the person
)

// ErrDeclined is the end of a run whose plan was not approved.
var ErrDeclined = Fail("declined")

// ErrUnchanged is the end of a change that has left all as it was, and says so by itself.
var ErrUnchanged = errors.New("nothing was changed")

// StoppedError is the end of a run that was stopped.
type StoppedError struct {
	Host, Step  string   // Step is empty between steps, Host before any was reached
	Cause       error    // why the run's context ended
	Interrupted bool     // by somebody, not by a deadline
	Left        *Failure // what is left on the host and what goes on there, if the target can tell
	Err         error    // what the step met because of it
}

// Error is the failure's, and so for logs and tests.
func (e *StoppedError) Error() string { return e.failure().Error() }

// Unwrap returns the failure that tells it, and what it comes from.
func (e *StoppedError) Unwrap() []error { return []error{e.failure(), e.Cause, e.Err} }

func (e *StoppedError) failure() *Failure {
	f := Fail("stopped", e.Host, stopCause(e.Cause))
	switch {
	case e.Host == "":
		f = Fail("stopped.early", stopCause(e.Cause))
	case e.Step != "":
		f = Fail("stopped.step", e.Step, e.Host, stopCause(e.Cause))
	}
	if e.Left != nil {
		f = Fail("stopped.left", f, e.Left)
	}
	return f
}

// stopCause is why a run's context ended, as a failure where the program knows it. Go's words for a signal begin with its name.
func stopCause(err error) error {
	if err == nil {
		return context.Canceled
	}
	switch name, _, _ := strings.Cut(err.Error(), " "); name {
	case "interrupt", "terminated", "hangup":
		return Fail("stopped.by." + name)
	}
	return err
}

type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// WithExit gives err the exit status that the program ends with because of it.
func WithExit(code int, err error) error {
	if err == nil {
		return nil
	}
	return coded{err, code}
}

// ExitCode is the exit status that err asks for: that of the outermost WithExit or Failure with one, else ExitFailed; ExitOK
// for nil. A
// StoppedError has its own, whatever it wraps.
func ExitCode(err error) int {
	var stopped *StoppedError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &stopped) && stopped.Interrupted:
		return ExitInterrupted
	case stopped != nil:
		return ExitFailed
	}
	if code := askedExit(err); code != ExitOK {
		return code
	}
	if errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	return ExitFailed
}

// askedExit walks err's tree for the outermost exit status that is asked for; ExitOK where none is.
func askedExit(err error) int {
	switch e := err.(type) {
	case coded:
		return e.code
	case *Failure:
		if e.Exit != ExitOK {
			return e.Exit
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return askedExit(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			if code := askedExit(cause); code != ExitOK {
				return code
			}
		}
	}
	return ExitOK
}
