package provision_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

func TestRunChangesWhatIsToChangeAndNothingMore(t *testing.T) {
	w := world{"02-directory": "done"}
	h := host("one", w, "02-directory", "06-files")
	r := &record{}
	first := run(t, r, nil, h)
	if first.Changed != 1 || first.ExitCode != 0 || first.Hosts["one"].Status != provision.StatusChanged {
		t.Errorf("the first run ended %+v", first)
	}
	want := "step.started:01-login step.finished:01-login=ok plan.ready decision.asked decision.made" +
		" step.started:02-directory step.finished:02-directory=ok step.started:06-files step.finished:06-files=changed"
	if got := r.story("one"); got != want {
		t.Errorf("the events were\n%s\nwant\n%s", got, want)
	}
	started, ok := r.events[0].Body.(provision.RunStarted)
	if !ok || started.Command != "provision --yes" || !slices.Equal(started.Steps, []string{"01-login", "02-directory", "06-files"}) {
		t.Errorf("the stream begins with %+v", r.events[0].Body)
	}
	if _, ok := r.events[len(r.events)-1].Body.(provision.RunFinished); !ok {
		t.Errorf("the stream ends with %T", r.events[len(r.events)-1].Body)
	}

	h.calls = nil
	second := run(t, &record{}, decide(func(provision.Decision) (provision.Answer, error) {
		t.Error("a run with nothing to change asked for approval")
		return provision.Answer{}, nil
	}), h)
	if second.Changed != 0 || second.Hosts["one"].Status != provision.StatusOK {
		t.Errorf("the second run ended %+v", second)
	}
	if !slices.Equal(h.calls, []string{"connect", "close"}) {
		t.Errorf("a run with nothing to change called %v: it must not take the lock", h.calls)
	}
}

func TestOneFailingHostStopsNoOther(t *testing.T) {
	bad := host("bad", world{}, "06-files")
	bad.connect = func(context.Context, *provision.Reporter) error {
		return provision.WithExit(provision.ExitUnreachable, errBroken)
	}
	good := host("good", world{}, "06-files")
	r := &record{}
	result := run(t, r, nil, bad, good)
	if result.ExitCode != provision.ExitUnreachable {
		t.Errorf("exit status %d, want that of the host that failed", result.ExitCode)
	}
	if result.Hosts["good"].Status != provision.StatusChanged || result.Changed != 1 {
		t.Errorf("the good host ended %+v", result.Hosts["good"])
	}
	if got, want := r.story("bad"), "step.started:01-login step.finished:01-login=failed step.finished:06-files=skipped"; got != want {
		t.Errorf("the bad host's events were %s, want %s", got, want)
	}
}

func TestStepsAfterAFailureAreSkippedAndTheFailureExplained(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files", "07-build", "09-run")
	h.steps[2] = step{id: "07-build", world: w, apply: func(context.Context, *provision.Reporter) error { return errBroken }}
	h.explain = func(step string, err error) []provision.Finding {
		if !errors.Is(err, errBroken) {
			t.Errorf("asked to explain %v", err)
		}
		return []provision.Finding{{Severity: provision.SeverityError, Cause: "because of " + step}}
	}
	var outcome provision.HostResult
	h.close = func(_ context.Context, o provision.HostResult) error { outcome = o; return nil }
	r := &record{}
	result := run(t, r, nil, h)
	want := "step.started:07-build finding:07-build step.finished:07-build=failed step.finished:09-run=skipped"
	if got := r.story("one"); !strings.HasSuffix(got, want) {
		t.Errorf("the events were %s, want them to end in %s", got, want)
	}
	if result.ExitCode != provision.ExitFailed || result.Changed != 1 {
		t.Errorf("the run ended %+v", result)
	}
	if outcome.Status != provision.StatusFailed || outcome.Changed != 1 || !errors.Is(outcome.Err, errBroken) {
		t.Errorf("Close was told %+v", outcome)
	}
}

// A failure before the steps belongs to the step that it names, else to the first that was to change something; who declines fails
// in none.
func TestAFailureBeforeTheStepsHasItsStepAndFinding(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errBroken, "step.started:06-files finding:06-files step.finished:06-files=failed step.finished:09-run=skipped"},
		{provision.InStep("09-run", errBroken), "step.finished:06-files=skipped step.started:09-run finding:09-run step.finished:09-run=failed"},
		{provision.ErrDeclined, "step.finished:06-files=skipped step.finished:09-run=skipped"},
	} {
		h := host("one", world{}, "06-files", "09-run")
		h.begin = func(context.Context, []provision.Change) error { return c.err }
		h.explain = func(step string, err error) []provision.Finding {
			return []provision.Finding{{Severity: provision.SeverityError, Cause: step + err.Error()}}
		}
		r := &record{}
		result := run(t, r, nil, h)
		if got := r.story("one"); !strings.HasSuffix(got, c.want) || !errors.Is(result.Hosts["one"].Err, c.err) {
			t.Errorf("%v: the events were %s, want them to end in %s", c.err, got, c.want)
		}
	}
}

func TestAStepThatCannotBePlannedFailsInItsPlace(t *testing.T) {
	w := world{}
	h := host("one", w, "02-directory", "04-lines", "06-files")
	h.steps[2] = step{id: "04-lines", world: w, plan: errBroken}
	r := &record{}
	result := run(t, r, nil, h)
	want := "step.started:01-login step.finished:01-login=ok step.finished:02-directory=skipped" +
		" step.started:04-lines step.finished:04-lines=failed step.finished:06-files=skipped"
	if got := r.story("one"); got != want {
		t.Errorf("the events were\n%s\nwant\n%s", got, want)
	}
	if len(w) != 0 || result.Changed != 0 || slices.Contains(h.calls, "begin") {
		t.Errorf("something was changed although the plan failed: %v, %+v", w, result)
	}
}

// A step that was left out takes those after it with it: an image built from files that were not uploaded would bear their name.
func TestOnlyApprovedStepsChangeSomething(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files", "07-build", "09-run")
	var asked provision.Decision
	result := run(t, &record{}, decide(func(d provision.Decision) (provision.Answer, error) {
		asked = d
		return provision.Answer{Choice: provision.AnswerYes, Steps: []string{"06-files", "09-run"}}, nil
	}), h)
	if asked.Kind != provision.DecidePlan || len(asked.Changes) != 3 || asked.Changes[0].Host != "one" || asked.Changes[0].Step != "06-files" {
		t.Errorf("asked %+v", asked)
	}
	if w["06-files"] != "done" || w["07-build"] != "" || w["09-run"] != "" || result.Changed != 1 {
		t.Errorf("the world is %v after %+v", w, result)
	}
}

func TestADeclinedPlanChangesNothing(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files")
	result := run(t, &record{}, decide(func(provision.Decision) (provision.Answer, error) {
		return provision.Answer{Choice: provision.AnswerNo}, nil
	}), h)
	if len(w) != 0 || slices.Contains(h.calls, "begin") {
		t.Errorf("the world is %v after calls of %v", w, h.calls)
	}
	if !errors.Is(result.Hosts["one"].Err, provision.ErrDeclined) || result.ExitCode != provision.ExitFailed {
		t.Errorf("the run ended %+v", result)
	}
}

// What takes something away is not approved by Enter, and is by --yes.
func TestACautiousPlanIsNotApprovedByEnter(t *testing.T) {
	for cautious, want := range map[bool]string{false: provision.AnswerYes, true: provision.AnswerNo} {
		var asked provision.Decision
		provision.Run(t.Context(), []provision.Target{host("one", world{}, "06-files")}, provision.Options{Cautious: cautious,
			Decider: decide(func(d provision.Decision) (provision.Answer, error) {
				asked = d
				return provision.Answer{Choice: d.Default}, nil
			})})
		if asked.Default != want || asked.Headless != provision.AnswerYes {
			t.Errorf("cautious %v: Enter takes %q and --yes %q", cautious, asked.Default, asked.Headless)
		}
	}
}

func TestADeciderThatFailsEndsTheHost(t *testing.T) {
	w := world{}
	result := run(t, &record{}, decide(func(provision.Decision) (provision.Answer, error) {
		return provision.Answer{}, errBroken
	}), host("one", w, "06-files"))
	if len(w) != 0 || !errors.Is(result.Hosts["one"].Err, errBroken) {
		t.Errorf("the world is %v after %+v", w, result)
	}
}

func TestALockThatIsHeldGivesItsExitStatus(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files")
	h.begin = func(context.Context, []provision.Change) error {
		return provision.WithExit(provision.ExitLocked, errBroken)
	}
	if result := run(t, &record{}, nil, h); result.ExitCode != provision.ExitLocked || len(w) != 0 {
		t.Errorf("the run ended %+v with %v", result, w)
	}
}

func TestStepsArePlannedAgainJustBeforeTheyRun(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files", "07-build")
	h.steps[1] = step{id: "06-files", world: w, apply: func(context.Context, *provision.Reporter) error {
		w["06-files"], w["07-build"] = "done", "done" // the one makes the other unnecessary
		return nil
	}}
	r := &record{}
	if result := run(t, r, nil, h); result.Changed != 1 {
		t.Errorf("the run ended %+v", result)
	}
	if got := r.story("one"); !strings.HasSuffix(got, "step.finished:07-build=ok") {
		t.Errorf("the events were %s", got)
	}
}

func TestAChangeThatChangedNothingDoesNotCount(t *testing.T) {
	h := host("one", world{}, "04-lines", "06-files")
	h.steps[1] = step{id: "04-lines", world: world{}, apply: func(context.Context, *provision.Reporter) error { return provision.ErrUnchanged }}
	r := &record{}
	if result := run(t, r, nil, h); result.Changed != 1 || result.ExitCode != 0 {
		t.Errorf("the run ended %+v", result)
	}
	if got := r.story("one"); !strings.Contains(got, "04-lines=ok") || !strings.Contains(got, "06-files=changed") {
		t.Errorf("the events were %s", got)
	}
}

func TestVerifyHasTheLastWord(t *testing.T) {
	w := world{}
	h := host("one", w, "06-files")
	h.steps = append(h.steps, verified{step{id: "09-run", world: w}, func() error {
		if w["09-run"] != "done" {
			t.Error("verified before the change was made")
		}
		return provision.WithExit(provision.ExitKeptOld, errBroken)
	}})
	r := &record{}
	result := run(t, r, nil, h)
	if result.ExitCode != provision.ExitKeptOld || !strings.HasSuffix(r.story("one"), "09-run=failed") {
		t.Errorf("the run ended %+v: %s", result, r.story("one"))
	}
}

func TestAnInterruptedRunSaysSoAndCloses(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(parent context.Context) (context.Context, context.CancelFunc)
		exit int
		says string
	}{
		"by the person": {func(parent context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(parent)
			return ctx, func() { cancel(errors.New("interrupt signal received")) }
		}, provision.ExitInterrupted, "stopped.by.interrupt"},
		"by its deadline": {func(parent context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadlineCause(parent, time.Now().Add(-time.Second), errors.New("--timeout of 1s is over"))
		}, provision.ExitFailed, "--timeout of 1s is over"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := c.end(t.Context())
			defer cancel()
			w := world{}
			h := host("one", w, "06-files", "07-build")
			h.left = provision.Fail("step.07-build.interrupt")
			h.connect = func(ctx context.Context, _ *provision.Reporter) error {
				cancel()
				<-ctx.Done()
				return provision.WithExit(provision.ExitUnreachable, ctx.Err()) // what the step makes of it does not count
			}
			h.close = func(ctx context.Context, _ provision.HostResult) error { return ctx.Err() }
			h.explain = func(string, error) []provision.Finding {
				t.Error("the end of the run was diagnosed as a failure")
				return nil
			}
			r := &record{}
			result := provision.Run(ctx, []provision.Target{h, host("idle", world{"06-files": "done"}, "06-files")}, provision.Options{Sink: r.sink})
			if result.ExitCode != c.exit {
				t.Errorf("exit status %d, want %d", result.ExitCode, c.exit)
			}
			said := result.Hosts["one"].Err.Error()
			for _, part := range []string{c.says, "01-login", "one", "step.07-build.interrupt"} {
				if !strings.Contains(said, part) {
					t.Errorf("%q does not say %q", said, part)
				}
			}
			if _, ok := r.events[len(r.events)-1].Body.(provision.RunFinished); !ok || len(w) != 0 {
				t.Errorf("the stream ends with %T, the world is %v", r.events[len(r.events)-1].Body, w)
			}
		})
	}
}

func TestAFailingCloseFailsTheHost(t *testing.T) {
	h := host("one", world{}, "06-files")
	h.close = func(context.Context, provision.HostResult) error { return errBroken }
	result := run(t, &record{}, nil, h)
	if one := result.Hosts["one"]; one.Status != provision.StatusFailed || !errors.Is(one.Err, errBroken) || one.Changed != 1 {
		t.Errorf("the host ended %+v", one)
	}
}

func TestTheTimeOfAPersonIsNotCounted(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	h := host("one", world{}, "06-files")
	h.connect = func(ctx context.Context, r *provision.Reporter) error {
		now = now.Add(2 * time.Second)
		_, err := r.Ask(ctx, provision.Decision{Kind: provision.DecidePassword, Secret: true})
		return err
	}
	r := &record{}
	result := provision.Run(t.Context(), []provision.Target{h}, provision.Options{Sink: r.sink, Now: func() time.Time { return now },
		Decider: decide(func(provision.Decision) (provision.Answer, error) {
			now = now.Add(time.Hour)
			return provision.Answer{Choice: provision.AnswerYes}, nil
		})})
	if result.Duration != 2*time.Second {
		t.Errorf("the run took %s", result.Duration)
	}
	for _, e := range r.events {
		if ended, ok := e.Body.(provision.StepFinished); ok && e.Step == "01-login" && ended.Duration != 2*time.Second {
			t.Errorf("the login took %s", ended.Duration)
		}
	}
}
