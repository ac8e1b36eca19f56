//go:build host

package steps_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps/operate"
)

// TestDown lets the application end in its own time, as a release does that keeps none of the earlier ones, and leaves nothing
// of what it is asked to remove.
func TestDown(t *testing.T) {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	secrets := c.source + "/../secrets.env"
	if err := os.WriteFile(secrets, []byte("TOKEN=hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.site["environment_file"] = secrets
	c.site["volumes"] = `["/srv/kept:/kept"]`
	c.write("start.sh", strings.Replace(c.read("start.sh"), "stop() {\n", "stop() {\n    sleep 1; echo written >/kept/down\n", 1))
	c.site["keep"] = "0"
	c.mustDeploy()
	written := func() string { return c.sh("cat /srv/kept/down; rm -f /srv/kept/down; docker ps -aq | wc -l") }

	c.page("the only one that is kept")
	c.mustDeploy()
	c.stopped()
	if kept := written(); kept != "written\n1" {
		t.Errorf("behind a release that keeps no other: %q, want written, and one container", kept)
	}

	down := func(o operate.DownOptions, changed int) {
		t.Helper()
		if r := c.down(o); r.result.ExitCode != provision.ExitOK || r.result.Changed != changed {
			t.Fatalf("down %+v ended with status %d and %d changes: %v", o, r.result.ExitCode, r.result.Changed, r.err())
		}
	}

	down(operate.DownOptions{}, 1)
	if kept := written(); kept != "written\n0" {
		t.Errorf("after down: %q, want written, and no container", kept)
	}
	c.sh("test -f %s/environment-* && test -s %[1]s/history", state.Dir(directory))

	// Somebody has removed the site's folder; the secrets are in the one beside it.
	c.sh("rm -r %s", directory)
	down(operate.DownOptions{Files: true}, 1)
	if left := c.sh("ls -A /home/kevin/dev"); left != "" {
		t.Errorf("down --files leaves %q", left)
	}
	down(operate.DownOptions{Files: true}, 0)
}
