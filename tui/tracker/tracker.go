// Package tracker keeps the picture of a run that its events draw: which host is at which step, how far it is, how long each
// step took and what was found.
package tracker

import (
	"slices"
	"time"

	"github.com/kehuo/provision/provision"
)

// State is where a step is.
type State string

// The states of a step: those of provision.Status once it is finished, and two before.
const (
	Waiting State = "waiting"
	Running State = "running"
	OK      State = State(provision.StatusOK)
	Changed State = State(provision.StatusChanged)
	Skipped State = State(provision.StatusSkipped)
	Failed  State = State(provision.StatusFailed)
)

// Run is the picture of a run. The zero value is a run that has not begun.
type Run struct {
	Site     string
	LogFile  string
	Started  time.Time
	Hosts    []*Host
	Finished *provision.RunFinished
	waits    waits
}

// Elapsed is how long the run has worked by now: what a person took to answer is not counted.
func (r *Run) Elapsed(now time.Time) time.Duration { return r.waits.worked(r.Started, now) }

// waits are the times for which somebody was waited for.
type waits struct {
	over  time.Duration
	since time.Time // of a question that is open; zero without one
}

func (w *waits) apply(e provision.Event) {
	switch e.Body.(type) {
	case provision.DecisionAsked:
		w.since = e.Time
	case provision.DecisionMade:
		if !w.since.IsZero() {
			w.over += e.Time.Sub(w.since)
		}
		w.since = time.Time{}
	}
}

// worked is the time since begun without them.
func (w *waits) worked(begun, now time.Time) time.Duration {
	if !w.since.IsZero() {
		now = w.since
	}
	return max(now.Sub(begun)-w.over, 0)
}

// Host is the picture of one host.
type Host struct {
	Name       string
	Steps      []*Step
	Current    int // index of the step that runs or ran last; -1 before the first
	SiteChecks []provision.SiteCheck
	Findings   []provision.Finding // those that belong to no step
}

// Step is the picture of one step on one host.
type Step struct {
	ID       string
	State    State
	Started  time.Time
	Duration time.Duration // once it is finished
	Err      error
	Findings []provision.Finding
	Progress provision.StepProgress
	Rate     Rate
	waits    waits
}

// Apply takes the next event in.
func (r *Run) Apply(e provision.Event) {
	switch b := e.Body.(type) {
	case provision.RunStarted:
		r.start(e.Time, b)
		return
	case provision.RunFinished:
		r.Finished = &b
		return
	}
	r.waits.apply(e)
	host := r.Host(e.Host)
	if host == nil {
		return
	}
	switch b := e.Body.(type) {
	case provision.SiteCheck:
		host.SiteChecks = append(host.SiteChecks, b)
	case provision.Finding:
		if e.Step == "" {
			host.Findings = append(host.Findings, b)
		}
	}
	if step := host.Step(e.Step); step != nil {
		step.apply(e)
		if step.State == Running {
			host.Current = host.index(e.Step)
		}
	}
}

func (r *Run) start(at time.Time, b provision.RunStarted) {
	*r = Run{Site: b.Site, LogFile: b.LogFile, Started: at}
	for _, name := range b.Hosts {
		host := &Host{Name: name, Current: -1}
		for _, id := range b.Steps {
			host.Steps = append(host.Steps, &Step{ID: id, State: Waiting})
		}
		r.Hosts = append(r.Hosts, host)
	}
}

// Host returns the host of that name, nil for none.
func (r *Run) Host(name string) *Host {
	if i := slices.IndexFunc(r.Hosts, func(h *Host) bool { return h.Name == name }); i >= 0 {
		return r.Hosts[i]
	}
	return nil
}

// Step returns the step of that id, nil for none.
func (h *Host) Step(id string) *Step {
	if i := h.index(id); i >= 0 {
		return h.Steps[i]
	}
	return nil
}

func (h *Host) index(id string) int {
	return slices.IndexFunc(h.Steps, func(s *Step) bool { return s.ID == id })
}

// Failed returns the first step that failed, else the first where something is wrong: a step that cannot even be planned
// has a finding and never starts. It is nil while nothing has failed.
func (h *Host) Failed() *Step {
	for _, s := range h.Steps {
		if s.State == Failed {
			return s
		}
	}
	for _, s := range h.Steps {
		if s.State == Skipped && s.wrong() {
			return s
		}
	}
	return nil
}

func (s *Step) wrong() bool {
	return slices.ContainsFunc(s.Findings, provision.Finding.Grave)
}

// Running returns the step that is under way, nil between steps.
func (h *Host) Running() *Step {
	if h.Current >= 0 && h.Steps[h.Current].State == Running {
		return h.Steps[h.Current]
	}
	return nil
}

func (s *Step) apply(e provision.Event) {
	s.waits.apply(e)
	switch b := e.Body.(type) {
	case provision.StepStarted:
		s.State, s.Started = Running, e.Time
	case provision.StepProgress:
		s.Progress = b
		s.Rate.add(e.Time, b.Done)
	case provision.Finding:
		s.Findings = append(s.Findings, b)
	case provision.StepFinished:
		s.State, s.Duration, s.Err = State(b.Status), b.Duration, b.Err
	}
}

// Elapsed is how long the step has taken by now, or took in all.
func (s *Step) Elapsed(now time.Time) time.Duration {
	switch s.State {
	case Waiting:
		return 0
	case Running:
		return s.waits.worked(s.Started, now)
	}
	return s.Duration
}

const (
	// window is the stretch of time over which a rate is measured: long enough to be calm, short enough to notice a stall.
	window = 5 * time.Second
	// spacing is how far apart the samples in the window are.
	spacing = 250 * time.Millisecond
	// settled is how long a rate must have been measured before it is shown.
	settled = time.Second
)

// Rate measures how fast something grows. The zero value has seen nothing.
type Rate struct {
	samples []sample
}

type sample struct {
	at   time.Time
	done int64
}

func (r *Rate) add(at time.Time, done int64) {
	if n := len(r.samples); n > 0 && done < r.samples[n-1].done {
		r.samples = r.samples[:0] // another thing is being measured now
	}
	if n := len(r.samples); n > 1 && at.Sub(r.samples[n-2].at) < spacing {
		r.samples[n-1] = sample{at, done}
		return
	}
	for len(r.samples) > 2 && at.Sub(r.samples[1].at) > window {
		r.samples = append(r.samples[:0], r.samples[1:]...)
	}
	r.samples = append(r.samples, sample{at, done})
}

// PerSecond is the rate by now; 0 while it is not known yet. Time without an event counts, so that a stall shows.
func (r *Rate) PerSecond(now time.Time) float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	took := max(now.Sub(first.at), last.at.Sub(first.at))
	if took < settled {
		return 0
	}
	return float64(last.done-first.done) / took.Seconds()
}

// Left is how long the rest of total takes at the rate of now; ok is false while that is not known.
func (r *Rate) Left(now time.Time, done, total int64) (left time.Duration, ok bool) {
	rate := r.PerSecond(now)
	if rate <= 0 || total <= done {
		return 0, false
	}
	seconds := float64(total-done) / rate
	if seconds > (99 * time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
