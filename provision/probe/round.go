package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
)

// Timeout bounds one question.
const Timeout = 5 * time.Second

// Run puts the question and holds the answer against what is wanted. The error is a *MismatchError, or tells that nothing came
// back.
func (c Check) Run(ctx context.Context) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	answer, err := Ask(ctx, c.Question)
	if err != nil {
		return answer, provision.Fail("probe.silent", c.Name, err)
	}
	return answer, c.Want.Check(answer)
}

// RunAll runs checks side by side. The error is that of the first one in the list that fails.
func RunAll(ctx context.Context, list []Check) error {
	errs := make([]error, len(list))
	var asking sync.WaitGroup
	for i, c := range list {
		asking.Go(func() { _, errs[i] = c.Run(ctx) })
	}
	asking.Wait()
	return cmp.Or(errs...)
}

// Result is what came of one check.
type Result struct {
	Check
	Vantage string // one of provision.Vantages: from where it was asked, and how
	Answer  Answer
	Err     error
}

// FromHost reports whether it was the host that asked.
func (r Result) FromHost() bool { return strings.HasPrefix(r.Vantage, hostPrefix) }

const hostPrefix = "host-"

// FirstError is the error of the first result that has one, with its vantage; nil where all is as wanted.
func FirstError(results []Result) error {
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("%s: %w", r.Vantage, r.Err)
		}
	}
	return nil
}

// OfHost are the results of what the host asked itself.
func OfHost(results []Result) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return !r.FromHost() })
}

// Round asks the public site from both ends while other work goes on: a run that has nothing to change need not wait for the
// answers afterwards.
type Round struct {
	ctx     context.Context    // of all that are under way
	cancel  context.CancelFunc // ends it
	pending sync.WaitGroup     // all questions
	outside sync.WaitGroup     // those put from here
	mu      sync.Mutex
	number  int // how often all was asked anew
	results []Result
}

// NewRound returns a round that asks within ctx, until Close.
func NewRound(ctx context.Context) *Round {
	ctx, cancel := context.WithCancel(ctx)
	return &Round{ctx: ctx, cancel: cancel}
}

// Here begins to run the checks of a visitor, Host those of the host itself.
func (r *Round) Here(list []Check) { r.begin(list, "", &r.outside) }

// Host begins to run the checks that the host makes of itself.
func (r *Round) Host(list []Check) { r.begin(list, hostPrefix, &sync.WaitGroup{}) }

func (r *Round) begin(list []Check, prefix string, group *sync.WaitGroup) {
	r.mu.Lock()
	number := r.number
	r.mu.Unlock()
	for _, c := range list {
		group.Add(1)
		r.pending.Go(func() {
			defer group.Done()
			answer, err := c.Run(r.ctx)
			r.mu.Lock()
			defer r.mu.Unlock()
			if number == r.number {
				r.results = append(r.results, Result{c, prefix + c.Name, answer, err})
			}
		})
	}
}

// Forget drops the answers to all questions so far, also those that are still to come: what the site answers has changed.
func (r *Round) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	r.results = nil
}

// Arrived are the results so far.
func (r *Round) Arrived() []Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.results)
}

// Enough returns the results as soon as they tell that all is well. An answer from here came through the host, so that it
// says more than one from the host itself: where all of those are as wanted, nobody waits for what has not come in yet
// through the connection, which takes a round trip longer. Otherwise it is Wait.
func (r *Round) Enough() []Result {
	r.outside.Wait()
	arrived := r.Arrived()
	if len(OfHost(arrived)) < len(arrived) && FirstError(arrived) == nil {
		r.cancel()
		return arrived
	}
	return r.Wait()
}

// Wait returns the results once all are there, and forgets them: what they tell is true only once.
func (r *Round) Wait() []Result {
	r.pending.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	results := r.results
	r.results = nil
	return results
}

// Close ends what is under way and waits for that.
func (r *Round) Close() {
	r.cancel()
	r.pending.Wait()
}
