//go:build host

package steps_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/state"
)

// deaf has the site's process 1 keep the signal to itself that docker stop sends, as the tutorial's does: each retired
// container takes all of its grace to stop.
func (c *cloud) deaf() {
	c.t.Helper()
	c.write("start.sh", "#!/bin/bash\ncd \"$(dirname \"$0\")\"\ngunicorn --bind 127.0.0.1:5000 app:app &\nnginx -g 'daemon off;'\n")
}

// stopped waits until nothing is being stopped any more.
func (c *cloud) stopped() {
	c.t.Helper()
	c.sh("n=0; while ls %s/stopping/* >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done", state.Dir(directory))
}

// TestRollbackSoon goes back while the release to go back to is still being stopped: that stop must not end it once it is live,
// and of several earlier releases it is the one that was live last, which is kept.
func TestRollbackSoon(t *testing.T) {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	c.deaf()
	c.page("a")
	c.mustDeploy()
	a := c.release()
	c.page("b")
	c.mustDeploy()

	c.mustRollback("")
	if c.release() != a {
		t.Errorf("with one earlier release, went back to %s, want %s", c.release(), a)
	}
	c.stopped()
	if state := c.sh("docker inspect --format '{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}' myweb_https"); state != "running unless-stopped" {
		t.Errorf("once the stop was over, the live container is %s", state)
	}
	c.mustRollback(a) // nothing to do, and the site answers

	c.page("c")
	c.mustDeploy()
	c.mustRollback("")
	if c.release() != a {
		t.Errorf("with two earlier releases, of which one stopped long ago, went back to %s, want %s", c.release(), a)
	}
	c.stopped()
	c.mustRollback(a)

	// A release that was run once more leaves a container of its own kind behind, which is no earlier release.
	c.page("d")
	c.mustDeploy()
	c.stopped()
	c.sh("docker network disconnect bridge myweb_https")
	c.mustDeploy()
	if r := c.mustRollback(""); r.result.Changed == 0 || c.release() != a {
		t.Errorf("behind a container of the live release, went back to %s with %d changes, want %s\n%s", c.release(), r.result.Changed, a,
			strings.ReplaceAll(c.sh("docker ps -a --format '{{.Names}} {{.Status}}'"), "\n", ", "))
	}

	// Of the releases to keep, the one that was live a second ago is the first, though others were made after it.
	c.site["keep"] = "1"
	c.page("e")
	c.mustDeploy()
	c.mustRollback("")
	if c.release() != a {
		t.Errorf("with one release kept, went back to %s, want %s", c.release(), a)
	}
}
