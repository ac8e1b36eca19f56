package golden

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
)

// TestHooksOfARollout deploys to two hosts, one of which has a variable of its own: before_build and before_switch run once in all,
// after_switch on each, and each host's history has what ran there.
func TestHooksOfARollout(t *testing.T) {
	t.Parallel()
	a, b := newRecordedLab(t), newRecordedLab(t)
	hooks("echo built >>../built; sed -i s/second/third/ app/templates/index.html", "migrate", "clean up")(a)
	file, err := os.OpenFile(filepath.Join(a.dir, "inventory.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = fmt.Fprintf(file, "  - {name: cloud2, address: %s, port: %d, user: kevin, identity: %s, known_hosts: %s, environment: {OWN: \"2\"}}\n",
		b.Address, b.Port, b.Identity, b.KnownHosts)
	check(t, err)
	check(t, file.Close())
	inv, err := inventory.Load(filepath.Join(a.dir, "inventory.yaml"))
	check(t, err)
	d, err := steps.Mend(t.Context(), inv, language.Keys(), provision.Headless{}, false, steps.Reading{Remember: true})
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a.Docker.Calls()
	b.Docker.Calls()
	var targets []provision.Target
	for _, h := range inv.Hosts {
		targets = append(targets, d.NewHost(h, false, "provision --yes"))
	}
	result := provision.Run(ctx, targets, provision.Options{Site: "myweb", Decider: provision.Headless{}})
	if result.ExitCode != provision.ExitOK {
		t.Fatalf("the run ended with status %d: %v", result.ExitCode, result.Hosts)
	}
	built, err := os.ReadFile(filepath.Join(a.dir, "built"))
	if check(t, err); string(built) != "built\n" {
		t.Errorf("before_build has left %q", built)
	}
	migrated, cleaned, own := 0, 0, 0
	for _, call := range append(a.Docker.Calls(), b.Docker.Calls()...) {
		migrated += strings.Count(call, " -c migrate")
		cleaned += strings.Count(call, "sh -c clean up")
		if strings.Contains(call, "--name myweb_https-candidate") {
			own += strings.Count(call, "OWN=2")
		}
	}
	if migrated != 1 || cleaned != 2 || own != 1 {
		t.Errorf("before_switch has run %d times, after_switch %d times, and %d releases have the variable of one host", migrated, cleaned, own)
	}
	var ran []string
	for _, l := range []*lab{a, b} {
		text, err := os.ReadFile(l.Path(stateDir + "/history"))
		check(t, err)
		records := state.ParseHistory(text)
		for _, h := range records[len(records)-1].Hooks {
			ran = append(ran, h.Name+" "+h.Outcome)
		}
	}
	if all := strings.Join(ran, ", "); strings.Count(all, "before_build ok") != 2 || strings.Count(all, "before_switch ok") != 1 || strings.Count(all, "after_switch ok") != 2 {
		t.Errorf("the histories have %s", all)
	}
	a.awaitStopped()
	b.awaitStopped()
}

// TestHooksAreNotRunByPlans: a plan changes nothing here either.
func TestHooksAreNotRunByPlans(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	hooks("touch ../built", "migrate", "clean up")(l)
	l.plan()
	if _, err := os.Stat(filepath.Join(l.dir, "built")); err == nil {
		t.Error("before_build was run")
	}
}
