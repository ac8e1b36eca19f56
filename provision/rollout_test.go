package provision_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kehuo/provision/provision"
)

// fleet is a number of hosts, h1 to hN, and what happened to them in order: "lock h1", "change h1", "back h1".
type fleet struct {
	targets []provision.Target
	hosts   map[string]*target

	mu    sync.Mutex
	story []string
}

func (f *fleet) told(what, host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.story = append(f.story, what+" "+host)
}

// newFleet has hosts of which the broken ones fail when they are changed.
func newFleet(size int, broken ...string) *fleet {
	f := &fleet{hosts: map[string]*target{}}
	for i := range size {
		name := fmt.Sprintf("h%d", i+1)
		h := host(name, world{}, "09-run")
		h.begin = func(context.Context, []provision.Change) error { f.told("lock", name); return nil }
		h.steps[1] = step{id: "09-run", world: world{}, apply: func(context.Context, *provision.Reporter) error {
			f.told("change", name)
			if slices.Contains(broken, name) {
				return provision.WithExit(provision.ExitKeptOld, errBroken)
			}
			return nil
		}}
		f.hosts[name] = h
		f.targets = append(f.targets, reverting{h, f})
	}
	return f
}

// reverting is a host that can go back.
type reverting struct {
	*target
	fleet *fleet
}

func (r reverting) Back() provision.Step {
	return step{id: "09-run", world: world{}, apply: func(context.Context, *provision.Reporter) error {
		r.fleet.told("back", r.name)
		return nil
	}}
}

func (f *fleet) run(t *testing.T, o provision.Rollout, r *record) provision.RunFinished {
	t.Helper()
	return provision.Run(t.Context(), f.targets, provision.Options{Rollout: o, Sink: r.sink})
}

// statuses are the hosts' in order.
func statuses(f provision.RunFinished) string {
	var list []string
	for i := range len(f.Hosts) {
		list = append(list, string(f.Hosts[fmt.Sprintf("h%d", i+1)].Status))
	}
	return strings.Join(list, " ")
}

// Nothing is changed before all locks are taken, in the inventory's order; then come the canary and the batches.
func TestARolloutGoesInWaves(t *testing.T) {
	f, r := newFleet(6), &record{}
	result := f.run(t, provision.Rollout{Canary: 1, Batch: provision.Share{Number: 34, Percent: true}}, r)
	if result.ExitCode != 0 || result.Changed != 6 {
		t.Errorf("it ended %+v", result)
	}
	if got, want := strings.Join(f.story[:7], ","), "lock h1,lock h2,lock h3,lock h4,lock h5,lock h6,change h1"; got != want {
		t.Errorf("it began with %s, want %s", got, want)
	}
	var waves []string
	for _, e := range r.events {
		if w, ok := e.Body.(provision.RolloutWave); ok {
			waves = append(waves, fmt.Sprint(w.Number, w.Hosts, w.Left))
		}
	}
	if got := strings.Join(waves, " "); got != "1 [h1] 5 2 [h2 h3 h4] 2 3 [h5 h6] 0" {
		t.Errorf("the waves were %s", got)
	}
}

func TestTheFirstFailureStopsWhatHasNotBegun(t *testing.T) {
	f := newFleet(5, "h1", "h4")
	result := f.run(t, provision.Rollout{Canary: 1, Batch: provision.Share{Number: 2}}, &record{})
	if got := statuses(result); got != "failed not_started not_started not_started not_started" || result.ExitCode != provision.ExitKeptOld || result.Changed != 0 {
		t.Errorf("a canary that fails: %s, %+v", got, result)
	}
	if slices.Contains(f.story, "change h2") {
		t.Errorf("others were changed: %v", f.story)
	}
	if code := provision.CodeOf(result.Hosts["h2"].Err); code != provision.CodeNotStarted {
		t.Errorf("h2 ended with %s", code)
	}
	f = newFleet(5, "h2")
	result = f.run(t, provision.Rollout{Batch: provision.Share{Number: 2}}, &record{})
	if got := statuses(result); got != "changed failed not_started not_started not_started" || result.ExitCode != provision.ExitKeptOld {
		t.Errorf("a batch in which one fails: %s, %+v", got, result)
	}
}

func TestAfterAFailureTheChangedHostsGoBack(t *testing.T) {
	f := newFleet(5, "h3")
	result := f.run(t, provision.Rollout{Canary: 1, Batch: provision.Share{Number: 2}, Revert: true}, &record{})
	if got := statuses(result); got != "failed failed failed not_started not_started" || result.ExitCode != provision.ExitKeptOld {
		t.Errorf("it ended %s, %+v", got, result)
	}
	for host, want := range map[string]bool{"h1": true, "h2": true, "h3": false, "h4": false} {
		if slices.Contains(f.story, "back "+host) != want {
			t.Errorf("%s went back: %v; %v", host, !want, f.story)
		}
	}
	if code := provision.CodeOf(result.Hosts["h1"].Err); code != provision.CodeReverted {
		t.Errorf("h1 ended with %s", code)
	}
}

// What is wrong before the first change, a lock that is held above all, leaves every host as it was; a host that cannot be reached is
// left out, and holds up nobody.
func TestARolloutThatCannotBegin(t *testing.T) {
	f := newFleet(3)
	f.hosts["h2"].begin = func(context.Context, []provision.Change) error {
		return provision.WithExit(provision.ExitLocked, errBroken)
	}
	result := f.run(t, provision.Rollout{Canary: 1}, &record{})
	if got := statuses(result); got != "not_started failed not_started" || result.ExitCode != provision.ExitLocked || result.Changed != 0 {
		t.Errorf("a lock that is held: %s, %+v", got, result)
	}
	if slices.Contains(f.hosts["h3"].calls, "begin") || !slices.Contains(f.hosts["h1"].calls, "close") {
		t.Errorf("h3 was called %v, h1 %v", f.hosts["h3"].calls, f.hosts["h1"].calls)
	}
	f = newFleet(3)
	f.hosts["h1"].connect = func(context.Context, *provision.Reporter) error {
		return provision.WithExit(provision.ExitUnreachable, errBroken)
	}
	result = f.run(t, provision.Rollout{Canary: 1, Batch: provision.Share{Number: 1}}, &record{})
	if got := statuses(result); got != "unreachable changed changed" || result.ExitCode != provision.ExitUnreachable {
		t.Errorf("a host that cannot be reached: %s, %+v", got, result)
	}
}

func TestARolloutPausesBetweenWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		f := newFleet(3)
		f.run(t, provision.Rollout{Canary: 1, Batch: provision.Share{Number: 1}, Pause: 10 * time.Second}, &record{})
		if took := time.Since(begun); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f = newFleet(2)
		result := provision.Run(ctx, f.targets, provision.Options{Rollout: provision.Rollout{Canary: 1, Pause: time.Hour}})
		if got := statuses(result); got != "changed failed" || slices.Contains(f.story, "change h2") {
			t.Errorf("a pause that was cut: %s, %v", got, f.story)
		}
	})
}

func TestShares(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "25%": true, "100%": true, "0": false, "101%": false, "+2": false, "-1": false, "%": false, "": false, "2.5%": false} {
		if s, ok := provision.ParseShare(text); ok != want || ok && s.String() != text {
			t.Errorf("%q is %v, %v", text, s, ok)
		}
	}
}

// leading is a host that the others wait for.
type leading struct{ reverting }

func (leading) Leads() bool { return true }

// TestALeaderGoesFirst: the others are changed once it ended well, and not at all where it did not. It is locked with them, though it
// has nothing to do itself.
func TestALeaderGoesFirst(t *testing.T) {
	for _, test := range []struct {
		name, broken string
		ready, none  bool // h2 can be reached; it has nothing to change
		story        string
		statuses     string
	}{
		{"it is well", "", true, false, "lock h1,lock h2,lock h3,change h2", "changed changed changed"},
		{"it fails", "h2", true, false, "lock h1,lock h2,lock h3,change h2", "not_started failed not_started"},
		{"it is out of reach", "", false, false, "", "not_started unreachable not_started"},
		{"it has nothing to do", "", true, true, "lock h1,lock h2,lock h3", "changed ok changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFleet(3, test.broken)
			h := f.hosts["h2"]
			if !test.ready {
				h.connect = func(context.Context, *provision.Reporter) error {
					return provision.WithExit(provision.ExitUnreachable, errBroken)
				}
			}
			if test.none {
				h.steps[1] = step{id: "09-run", world: world{"09-run": "done"}}
			}
			f.targets[1] = leading{reverting{h, f}}
			result := f.run(t, provision.Rollout{}, &record{})
			if got := statuses(result); got != test.statuses {
				t.Errorf("they ended %s, want %s", got, test.statuses)
			}
			if story := strings.Join(f.story, ","); !strings.HasPrefix(story, test.story) || strings.HasPrefix(test.statuses, "not") && story != test.story {
				t.Errorf("it went %s, want %s", story, test.story)
			}
		})
	}
}
