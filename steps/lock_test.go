//go:build host

package steps_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/state"
)

// TestLock has two runs at once, and locks that nobody holds any more.
func TestLock(t *testing.T) {
	c := beside(t)
	c.page("first")
	deciding, release := make(chan struct{}), make(chan struct{})
	first := make(chan *record)
	go func() {
		first <- c.deployWith(t.Context(), deciderFunc(func() provision.Answer { return provision.Answer{Choice: provision.AnswerYes} }), func(e provision.Event) {
			if _, ok := e.Body.(provision.StepStarted); ok && e.Step == "07-build" {
				close(deciding)
				<-release
			}
		})
	}()
	<-deciding
	r := c.deploy()
	if r.result.ExitCode != provision.ExitLocked || !strings.Contains(r.err().Error(), "holds the lock since") || !strings.Contains(r.err().Error(), "provision unlock") || !strings.Contains(r.err().Error(), "@") {
		t.Errorf("the second run ended with status %d: %v", r.result.ExitCode, r.err())
	}
	if plan := c.plan(); plan.ExitCode != provision.ExitOK {
		t.Errorf("a plan needs the lock: %+v", plan)
	}
	close(release)
	if r := <-first; r.result.ExitCode != provision.ExitOK {
		t.Fatalf("the first run failed: %v", r.err())
	}

	stateDir := state.Dir(directory)
	for name, lock := range map[string]string{
		"expired":        `{ echo $(($(date +%s) - 60)); echo '{"token":"T","session":1,"who":"me@there","purpose":"a test","since":"2026-01-01T00:00:00Z"}'; } >lock`,
		"cut short":      `: >lock`,
		"of a power cut": `printf '\0\0\0\0' >lock`,
	} {
		t.Run(name, func(t *testing.T) {
			c := c.on(t)
			c.sh("cd %s && %s && chown kevin lock", stateDir, lock)
			c.page("after a lock " + name)
			c.mustDeploy()
		})
	}
	c.settled()
}
