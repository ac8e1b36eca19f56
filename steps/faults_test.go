//go:build host

package steps_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/state"
)

// when returns a sink that runs do once, in the sink's own time, at the first event that fits.
func when(fits func(provision.Event) bool, do func()) provision.Sink {
	done := false
	return func(e provision.Event) {
		if !done && fits(e) {
			done = true
			do()
		}
	}
}

// outputOf fits a line of a step's output.
func outputOf(step, text string) func(provision.Event) bool {
	return func(e provision.Event) bool {
		b, ok := e.Body.(provision.StepOutput)
		return ok && e.Step == step && strings.Contains(b.Text, text)
	}
}

// commandOf fits a command that a step shows.
func commandOf(step, text string) func(provision.Event) bool {
	return func(e provision.Event) bool {
		b, ok := e.Body.(provision.StepCommand)
		return ok && e.Step == step && strings.Contains(b.Command, text)
	}
}

// restartEngine is a script that ends the host's engine and starts it anew, as systemctl restart docker does, or after a
// crash.
const restartEngine = `line=$(tr '\0' ' ' </proc/$(cat /var/run/docker.pid)/cmdline)
kill -%s $(cat /var/run/docker.pid); while pgrep -x dockerd >/dev/null; do sleep 0.05; done
setsid $line >>/var/log/dockerd.log 2>&1 </dev/null &`

const engineAnswers = `until docker version >/dev/null 2>&1; do sleep 0.1; done`

// TestFaults lets the host fail in the middle of releases.
func TestFaults(t *testing.T) {
	c := beside(t)
	c.mustDeploy()

	t.Run("the engine crashes during a build", func(t *testing.T) {
		c := c.on(t)
		docker := c.read("Dockerfile")
		c.write("Dockerfile", docker+"\nRUN echo building && sleep 3 && echo built\n")
		r := c.deployWith(t.Context(), provision.Headless{}, when(outputOf("07-build", "building"), func() { c.sh(restartEngine, "KILL") }))
		if r.result.ExitCode != provision.ExitOK || !strings.Contains(r.output(), "building again") {
			t.Errorf("ended with status %d: %v\n%s", r.result.ExitCode, r.err(), r.timeline())
		}
		c.write("Dockerfile", docker)
		c.mustDeploy()
		c.settled()
	})

	t.Run("the engine is restarted during a cutover", func(t *testing.T) {
		c := c.on(t)
		c.page("engine")
		r := c.deployWith(t.Context(), provision.Headless{}, when(commandOf("09-run", "network connect bridge"), func() {
			go func() {
				_ = exec.Command("docker", "exec", c.host.Container, "sh", "-c", fmt.Sprintf(restartEngine, "TERM")).Run()
			}()
		}))
		t.Logf("ended with status %d: %v", r.result.ExitCode, r.err())
		c.sh(engineAnswers)
		c.mustDeploy()
		c.settled()
		if !c.live("engine") {
			t.Error("the release is not live")
		}
	})

	for _, at := range []string{"network disconnect -f bridge", "network connect bridge", "port ", "rename "} {
		t.Run("the engine is killed before docker "+at, func(t *testing.T) {
			c := c.on(t)
			c.page("killed at " + at)
			c.killEngineAt(at)
			r := c.deploy()
			c.sh("rm /usr/local/bin/docker; [ ! -e /tmp/kill ]")
			t.Logf("ended with status %d: %v", r.result.ExitCode, r.err())
			c.sh(engineAnswers)
			c.mustDeploy()
			c.settled()
			if !c.live("killed at " + at) {
				t.Error("the release is not live")
			}
		})
	}

	for name, at := range map[string]func(provision.Event) bool{
		"the host is restarted during a cutover": commandOf("09-run", "network connect bridge"),
		"the host is restarted during a build":   outputOf("07-build", "Step 2"),
	} {
		t.Run(name, func(t *testing.T) {
			c := c.on(t)
			c.page(name)
			restarted := make(chan error, 1)
			r := c.deployWith(t.Context(), provision.Headless{}, when(at, func() {
				go func() { restarted <- exec.Command("docker", "restart", "-t", "1", c.host.Container).Run() }()
			}))
			if err := <-restarted; err != nil {
				t.Fatal(err)
			}
			t.Logf("ended with status %d: %v", r.result.ExitCode, r.err())
			c.sh(engineAnswers)
			c.mustDeploy()
			c.settled()
			if !c.live(name) {
				t.Error("the release is not live")
			}
		})
	}

	t.Run("the host is restarted", func(t *testing.T) {
		c := c.on(t)
		before := c.release()
		if out, err := exec.CommandContext(t.Context(), "docker", "restart", "-t", "1", c.host.Container).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		c.sh(engineAnswers)
		if up := c.sh("docker ps --format '{{.Names}}'"); up != "myweb_https" || c.release() != before {
			t.Errorf("after a restart of the host run: %s", up)
		}
		c.settled()
	})

	t.Run("a build that failed is not failed for ever", func(t *testing.T) {
		c := c.on(t)
		c.page("again")
		job := state.Dir(directory) + "/jobs/build-" + c.tree()
		c.sh("mkdir -p %s && cd %s && echo false >script && echo 'no space left on device' >output && echo '1 1 x' >pid && echo 1 >status && chown -R kevin %s", job, job, state.Dir(directory))
		c.mustDeploy()
		c.settled()
	})

	t.Run("the disk is full", func(t *testing.T) { c.on(t).testDiskFull() })
}

// killEngineAt has the engine be killed, and started anew, before the next docker command that begins like this.
func (c *cloud) killEngineAt(command string) {
	c.t.Helper()
	c.sh(`mkfifo -m 666 /tmp/kill
cat >/usr/local/bin/docker <<'END'
#!/bin/sh
case "$*" in "%s"*) [ ! -p /tmp/kill ] || { echo now >/tmp/kill; while [ -p /tmp/kill ]; do sleep 0.02; done; } ;; esac
exec /usr/bin/docker "$@"
END
chmod 755 /usr/local/bin/docker
cat >/tmp/killer <<'END'
read -r now </tmp/kill
`+fmt.Sprintf(restartEngine, "KILL")+`
rm /tmp/kill
END
setsid sh /tmp/killer >/dev/null 2>&1 </dev/null &`, command)
}

// testDiskFull fills the disk under the site's files, and under the engine's, and has the one where the lock is not written to.
func (c *cloud) testDiskFull() {
	t := c.t
	for _, full := range []struct{ name, mount, folder string }{
		{"where the lock is", "mount --bind /home/kevin/dev/.myweb.provision /home/kevin/dev/.myweb.provision; mount -o remount,bind,ro /home/kevin/dev/.myweb.provision", "/home/kevin/dev/.myweb.provision"},
		{"where the files go", "mount -t tmpfs -o size=64k,mode=0755,uid=$(id -u kevin) none /home/kevin/dev", "/home/kevin/dev"},
		{"where the engine keeps a build's context", "mount -t tmpfs -o size=4k none /var/lib/docker/tmp", "/var/lib/docker/tmp"},
		{"where the engine keeps its images", "mount -t tmpfs -o size=4k none /var/lib/docker/image/overlay2/layerdb/tmp", "/var/lib/docker/image/overlay2/layerdb/tmp"},
	} {
		t.Run(full.name, func(t *testing.T) {
			c := c.on(t)
			before := c.release()
			c.page("full " + full.name)
			c.write("app/big.txt", strings.Repeat("a line of a page that is big enough to fill what is left\n", 5000))
			c.sh("%s; dd if=/dev/zero of=%s/fill bs=1k >/dev/null 2>&1; rm -f %s/fill; dd if=/dev/zero of=%s/fill bs=1k count=2 >/dev/null 2>&1; true", full.mount, full.folder, full.folder, full.folder)
			v := c.visit(seldom)
			r := c.deploy()
			if seen := v.Stop(); len(seen.Outages) > 0 {
				t.Errorf("the site was out of reach: %v", seen.Outages)
			}
			if r.result.ExitCode == provision.ExitOK || c.release() != before {
				t.Errorf("ended with status %d: %v\n%s", r.result.ExitCode, r.err(), r.timeline())
			}
			if text := r.output() + r.err().Error(); !strings.Contains(text, "space") && !strings.Contains(text, "full") && !strings.Contains(text, "ead-only") {
				t.Errorf("does not say that the disk is full or read-only: %s", text)
			}
			c.sh("umount %s", full.folder)
			c.mustDeploy()
			c.settled()
		})
	}
}
