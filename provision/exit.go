package provision

import (
	"context"
	"errors"
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

// ExitCode is the exit status that err asks for: that of the outermost WithExit, else ExitFailed; ExitOK for nil.
func ExitCode(err error) int {
	var c coded
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	return ExitFailed
}

// worstExit folds the hosts' exit statuses into the run's: the one they share, or ExitFailed where they differ.
func worstExit(codes []int) int {
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
