package provision

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rollout is the order in which a run changes its hosts. The zero value changes all of them side by side, each as soon as it is ready,
// and one that fails stops none of the others. Any other has an order: all hosts are planned and locked before the first is changed, and
// the first that fails stops those that have not begun.
type Rollout struct {
	Canary int           // how many go first
	Batch  Share         // how many go side by side after that; the zero value: all
	Pause  time.Duration // between one batch and the next
	Revert bool          // after a failure, the hosts that changed go back to what they ran
}

// Share is a number of hosts, or a part of them in percent.
type Share struct {
	Number  int
	Percent bool
}

// String is the share as an inventory has it: "3", "25%".
func (s Share) String() string {
	text := strconv.Itoa(s.Number)
	if s.Percent {
		text += "%"
	}
	return text
}

// ParseShare reads a number of at least 1, or 1% to 100%.
func ParseShare(text string) (Share, bool) {
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	return Share{n, percent}, err == nil && n >= 1 && number[0] != '+' && (!percent || n <= 100)
}

// of is the share of some hosts, at least one of them.
func (s Share) of(hosts int) int {
	switch {
	case s.Number == 0:
		return hosts
	case s.Percent:
		return max(1, (hosts*s.Number+99)/100)
	}
	return s.Number
}

// ordered reports whether some hosts wait for others.
func (o Rollout) ordered() bool {
	return o.Canary > 0 || o.Revert || o.Batch.Number > 0 && o.Batch != Share{100, true}
}

// Leader is a target that may have what the others wait for: it goes first and alone, and they are changed only once that ended well.
type Leader interface{ Leads() bool }

// order is higher for who goes first.
func (w *walk) order() int {
	if w.leads() {
		return 1
	}
	return 0
}

func (w *walk) leads() bool {
	leader, ok := w.target.(Leader)
	return ok && leader.Leads()
}

// Reverter is a target that can bring its host back to what it ran when the run connected to it.
type Reverter interface {
	// Back is the step that does it. Its plan is empty where there is nothing to go back to or from.
	Back() Step
}

// The failures of a host whose fate another host's failure decided: it was not begun, or brought back. Their values are the host
// and that other one.
const (
	CodeNotStarted = "rollout.not-started"
	CodeReverted   = "rollout.reverted"
)

// ofAnother reports whether a host ended as it did because of another one.
func ofAnother(err error) bool {
	var f *Failure
	return errors.As(err, &f) && (f.Code == CodeNotStarted || f.Code == CodeReverted)
}

// run walks the hosts in the rollout's order. Whatever fails before the first change stops it, but for hosts that cannot be reached
// and plans that are declined: these are left out, unless they lead. One that leads is locked for the others, too.
func (o Rollout) run(ctx context.Context, walks []*walk) {
	each(ctx, walks, (*walk).ready)
	var cause *walk
	var changing, others []*walk
	for _, w := range walks {
		switch {
		case w.err == nil && len(w.changes) > 0:
			changing = append(changing, w)
		case w.err != nil && cause == nil && (w.leads() || ExitCode(w.err) != ExitUnreachable && !errors.Is(w.err, ErrDeclined)):
			cause = w
			fallthrough
		default:
			others = append(others, w)
		}
	}
	slices.SortStableFunc(changing, func(a, b *walk) int { return cmp.Compare(b.order(), a.order()) })
	for _, w := range walks {
		if cause == nil && w.err == nil && len(changing) > 0 && (len(w.changes) > 0 || w.leads()) {
			if w.lock(ctx); w.err != nil {
				cause = w
			}
		}
	}
	each(ctx, others, (*walk).work)
	cause = o.waves(ctx, changing, cause)
	if cause != nil && o.Revert && ctx.Err() == nil {
		each(ctx, changing, func(w *walk, ctx context.Context) { w.revert(ctx, cause) })
	}
	each(ctx, walks, (*walk).close)
}

// waves changes the hosts, canary and batches one after another, and returns the first that failed. Those that follow it are not begun.
func (o Rollout) waves(ctx context.Context, hosts []*walk, cause *walk) *walk {
	batch := o.Batch.of(len(hosts))
	first := cmp.Or(o.Canary, batch)
	next := batch
	if len(hosts) > 0 && hosts[0].leads() {
		first, next = 1, first
	}
	for number := 1; len(hosts) > 0; number++ {
		wave := hosts[:min(first, len(hosts))]
		hosts, first, next = hosts[len(wave):], next, batch
		if cause == nil && number > 1 {
			wait(ctx, o.Pause)
		}
		if cause == nil {
			wave[0].stream.emit("", "", RolloutWave{Number: number, Hosts: walked(wave), Left: len(hosts), Pause: o.Pause})
		}
		for _, w := range wave {
			if cause != nil && w != cause {
				w.err = Fail(CodeNotStarted, w.target.Name(), cause.target.Name())
			}
		}
		each(ctx, wave, (*walk).work)
		for _, w := range wave {
			if cause == nil && w.err != nil {
				cause = w
			}
		}
	}
	return cause
}

// revert brings the host back if it was changed.
func (w *walk) revert(ctx context.Context, cause *walk) {
	target, ok := w.target.(Reverter)
	if !ok || w.changed == 0 {
		return
	}
	step := target.Back()
	if changes, err := w.plan(step); err == nil && len(changes) == 0 {
		return
	}
	err := w.step(ctx, step)
	switch {
	case err != nil:
		w.err = errors.Join(w.err, err)
	case w.err == nil:
		w.err = Fail(CodeReverted, w.target.Name(), cause.target.Name())
	}
}

func walked(walks []*walk) []string {
	names := make([]string, len(walks))
	for i, w := range walks {
		names[i] = w.target.Name()
	}
	return names
}

// wait ends early with the context, which whatever comes next notices.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
