package provision_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kehuo/provision/provision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what a fake host is like: the steps compare it with what they want, and change it.
type world map[string]string

// target is a host made of functions.
type target struct {
	name    string
	steps   []provision.Step
	connect func(ctx context.Context, r *provision.Reporter) error
	begin   func(ctx context.Context, changes []provision.Change) error
	close   func(ctx context.Context, outcome provision.HostResult) error
	explain func(step string, err error) []provision.Finding
	advice  map[string][]provision.Finding
	left    *provision.Failure

	mu    sync.Mutex
	calls []string
}

func (t *target) called(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, what)
}

func (t *target) Name() string            { return t.name }
func (t *target) Steps() []provision.Step { return t.steps }

func (t *target) Connect(ctx context.Context, r *provision.Reporter) error {
	t.called("connect")
	if t.connect == nil {
		return nil
	}
	return t.connect(ctx, r)
}

func (t *target) Begin(ctx context.Context, _ *provision.Reporter, changes []provision.Change) error {
	t.called("begin")
	if t.begin == nil {
		return nil
	}
	return t.begin(ctx, changes)
}

func (t *target) Close(ctx context.Context, outcome provision.HostResult) error {
	t.called("close")
	if t.close == nil {
		return nil
	}
	return t.close(ctx, outcome)
}

func (t *target) Explain(step string, err error) []provision.Finding {
	if t.explain == nil {
		return nil
	}
	return t.explain(step, err)
}

func (t *target) Advice(step string) []provision.Finding { return t.advice[step] }

func (t *target) Left(string) *provision.Failure { return t.left }

// step wants world[id] to be "done".
type step struct {
	id    string
	world world
	apply func(ctx context.Context, r *provision.Reporter) error // default: sets world[id]
	plan  error
}

func (s step) ID() string    { return s.id }
func (s step) Title() string { return "Title of " + s.id }

func (s step) Plan() ([]provision.Change, error) {
	if s.plan != nil || s.world[s.id] == "done" {
		return nil, s.plan
	}
	apply := s.apply
	if apply == nil {
		apply = func(context.Context, *provision.Reporter) error { s.world[s.id] = "done"; return nil }
	}
	return []provision.Change{{Action: "do " + s.id, Reason: "it is not done", Apply: apply}}, nil
}

// verified is a step that looks again.
type verified struct {
	step
	verify func() error
}

func (v verified) Verify(context.Context, *provision.Reporter) error { return v.verify() }

// host is a target with a login step and one step for each id.
func host(name string, w world, ids ...string) *target {
	t := &target{name: name, steps: []provision.Step{step{id: "01-login", world: world{"01-login": "done"}}}}
	for _, id := range ids {
		t.steps = append(t.steps, step{id: id, world: w})
	}
	return t
}

// record keeps a run's events.
type record struct {
	mu     sync.Mutex
	events []provision.Event
}

func (r *record) sink(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// story tells the events of a host in short.
func (r *record) story(host string) string {
	var list []string
	for _, e := range r.events {
		if e.Host != host {
			continue
		}
		text := e.Body.EventType()
		if e.Step != "" {
			text += ":" + e.Step
		}
		if f, ok := e.Body.(provision.StepFinished); ok {
			text += "=" + string(f.Status)
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

func run(t *testing.T, r *record, decider provision.Decider, targets ...provision.Target) provision.RunFinished {
	t.Helper()
	return provision.Run(t.Context(), targets, provision.Options{Command: "provision --yes", Site: "myweb", Sink: r.sink, Decider: decider})
}

// decide answers with a function.
type decide func(d provision.Decision) (provision.Answer, error)

func (f decide) Decide(_ context.Context, d provision.Decision) (provision.Answer, error) {
	return f(d)
}

var errBroken = errors.New("broken")

func fixed() time.Time { return time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC) }
