package provision

import (
	"context"
)

// DecisionKind says what is being decided.
type DecisionKind string

// The questions a run can have.
const (
	DecideHostKey    DecisionKind = "host-key"   // an unknown host key: trust it?
	DecidePassphrase DecisionKind = "passphrase" // of an encrypted private key
	DecidePassword   DecisionKind = "password"   // of the login
	DecideCode       DecisionKind = "code"       // one prompt of a keyboard-interactive login
	DecideSudo       DecisionKind = "sudo"       // the password that sudo asks for
	DecidePlan       DecisionKind = "plan"       // carry out the plan?
	DecideFix        DecisionKind = "fix"        // change a file of the site here?
	DecideTakeOver   DecisionKind = "take-over"  // touch something that is not ours: a port, a container's name
	DecidePrepare    DecisionKind = "prepare"    // make a bare host ready before it is deployed to?
	DecideRestart    DecisionKind = "restart"    // interrupt what runs on the host for a moment?
	DecideInterrupt  DecisionKind = "interrupt"  // stop a run that is under way?
)

// Option is one answer that can be chosen.
type Option struct {
	ID    string
	Label string
}

// The option ids that kinds of decision share.
const (
	AnswerYes = "yes"
	AnswerNo  = "no"
)

// Decision is a question to whoever runs the program. With Secret set, the answer is typed text that is never shown;
// otherwise it is the ID of one of Options.
type Decision struct {
	Kind     DecisionKind
	Host     string
	Step     string
	Question string   // one line
	Detail   string   // what a person needs to know to answer: a fingerprint, a diff
	Options  []Option // empty for typed answers
	Default  string   // the option that Enter takes; empty where there is no safe default
	Secret   bool     // the answer is a secret
	Changes  []Change // the plan to approve, for DecidePlan
	// Headless is the answer that a run without questions takes. Empty: it cannot be answered without a person or Remedy.
	Headless string
	Remedy   string // the flag or inventory field that answers the question beforehand
}

// Answer is what was decided. Steps is set where a person approved only some steps of a plan; those after the first that was left
// out are skipped too.
type Answer struct {
	Choice string
	Secret Secret
	Steps  []string
}

// Decider answers decisions. Decide returns when an answer is there or ctx ends.
type Decider interface {
	Decide(ctx context.Context, d Decision) (Answer, error)
}

// UnansweredError is the error of a decision that nobody was there to take.
type UnansweredError struct{ Decision Decision }

func (e *UnansweredError) Error() string { return e.failure().Error() }

// Unwrap returns the failure that tells it.
func (e *UnansweredError) Unwrap() error { return e.failure() }

func (e *UnansweredError) failure() *Failure {
	return Fail("unanswered", e.Decision.Question, e.Decision.Remedy)
}

// Headless answers every decision by its documented default, and fails where there is none: the decider of --yes.
type Headless struct{}

// Decide implements Decider.
func (Headless) Decide(_ context.Context, d Decision) (Answer, error) {
	if d.Headless == "" {
		return Answer{}, &UnansweredError{d}
	}
	return Answer{Choice: d.Headless}, nil
}
