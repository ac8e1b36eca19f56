package golden

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

// fleet is three hosts that run the recorded release, with another one to be deployed, which answers with errors on the hosts that are
// broken.
func fleet(t *testing.T, broken ...int) []*lab {
	var labs []*lab
	for i := range 3 {
		l := newRecordedLab(t)
		l.edit("inventory.yaml", "name: cloud", fmt.Sprintf("name: cloud%d", i))
		l.edit("inventory.yaml", "  domain:", "  health: {timeout: 1s}\n  domain:")
		l.edit("site/app/templates/index.html", "second", "third")
		labs = append(labs, l)
	}
	for _, i := range broken {
		labs[i].edit("site/app/__init__.py", "    return", "    raise\n    return")
	}
	return labs
}

// rollout deploys to a fleet and returns the hosts' statuses and what each of them runs afterwards: "old" or "new".
func rollout(t *testing.T, labs []*lab, o provision.Rollout) (result provision.RunFinished, ended string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var targets []provision.Target
	before := make([]string, len(labs))
	for i, l := range labs {
		targets = append(targets, l.host())
		before[i] = l.live()
	}
	result = provision.Run(ctx, targets, provision.Options{Site: "myweb", Decider: provision.Headless{}, Rollout: o})
	var hosts []string
	for i, l := range labs {
		l.awaitStopped()
		runs := "old"
		if l.live() != before[i] {
			runs = "new"
		}
		hosts = append(hosts, string(result.Hosts[targets[i].Name()].Status)+" "+runs)
	}
	return result, strings.Join(hosts, ", ")
}

// live is the release that the site's container is.
func (l *lab) live() string {
	l.t.Helper()
	return strings.TrimSpace(l.Docker.Do(l.t, "inspect", "--format", `{{index .Config.Labels "io.provision.release"}}`, "myweb_https"))
}

// TestRollout deploys to three hosts one after another: a canary that fails leaves the others as they were, and one that fails later has
// those that were changed go back where that is wanted.
func TestRollout(t *testing.T) {
	one := provision.Share{Number: 1}
	for name, c := range map[string]struct {
		broken []int
		order  provision.Rollout
		want   string
		exit   int
	}{
		"all well":         {nil, provision.Rollout{Canary: 1}, "changed new, changed new, changed new", provision.ExitOK},
		"the canary fails": {[]int{0}, provision.Rollout{Canary: 1}, "failed old, not_started old, not_started old", provision.ExitKeptOld},
		"the second fails": {[]int{1}, provision.Rollout{Batch: one}, "changed new, failed old, not_started old", provision.ExitKeptOld},
		"and all go back":  {[]int{1}, provision.Rollout{Batch: one, Revert: true}, "failed old, failed old, not_started old", provision.ExitKeptOld},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, got := rollout(t, fleet(t, c.broken...), c.order)
			if got != c.want || result.ExitCode != c.exit {
				t.Errorf("it ended with %d: %s; want %d: %s\n%v", result.ExitCode, got, c.exit, c.want, result.Hosts)
			}
		})
	}
}

// A host's own settings are in its plan and in its container.
func TestSettingsOfAHost(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	l.edit("inventory.yaml", "user: kevin,", "user: kevin, environment: {REGION: north},")
	changes := l.plan().Changes
	if len(changes) == 0 || changes[len(changes)-1].Step != "09-run" || !strings.Contains(changes[len(changes)-1].Diff, "REGION") {
		t.Fatalf("the plan is %+v", changes)
	}
	l.mustDeploy()
	if got := l.commands(); !strings.Contains(got, "REGION=north") {
		t.Errorf("the container was made by\n%s", got)
	}
	if changes := l.plan().Changes; len(changes) != 0 {
		t.Errorf("a second plan is %+v", changes)
	}
}
