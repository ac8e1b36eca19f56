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
	pace     pace

	waiting sync.Mutex               // for what follows
	waited  map[string]time.Duration // by host, for the answers of a person and for those of other hosts' questions before
	open    time.Duration            // how long a question was open, of whatever host
}

// wait notes that a host has waited for an answer since it asked, and that its question was open since then.
func (s *stream) wait(host string, asked, opened time.Time) {
	end := s.now()
	s.waiting.Lock()
	defer s.waiting.Unlock()
	s.waited[host] += end.Sub(asked)
	s.open += end.Sub(opened)
}

// since is how long a host has worked since begun, when it had waited for so long; without a host, the run.
func (s *stream) since(begun time.Time, host string, before time.Duration) time.Duration {
	return max(s.now().Sub(begun)-(s.idle(host)-before), 0)
}

// idle is how long a host has waited for a person so far, or without a host the run.
func (s *stream) idle(host string) time.Duration {
	s.waiting.Lock()
	defer s.waiting.Unlock()
	if host == "" {
		return s.open
	}
	return s.waited[host]
}

func newStream(o Options) *stream {
	s := &stream{sink: o.Sink, decider: o.Decider, approve: o.Approve, enter: AnswerYes, now: o.Now, pace: newPace(), waited: map[string]time.Duration{}}
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
	asked := r.stream.now()
	r.stream.asking.Lock()
	defer r.stream.asking.Unlock()
	opened := r.stream.now()
	defer func() { r.stream.wait(r.host, asked, opened) }()
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
