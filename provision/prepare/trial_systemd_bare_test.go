//go:build bare

package prepare

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/shell"
)

// TestTrialOnSystemd: where systemd ends what a session leaves behind, the trial is a unit of its own. It undoes what nobody confirms,
// and keeps what somebody does.
func TestTrialOnSystemd(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{Bare: true, System: "debian-systemd", SSHD: []string{"PasswordAuthentication yes"}})
	host.User = "root" // there is nobody else yet
	h := logIn(t, host)
	if said := h.inside("ps -o comm= -p 1"); said != "systemd\n" {
		t.Fatalf("process 1 is %s", said)
	}
	units := shell.Text("systemctl list-units --plain --no-legend 'provision-trial-*' >/run/units\n")
	refusing := h.refusing(t)
	refusing.Apply = units + refusing.Apply
	begun := time.Now()
	h.undone(t, refusing, "trial.undone")
	if said := h.inside("cat /run/units"); !strings.HasPrefix(said, "provision-trial-") || !strings.Contains(said, "running") {
		t.Errorf("the trial is none of systemd's units: %q", said)
	}
	t.Logf("undone after %s", time.Since(begun).Round(time.Second))
	trial := h.strict(t, Setting{"PasswordAuthentication", "no"})
	if err := trial.Run(t.Context(), h, h.anew); err != nil {
		t.Fatal(err)
	}
	if now := h.state(); strings.Contains(now, "passwordauthentication yes") {
		t.Errorf("password logins are still there:\n%s", now)
	}
	if left := h.inside("systemctl list-units --plain --no-legend 'provision-trial-*'"); left != "" {
		t.Errorf("there is still %s", left)
	}
	logIn(t, host)
}
