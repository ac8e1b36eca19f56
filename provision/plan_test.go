package provision_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

func TestPlanChangesNothing(t *testing.T) {
	w := world{}
	one, two := host("one", w, "06-files"), host("two", w, "06-files", "07-build")
	two.steps[2] = step{id: "07-build", world: w, plan: errBroken}
	r := &record{}
	result := provision.Plan(t.Context(), []provision.Target{one, two}, provision.Options{Sink: r.sink})
	if len(w) != 0 || slices.Contains(one.calls, "begin") || slices.Contains(two.calls, "begin") {
		t.Errorf("planning changed something: %v %v %v", w, one.calls, two.calls)
	}
	if len(result.Changes) != 2 || result.Changes[0].Host != "one" || result.Changes[1].Host != "two" {
		t.Errorf("the changes are %+v, want those of one and two in that order", result.Changes)
	}
	if result.ExitCode != provision.ExitFailed || !errors.Is(result.Hosts["two"].Err, errBroken) {
		t.Errorf("the plan ended %+v", result)
	}
	if _, ok := r.events[len(r.events)-1].Body.(provision.PlanFinished); !ok {
		t.Errorf("the stream ends with %T", r.events[len(r.events)-1].Body)
	}
}

// A plan warns as the run would, also where one of its steps cannot be planned; a host that nobody reached is not spoken of.
func TestPlanHasTheWarnings(t *testing.T) {
	advice := map[string][]provision.Finding{"06-files": {{Severity: provision.SeverityWarning, Code: "site.some"}}}
	one, two, three := host("one", world{}, "06-files"), host("two", world{}, "06-files"), host("three", world{}, "06-files")
	one.advice, two.advice, three.advice = advice, advice, advice
	two.steps[1] = step{id: "06-files", world: world{}, plan: errBroken}
	three.connect = func(context.Context, *provision.Reporter) error { return errBroken }
	r := &record{}
	result := provision.Plan(t.Context(), []provision.Target{one, two, three}, provision.Options{Sink: r.sink})
	if err := result.Hosts["one"].Err; err != nil {
		t.Errorf("a warning ended the plan: %v", err)
	}
	for name, want := range map[string]bool{"one": true, "two": true, "three": false} {
		if got := r.story(name); strings.Contains(got, "finding:06-files") != want {
			t.Errorf("the plan for %s was %s", name, got)
		}
	}
}
