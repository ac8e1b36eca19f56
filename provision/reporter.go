package provision

import (
	"context"
	"sync"
	"time"
)

// Reporter is a step's voice: it puts what happens into the run's stream, with the host and the step filled in.
type Reporter struct {
	stream *stream
	host   string
	step   string
}

// stream serialises the events of all hosts into one sink, and decisions into one question at a time.
type stream struct {
	emitting sync.Mutex
	asking   sync.Mutex
	sink     Sink
	decider  Decider
	approve  func(host string, changes int) string
	enter    string // the answer to the plan that Enter takes
	now      func() time.Time
}

func newStream(o Options) *stream {
	s := &stream{sink: o.Sink, decider: o.Decider, approve: o.Approve, enter: AnswerYes, now: o.Now}
	if o.Cautious {
		s.enter = AnswerNo
	}
	if s.sink == nil {
		s.sink = func(Event) {}
	}
	if s.decider == nil {
		s.decider = Headless{}
	}
	if s.approve == nil {
		s.approve = func(string, int) string { return "" }
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

func (s *stream) emit(host, step string, body Body) {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	s.sink(Event{Time: s.now(), Host: host, Step: step, Body: body})
}

// NewReporter returns a reporter outside of a run, for commands that reach one host without walking its steps.
func NewReporter(o Options, host, step string) *Reporter {
	return &Reporter{newStream(o), host, step}
}

func (r *Reporter) emit(body Body) { r.stream.emit(r.host, r.step, body) }

// Step is the id of the step that reports.
func (r *Reporter) Step() string { return r.step }

// In is the voice of another step of the same host, for work of that step which has to be done at another time.
func (r *Reporter) In(step string) *Reporter { return &Reporter{r.stream, r.host, step} }

// Command tells which command is about to run on the host.
func (r *Reporter) Command(command string) { r.emit(StepCommand{command}) }

// Output passes lines of a command's output on, as StepOutput has them. The text must be safe to print already.
func (r *Reporter) Output(stream, text string) { r.emit(StepOutput{stream, text}) }

// Progress tells how far the step is; total is 0 while it is unknown.
func (r *Reporter) Progress(done, total int64, unit, detail string) {
	r.emit(StepProgress{done, total, unit, detail})
}

// SiteCheck passes on how the site answered one request.
func (r *Reporter) SiteCheck(m SiteCheck) { r.emit(m) }

// Finding passes on something that is wrong or will be.
func (r *Reporter) Finding(f Finding) { r.emit(f) }

// Ask puts a question to whoever runs the program and waits for the answer. Questions of several hosts queue up.
func (r *Reporter) Ask(ctx context.Context, d Decision) (Answer, error) {
	r.stream.asking.Lock()
	defer r.stream.asking.Unlock()
	d.Host, d.Step = r.host, r.step
	r.emit(DecisionAsked{d.Kind, d.Question})
	answer, err := r.stream.decider.Decide(ctx, d)
	if err != nil {
		return Answer{}, err
	}
	shown := answer.Choice
	if d.Secret {
		shown = redacted
	}
	r.emit(DecisionMade{d.Kind, shown})
	return answer, nil
}
