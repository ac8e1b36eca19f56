package tracker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/tracker"
)

var start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

func begun() *tracker.Run {
	run := &tracker.Run{}
	run.Apply(provision.Event{Time: start, Body: provision.RunStarted{Site: "myweb", Hosts: []string{"one", "two"},
		Steps: []string{"06-files", "07-build"}}})
	return run
}

func TestStepsGoFromWaitingToFinished(t *testing.T) {
	run := begun()
	one := run.Host("one")
	if one.Current != -1 || one.Steps[1].State != tracker.Waiting {
		t.Fatalf("a run that began is at %d, %s", one.Current, one.Steps[1].State)
	}
	run.Apply(provision.Event{Time: at(1), Host: "one", Step: "07-build", Body: provision.StepStarted{Title: "Build"}})
	build := one.Running()
	if build == nil || build.ID != "07-build" || build.Elapsed(at(3)) != 2*time.Second {
		t.Fatalf("running is %+v", build)
	}
	run.Apply(provision.Event{Time: at(4), Host: "one", Step: "07-build", Body: provision.Finding{Cause: "disk full"}})
	run.Apply(provision.Event{Time: at(4), Host: "one", Step: "07-build",
		Body: provision.StepFinished{Status: provision.StatusFailed, Duration: 3 * time.Second, Err: errors.New("no")}})
	if one.Running() != nil || one.Failed() != build || len(build.Findings) != 1 || build.Elapsed(at(9)) != 3*time.Second {
		t.Errorf("after its failure the step is %+v", build)
	}
	if run.Host("two").Failed() != nil {
		t.Error("the other host failed as well")
	}
	run.Apply(provision.Event{Time: at(5), Body: provision.RunStarted{Hosts: []string{"one"}, Steps: []string{"07-build"}}})
	if run.Host("one").Failed() != nil {
		t.Error("a second run starts with the failure of the first")
	}
}

func TestAnEventOfAnUnknownPlaceIsNotAnError(t *testing.T) {
	run := begun()
	run.Apply(provision.Event{Time: at(1), Host: "three", Step: "07-build", Body: provision.StepStarted{}})
	run.Apply(provision.Event{Time: at(1), Host: "one", Step: "99-none", Body: provision.StepStarted{}})
	if run.Host("one").Current != -1 {
		t.Error("a step that does not exist became the current one")
	}
}

func TestRateAndTimeLeft(t *testing.T) {
	run := begun()
	step := run.Host("one").Step("06-files")
	progress := func(seconds float64, done int64) {
		run.Apply(provision.Event{Time: at(seconds), Host: "one", Step: "06-files",
			Body: provision.StepProgress{Done: done, Total: 10_000, Unit: provision.UnitBytes}})
	}
	progress(0, 0)
	if _, ok := step.Rate.Left(at(0), 0, 10_000); ok {
		t.Error("one sample gives a rate")
	}
	for i := 1; i <= 40; i++ {
		progress(float64(i)/10, int64(i)*100)
	}
	if rate := step.Rate.PerSecond(at(4)); rate < 990 || rate > 1010 {
		t.Errorf("the rate is %v, want 1000", rate)
	}
	if left, ok := step.Rate.Left(at(4), 4000, 10_000); !ok || left.Round(time.Second) != 6*time.Second {
		t.Errorf("%v left, want 6s", left)
	}
	if rate := step.Rate.PerSecond(at(400)); rate > 11 {
		t.Errorf("a stall shows a rate of %v", rate)
	}
	progress(401, 5)
	if _, ok := step.Rate.Left(at(401), 5, 10_000); ok {
		t.Error("a new count goes on with the old rate")
	}
}
