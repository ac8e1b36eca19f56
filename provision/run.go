// Package provision is the engine: it walks the steps of a plan on one or more hosts and reports everything that happens
// as one stream of typed events. It knows no SSH, no Docker and no terminal.
package provision

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Options is what a run needs beside its targets.
type Options struct {
	Command  string // what the person typed, "provision plan"
	Site     string
	LogFile  string
	Sink     Sink                                  // default: nobody listens
	Decider  Decider                               // default: Headless
	Approve  func(host string, changes int) string // the question whether to apply a plan; default: none
	Cautious bool                                  // the plan takes something away: Enter does not approve it
	Rollout  Rollout                               // the order of the hosts
	Now      func() time.Time                      // default: time.Now
}

// closing is how long a host may take to release its lock and to hang up once the run is over or was interrupted.
const closing = 10 * time.Second

// Run brings every target to the wanted state, in the order of o.Rollout. The last event is a RunFinished, which is also returned.
func Run(ctx context.Context, targets []Target, o Options) RunFinished {
	s := newStream(o)
	begun := s.now()
	walks := s.begin(targets, o)
	if o.Rollout.ordered() || slices.ContainsFunc(walks, (*walk).leads) {
		o.Rollout.run(ctx, walks)
	} else {
		each(ctx, walks, (*walk).run)
	}
	for _, w := range walks {
		if warner, ok := w.target.(Warner); ok && w.result.Err == nil {
			w.result.Lasting = warner.Lasting()
		}
	}
	finished := RunFinished{ExitCode: exitOf(walks), Hosts: results(walks)}
	for _, w := range walks {
		finished.Changed += w.changed
	}
	finished.Duration = s.since(begun, "", 0)
	s.emit("", "", finished)
	return finished
}

// Plan tells what Run would change, and changes nothing. The last event is a PlanFinished, which is also returned.
func Plan(ctx context.Context, targets []Target, o Options) PlanFinished {
	s := newStream(o)
	walks := s.begin(targets, o)
	each(ctx, walks, (*walk).tell)
	finished := PlanFinished{Changes: []Change{}, ExitCode: exitOf(walks), Hosts: results(walks)}
	for _, w := range walks {
		finished.Changes = append(finished.Changes, w.changes...)
	}
	s.emit("", "", finished)
	return finished
}

// begin opens the stream of a run.
func (s *stream) begin(targets []Target, o Options) []*walk {
	s.emit("", "", RunStarted{Command: o.Command, Site: o.Site, Hosts: names(targets), Steps: stepIDs(targets), LogFile: o.LogFile})
	walks := make([]*walk, len(targets))
	for i, t := range targets {
		walks[i] = &walk{stream: s, target: t}
	}
	return walks
}

func results(walks []*walk) map[string]HostResult {
	hosts := make(map[string]HostResult, len(walks))
	for _, w := range walks {
		hosts[w.target.Name()] = w.result
	}
	return hosts
}

// exitOf is the exit status of the first host, in the order of the inventory, that failed by itself. A run that was interrupted ends as
// such, however its hosts did.
func exitOf(walks []*walk) int {
	status := ExitOK
	for _, w := range walks {
		code := ExitCode(w.result.Err)
		if code == ExitInterrupted {
			return code
		}
		if status == ExitOK && !ofAnother(w.result.Err) {
			status = code
		}
	}
	return status
}

// walk is a run's way through the steps of one target.
type walk struct {
	stream   *stream
	target   Target
	unable   string // the step that could not be planned
	changed  int
	approved []string // the steps that may change something; nil: all
	declined bool     // one of them was left out: a later one would build on what is not there, and call it the wanted state
	changes  []Change // the plan
	err      error    // why it goes no further
	result   HostResult
}

func (w *walk) reporter(step string) *Reporter {
	return &Reporter{w.stream, w.target.Name(), step}
}

// run walks the host from end to end.
func (w *walk) run(ctx context.Context) {
	w.ready(ctx)
	w.lock(ctx)
	w.work(ctx)
	w.close(ctx)
}

// ready connects, plans, and asks for approval.
func (w *walk) ready(ctx context.Context) {
	if w.changes, w.err = w.prepare(ctx); w.err == nil && len(w.changes) > 0 {
		w.before(ctx, w.approve)
	}
}

// lock has the target take its lock, where something is to be changed.
func (w *walk) lock(ctx context.Context) {
	if w.err == nil && (len(w.changes) > 0 || w.leads()) {
		w.before(ctx, func(ctx context.Context, r *Reporter) error { return w.target.Begin(ctx, r, w.changes) })
	}
}

// before does what comes before the steps, and finds the step that a failure of it belongs to.
func (w *walk) before(ctx context.Context, do func(context.Context, *Reporter) error) {
	if w.err = do(ctx, w.reporter("")); w.err == nil {
		return
	}
	w.err = w.stopped(ctx, "", w.err)
	if !errors.Is(w.err, ErrDeclined) && !errors.As(w.err, new(*StoppedError)) {
		w.unable = w.failedIn(w.err, w.changes)
	}
}

// work walks through the steps, all of which are skipped where nothing may be done.
func (w *walk) work(ctx context.Context) {
	for _, step := range w.target.Steps()[1:] {
		switch {
		case w.err == nil:
			w.err = w.step(ctx, step)
		case step.ID() == w.unable: // it is here that the failure belongs in the order of the steps
			_ = w.timed(ctx, step, func(*Reporter) (Status, error) { return "", w.err })
		default:
			w.reporter(step.ID()).emit(StepFinished{Status: StatusSkipped})
		}
	}
}

// tell is the walk of a plan.
func (w *walk) tell(ctx context.Context) {
	w.changes, w.err = w.prepare(ctx)
	if w.unable != "" {
		w.explain(w.unable, w.err)
	}
	if w.err == nil || w.unable != "" {
		w.advise()
	}
	w.close(ctx)
}

// failedIn is the step that a failure belongs to which ended the run before its steps: the one that it names, else the first that
// was to change something.
func (w *walk) failedIn(err error, changes []Change) string {
	var named *StepError
	steps := w.target.Steps()
	switch {
	case errors.As(err, &named):
		return named.Step
	case len(changes) == 0, changes[0].Step == steps[0].ID(): // which was done
		return steps[1].ID()
	}
	return changes[0].Step
}

// prepare connects, which is the first step, and plans all of them.
func (w *walk) prepare(ctx context.Context) ([]Change, error) {
	first := w.target.Steps()[0]
	var later *StepError
	defer w.stream.pace.take(ctx)()
	err := w.timed(ctx, first, func(r *Reporter) (Status, error) {
		err := w.target.Connect(ctx, r)
		if errors.As(err, &later) && later.Step != first.ID() { // reaching the host is not what failed
			return StatusOK, nil
		}
		if err != nil {
			return "", err
		}
		_, err = w.plan(first)
		return StatusOK, err
	})
	if err != nil {
		return nil, err
	}
	if later != nil {
		w.unable = later.Step
		return nil, w.stopped(ctx, later.Step, later)
	}
	var all []Change
	for _, step := range w.target.Steps() {
		changes, err := w.plan(step)
		if err != nil {
			w.unable = step.ID()
			return all, err
		}
		all = append(all, changes...)
	}
	if len(all) > 0 {
		w.reporter("").emit(PlanReady{all})
	}
	return all, nil
}

func (w *walk) plan(step Step) ([]Change, error) {
	changes, err := step.Plan()
	for i := range changes {
		changes[i].Host, changes[i].Step = w.target.Name(), step.ID()
	}
	return changes, err
}

// approve asks whether the plan may be carried out.
func (w *walk) approve(ctx context.Context, r *Reporter) error {
	answer, err := r.Ask(ctx, Decision{
		Kind:     DecidePlan,
		Question: w.stream.approve(w.target.Name(), len(w.changes)),
		Options:  []Option{{ID: AnswerYes}, {ID: AnswerNo}},
		Default:  w.stream.enter,
		Headless: AnswerYes,
		Changes:  w.changes,
	})
	if err != nil {
		return err
	}
	if answer.Choice != AnswerYes {
		return ErrDeclined
	}
	w.approved = answer.Steps
	return nil
}

// step plans one step again with what is known now, applies what is left to do, and verifies it.
func (w *walk) step(ctx context.Context, step Step) error {
	return w.timed(ctx, step, func(r *Reporter) (Status, error) {
		changes, err := w.plan(step)
		if err != nil {
			return "", err
		}
		if len(changes) > 0 && w.approved != nil {
			if w.declined = w.declined || !slices.Contains(w.approved, step.ID()); w.declined {
				return StatusSkipped, nil
			}
		}
		status := StatusOK
		for _, change := range changes {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			if change.Apply != nil {
				switch err := change.Apply(ctx, r); {
				case errors.Is(err, ErrUnchanged):
					continue
				case err != nil:
					return "", err
				}
			}
			status = StatusChanged
			w.changed++
		}
		if v, ok := step.(Verifier); ok {
			return status, v.Verify(ctx, r)
		}
		return status, nil
	})
}

// timed wraps a step's work in its two events, and has a failure explained in between.
func (w *walk) timed(ctx context.Context, step Step, work func(*Reporter) (Status, error)) error {
	r := w.reporter(step.ID())
	begun, waited := w.stream.now(), w.stream.idle(w.target.Name())
	r.emit(StepStarted{Title: step.Title()})
	status, err := work(r)
	if err != nil {
		status = StatusFailed
		if err = w.stopped(ctx, step.ID(), err); !errors.As(err, new(*StoppedError)) {
			w.explain(step.ID(), err)
		}
	}
	r.emit(StepFinished{Status: status, Duration: w.stream.since(begun, w.target.Name(), waited), Err: err})
	return err
}

// stopped is the error of work that ended because its context did; any other stays as it is.
func (w *walk) stopped(ctx context.Context, step string, err error) error {
	if ctx.Err() == nil || errors.As(err, new(*StoppedError)) {
		return err
	}
	s := &StoppedError{Host: w.target.Name(), Step: step, Cause: context.Cause(ctx), Interrupted: errors.Is(ctx.Err(), context.Canceled), Err: err}
	if target, ok := w.target.(Stopper); ok {
		s.Left = target.Left(step)
	}
	return s
}

func (w *walk) explain(step string, err error) {
	explainer, ok := w.target.(Explainer)
	if !ok {
		return
	}
	for _, finding := range explainer.Explain(step, err) {
		w.reporter(step).Finding(finding)
	}
}

// advise tells in a plan what a run tells as it comes to each step.
func (w *walk) advise() {
	adviser, ok := w.target.(Adviser)
	if !ok {
		return
	}
	for _, step := range w.target.Steps() {
		for _, finding := range adviser.Advice(step.ID()) {
			w.reporter(step.ID()).Finding(finding)
		}
	}
}

// close hangs up, even when ctx has ended, and sums up the host.
func (w *walk) close(ctx context.Context) {
	w.result = HostResult{Changed: w.changed, Status: w.status(), Err: w.err, Waited: w.stream.idle(w.target.Name())}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := w.target.Close(ctx, w.result); err != nil && w.err == nil {
		w.result.Status, w.result.Err = StatusFailed, err
	}
}

// status is how the host ended.
func (w *walk) status() Status {
	var f *Failure
	switch {
	case errors.As(w.err, &f) && f.Code == CodeNotStarted:
		return StatusNotStarted
	case ExitCode(w.err) == ExitUnreachable:
		return StatusUnreachable
	case w.err != nil:
		return StatusFailed
	case w.changed > 0:
		return StatusChanged
	}
	return StatusOK
}

func names(targets []Target) []string {
	list := make([]string, len(targets))
	for i, t := range targets {
		list[i] = t.Name()
	}
	return list
}

func stepIDs(targets []Target) []string {
	if len(targets) == 0 {
		return nil
	}
	steps := targets[0].Steps()
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.ID()
	}
	return ids
}
