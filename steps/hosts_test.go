//go:build host

package steps_test

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
)

// TestHostsSideBySide provisions two hosts and one that nobody answers at: the two are live, and the result tells which is not.
// The two forward no sockets, so that what Docker knows is asked by its commands; on one of them, the user needs sudo for that.
func TestHostsSideBySide(t *testing.T) {
	t.Parallel()
	hosts := sandboxtest.Hosts(t, sandbox.Options{Count: 2, SSHD: []string{"AllowStreamLocalForwarding no", "MaxSessions 2"}})
	c := cloudOn(t, hosts[0])
	c.sh("gpasswd -d kevin docker && echo 'kevin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/kevin")
	inv := c.load()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := closed.Addr().(*net.TCPAddr).Port
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	second, third := inv.Hosts[0], inv.Hosts[0]
	second.Name, second.Address, second.Identity, second.KnownHosts = "second", hosts[1].Address, hosts[1].Identity, hosts[1].KnownHosts
	third.Name, third.Address, third.Port = "third", "127.0.0.1", port
	d, err := steps.NewDeployment(t.Context(), inv, language.New(language.English), steps.Reading{Remember: true})
	if err != nil {
		t.Fatal(err)
	}
	var targets []provision.Target
	for _, h := range []inventory.Host{inv.Hosts[0], second, third} {
		targets = append(targets, d.NewHost(h, false, "test"))
	}
	r := &record{}
	r.result = provision.Run(t.Context(), targets, provision.Options{Site: "myweb", Sink: r.sink})

	if r.result.ExitCode != provision.ExitUnreachable {
		t.Errorf("the run ended with status %d, want %d", r.result.ExitCode, provision.ExitUnreachable)
	}
	for _, name := range []string{"cloud", "second"} {
		if h := r.result.Hosts[name]; h.Status != provision.StatusChanged || h.Err != nil {
			t.Errorf("%s ended %s: %v\n%s", name, h.Status, h.Err, r.output())
		}
	}
	if owner := c.sh("stat -c %%U %s/jobs", state.Dir(directory)); owner != "kevin" {
		t.Errorf("the next run does not see the jobs of this one: their folder is %s's", owner)
	}
	if h := r.result.Hosts["third"]; h.Status != provision.StatusUnreachable || !strings.Contains(h.Err.Error(), "third") {
		t.Errorf("third ended %s: %v", h.Status, h.Err)
	}
	last, ok := r.events[len(r.events)-1].Body.(provision.RunFinished)
	if !ok || len(last.Hosts) != 3 {
		t.Errorf("the last event is %#v", r.events[len(r.events)-1].Body)
	}
	contract(t, r.events)
	t.Run("back, side by side", func(t *testing.T) { backSideBySide(t, c.on(t), cloudOn(t, hosts[1])) })
}

// contract holds a run's events against what scripts rely on: every one a flat object with time and type, every step's end
// with a status, the last one the run's end.
func contract(t *testing.T, events []provision.Event) {
	t.Helper()
	for i, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		need := map[string][]string{
			"run.started":   {},
			"step.started":  {"host", "step"},
			"step.progress": {"host", "step", "done", "total", "unit"},
			"step.output":   {"host", "step", "stream", "text"},
			"finding":       {"host", "step", "severity", "cause", "evidence", "fix"},
			"step.finished": {"host", "step", "status", "duration_ms"},
			"run.finished":  {"changed", "exit_code", "duration_ms", "hosts"},
		}
		kind, _ := object["type"].(string)
		for _, field := range append(need[kind], "time") {
			if _, ok := object[field]; !ok {
				t.Errorf("event %d, %s, has no field %s", i, text, field)
			}
		}
		if last := i == len(events)-1; last != (kind == "run.finished") {
			t.Errorf("event %d of %d is %s", i, len(events), kind)
		}
	}
}

// Without a person, a question that has no safe default fails and says how to answer it beforehand.
func TestUnansweredDecisionNamesItsRemedy(t *testing.T) {
	_, err := provision.Headless{}.Decide(t.Context(), provision.Decision{Question: "Replace it?", Remedy: "set site.container"})
	var unanswered *provision.UnansweredError
	if !errors.As(err, &unanswered) || !strings.Contains(err.Error(), "set site.container") {
		t.Errorf("got %v", err)
	}
}

// TestHostsThatAllowTooLittle are told apart before anything changes there.
func TestHostsThatAllowTooLittle(t *testing.T) {
	for _, c := range []struct{ sshd, says string }{
		{"MaxSessions 1", "set MaxSessions to 2 or more"},
		{"AllowTcpForwarding no", "set AllowTcpForwarding to local or yes"},
	} {
		t.Run(c.sshd, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, sandbox.Options{SSHD: []string{c.sshd}, NoBaseImage: true})
			r := cloud.deploy()
			if r.result.ExitCode != provision.ExitFailed || r.result.Changed != 0 || !strings.Contains(r.err().Error(), c.says) {
				t.Errorf("ended with status %d, %d changed: %v", r.result.ExitCode, r.result.Changed, r.err())
			}
			failed, found := 0, 0
			for _, e := range r.events {
				switch body := e.Body.(type) {
				case provision.StepFinished:
					if body.Status == provision.StatusFailed {
						failed++
					}
				case provision.Finding:
					if body.Severity == provision.SeverityError && e.Step != "" {
						found++
					}
				}
			}
			if failed != 1 || found == 0 {
				t.Errorf("%d steps failed, with %d findings", failed, found)
			}
		})
	}
}
