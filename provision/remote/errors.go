package remote

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// DialError is why a host could not be reached or logged in to: a failure that ends the program with provision.ExitUnreachable, and
// whom it concerns.
type DialError struct {
	*provision.Failure
	User, Host string // as they were dialled
	Port       int

	hungUp    bool // the host ended the connection in the middle of the login
	closed    bool // it did so before the login: it may be short of connections
	temporary bool // the same attempt may succeed a little later, with nothing changed on this side
	settled   bool // somebody has to set something right at this very host, be it only a hop
}

// Unwrap returns the failure.
func (e *DialError) Unwrap() error { return e.Failure }

// Lasting reports whether the same attempt fails until somebody has set something right: the login is refused, or the host's key is another.
func (e *DialError) Lasting() bool { return e.settled }

func (e *DialError) from(err error) *DialError {
	e.Failure = e.Failure.From(err)
	return e
}

// LostError is what an operation returns whose connection died under it. What it did on the host is unknown.
type LostError struct {
	*provision.Failure
	why     error
	givenUp bool // the same work lost its connection too often
}

// Unwrap returns the failure.
func (e *LostError) Unwrap() error { return e.Failure }

func lostError(host string, why error) *LostError {
	return &LostError{Failure: lostFailure(host, why, provision.Fail("remote.lost.resume")), why: why}
}

// givenUpError is the error of work that lost its connection too often.
func givenUpError(host string, why error, times int) *LostError {
	return &LostError{Failure: lostFailure(host, why, provision.Fail("remote.lost.given-up", times)), why: why, givenUp: true}
}

func lostFailure(host string, why error, remedy *provision.Failure) *provision.Failure {
	return provision.Fail("connect.lost", host, why, remedy).WithExit(provision.ExitUnreachable)
}

// IsForbidden reports whether a host refuses to connect to an address for us, whoever listens there.
func IsForbidden(err error) bool {
	var refused *ssh.OpenChannelError
	return errors.As(err, &refused) && refused.Reason == ssh.Prohibited
}

// IsLost reports whether err says that the connection died, so that the same may be tried again after Recover.
func IsLost(err error) bool {
	var lost *LostError
	return errors.As(err, &lost)
}

// ExitError is how a command ended that did not succeed.
type ExitError struct {
	Command string // what was run, as a person could type it, or the job's name; empty for a script, which explains nothing
	Code    int    // the exit status; 128 plus the signal's number where Signal is set
	Signal  string // "KILL", "TERM", …; "" where the command ended by itself
	Stderr  string // the end of what it wrote there (a job: of all it wrote), control sequences neutralised
}

// Said is what the command itself said.
func (e *ExitError) Said() string { return e.Stderr }

func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "killed by SIG" + e.Signal
	}
	text := how
	if e.Command != "" {
		text = safetext.Abbreviate(e.Command, 200) + ": " + how
	}
	if last := lastLine(e.Stderr); last != "" {
		text += ": " + safetext.Abbreviate(last, 300)
	}
	return text
}

// lastLine is the last line of text that tells something: many tools end by pointing at their own help.
func lastLine(text string) string {
	for _, line := range slices.Backward(strings.Split(text, "\n")) {
		line = strings.TrimSpace(line)
		if line != "" && !helpHint.MatchString(line) {
			return line
		}
	}
	return ""
}

// helpHint is a line such as docker's "See 'docker run --help'." and "Run 'docker run --help' for more information".
var helpHint = regexp.MustCompile(`^(See|Run) '[^']* --help'`)

// oneLine is untrusted output as one line for a sentence.
func oneLine(output string) string { return safetext.OneLine(output, 500) }

// or is text, or what stands in for one that is empty.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
