package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
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

// ErrDeclined ends a run whose plan the person did not approve.
var ErrDeclined = errors.New("the plan was not approved, nothing was changed")

// Stopped is the error of a host on which a run was stopped before its end: by the person, by a signal or by its deadline.
type Stopped struct {
	Host, Step  string // Step is empty between steps
	Cause       error  // why the run's context ended
	Interrupted bool   // by somebody, not by a deadline
	Left        string // what is left on the host and what goes on there, if the target can tell
	Err         error  // what the step met because of it
}

func (e *Stopped) Error() string {
	place := "on " + e.Host
	if e.Step != "" {
		place = "in step " + e.Step + " on " + e.Host
	}
	text := fmt.Sprintf("the run was stopped %s: %v", place, e.Cause)
	if e.byHand() {
		text = fmt.Sprintf("the run was stopped by you %s", place)
	}
	if e.Left != "" {
		text += ". " + e.Left
	}
	return text
}

// byHand reports whether ctrl+c stopped the run: in the wizard, which is a bare cancellation, or as a signal; other signals
// have a name that is worth telling.
func (e *Stopped) byHand() bool {
	return e.Interrupted && e.Cause != nil &&
		(e.Cause == context.Canceled || e.Cause.Error() == os.Interrupt.String()+" signal received")
}

// Unwrap gives the cause and what the step met.
func (e *Stopped) Unwrap() []error { return []error{e.Cause, e.Err} }

// Said is err with other words for it.
func Said(words string, err error) error { return said{err, words} }

type said struct {
	error
	words string
}

func (s said) Error() string { return s.words }
func (s said) Unwrap() error { return s.error }

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
// for nil. A Stopped has its own, whatever it wraps.
func ExitCode(err error) int {
	var stopped *Stopped
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

// worstExit folds the hosts' exit statuses into the run's: the one they share, or ExitFailed where they differ. A run that was
// interrupted ends as such, however its hosts did.
func worstExit(codes []int) int {
	if slices.Contains(codes, ExitInterrupted) {
		return ExitInterrupted
	}
	worst := ExitOK
	for _, code := range codes {
		switch {
		case code == ExitOK || code == worst:
		case worst == ExitOK:
			worst = code
		default:
			return ExitFailed
		}
	}
	return worst
}
