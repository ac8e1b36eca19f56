package provision

import (
	"context"
	"slices"
)

// Change is one thing that a run would alter on a host.
type Change struct {
	Host   string `json:"host"`
	Step   string `json:"step"`
	Action string `json:"action"`         // what would be done, "upload 3 files"
	Reason string `json:"reason"`         // why, "the host has another version"
	Diff   string `json:"diff,omitempty"` // unified, or a list of paths; secrets are never part of it

	// Summary is the change in two or three words, to be read in a row with others: "container replaced".
	Summary string `json:"summary,omitempty"`

	// Apply makes the change. It is nil in a change that another one of the same step carries out. ErrUnchanged is no failure: there
	// was nothing to change after all.
	Apply func(ctx context.Context, r *Reporter) error `json:"-"`
}

// Summaries are the changes in few words, those that several have in common once.
func Summaries(changes []Change) []string {
	var list []string
	for _, c := range changes {
		if c.Summary != "" && !slices.Contains(list, c.Summary) {
			list = append(list, c.Summary)
		}
	}
	return list
}

// Step is one of the ordered parts of a run on one host.
type Step interface {
	// ID names the step for good: "07-build".
	ID() string
	// Title says what the step does, in the language of the run.
	Title() string
	// Plan compares what is wanted with what is known of the host and returns what would have to change; nothing when the
	// step is satisfied. It does no I/O: whatever it needs is among the facts. The engine asks again, just before the step
	// runs, so that it sees what earlier steps altered.
	Plan() ([]Change, error)
}

// Verifier is a step that looks at the host itself once its changes are made: the last word on whether it is satisfied.
type Verifier interface {
	Verify(ctx context.Context, r *Reporter) error
}

// Target is one host that a run works on.
type Target interface {
	// Name is the host's name in the inventory.
	Name() string
	// Steps are the steps in their order. The first one stands for Connect.
	Steps() []Step
	// Connect reaches the host and gathers every fact that planning needs. Its events belong to the first step; a failure that is
	// another step's says so, see InStep.
	Connect(ctx context.Context, r *Reporter) error
	// Begin is called once before the first change: the lock is taken here. A run with nothing to change never calls it.
	Begin(ctx context.Context, r *Reporter, changes []Change) error
	// Close ends the connection and releases what Begin took. The outcome is for the host's history.
	Close(ctx context.Context, outcome HostResult) error
}

// Stopper is a target that can tell what a run that is stopped in a step leaves on the host, and what goes on there.
type Stopper interface {
	Left(step string) *Failure
}

// Explainer is a target that can tell why a step failed.
type Explainer interface {
	Explain(step string, err error) []Finding
}

// Warner is a target that knows what a person should not forget of a site that is live: who visits it will notice.
type Warner interface {
	Lasting() []Finding
}

// Adviser is a target that knows, once it is connected, what is not wrong but worth knowing before a step is carried out.
type Adviser interface {
	Advice(step string) []Finding
}
