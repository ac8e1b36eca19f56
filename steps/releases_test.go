package steps_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/internal/visitortest"
)

// What the customer may notice of a release.
const (
	mostOutOfReach = 300 * time.Millisecond // during one that succeeds
	mostFailed     = 500 * time.Millisecond // during one that fails in public
)

// page changes what the site shows, so that the next run is a release.
func (c *cloud) page(text string) {
	c.t.Helper()
	content := regexp.MustCompile(`<!-- release .* -->`).ReplaceAllString(c.read("app/templates/index.html"), "")
	c.write("app/templates/index.html", content+"<!-- release "+text+" -->")
}

// live is the page as the host serves it.
func (c *cloud) live(text string) bool {
	c.t.Helper()
	return strings.Contains(c.sh("docker exec myweb_https cat app/templates/index.html"), "release "+text+" ")
}

func (c *cloud) release() string {
	return c.sh(`docker inspect --format '{{index .Config.Labels "io.provision.release"}}' myweb_https`)
}

// on is the same cloud in a subtest.
func (c *cloud) on(t *testing.T) *cloud {
	other := *c
	other.t = t
	return &other
}

// TestReleases goes through what a release can be on one host, with a visitor at the door all the time.
func TestReleases(t *testing.T) {
	c := newCloud(t, sandbox.Options{})
	c.pings()
	c.visitor = visitortest.Build(t)
	c.mustDeploy()

	t.Run("warm", func(t *testing.T) {
		c := c.on(t)
		c.page("warm")
		v := c.visit(often)
		c.mustDeploy()
		c.outOfReach(v, mostOutOfReach)
		if !c.live("warm") {
			t.Error("another page is live")
		}
		c.settled()
	})

	t.Run("an application that takes 10 s to boot", func(t *testing.T) {
		c := c.on(t)
		quick := c.read("start.sh")
		c.write("start.sh", strings.Replace(quick, "set -u\n", "set -u\nsleep 10\n", 1))
		v := c.visit(often)
		c.mustDeploy()
		c.outOfReach(v, mostOutOfReach)
		c.write("start.sh", quick)
	})

	for _, fails := range []struct {
		name  string
		spoil func(c *cloud)
		says  string
	}{
		{"nginx does not accept its configuration", func(c *cloud) {
			c.write("resource/default.conf", c.read("resource/default.conf")+"\nssl_certificate /nowhere/at/all.pem;\n")
		}, "nothing was switched"},
		{"the application does not boot", func(c *cloud) {
			c.write("start.sh", "#!/bin/bash\necho 'no such module: flask'\nexit 3\n")
		}, "no such module: flask"},
		{"the page is not what the inventory asks for", func(c *cloud) {
			c.site["health"] = "{path: /, status: 200, text: not on any page, timeout: 2s}"
			c.page("unhealthy")
		}, "not on any page"},
	} {
		t.Run("before the switch: "+fails.name, func(t *testing.T) {
			c := c.on(t)
			kept := map[string]string{}
			for _, name := range []string{"start.sh", "resource/default.conf", "app/templates/index.html"} {
				kept[name] = c.read(name)
			}
			before := c.release()
			fails.spoil(c)
			v := c.visit(often)
			r := c.deploy()
			c.outOfReach(v, 0)
			if r.result.ExitCode != provision.ExitKeptOld {
				t.Errorf("ended with status %d: %v\n%s", r.result.ExitCode, r.err(), r.timeline())
			}
			if text := r.output() + r.err().Error(); !strings.Contains(text, fails.says) {
				t.Errorf("says nothing of %q: %s", fails.says, text)
			}
			if c.release() != before || c.sh("docker ps -aq --filter name=candidate") != "" {
				t.Error("the previous release is not live any more, or the candidate is left behind")
			}
			for name, content := range kept {
				c.write(name, content)
			}
			delete(c.site, "health")
		})
	}

	t.Run("fails after the switch", func(t *testing.T) {
		c := c.on(t)
		before, config := c.release(), c.read("resource/default.conf")
		// Right on the candidates' network, wrong on the bridge, which has the host's ports.
		c.write("resource/default.conf", strings.Replace(config, "    location = /ping",
			"    if ($server_addr ~ \"^"+regexp.QuoteMeta(c.bridge())+"\") { return 500; }\n    location = /ping", 1))
		v := c.visit(often)
		r := c.deploy()
		seen := c.outOfReach(v, mostOutOfReach+mostFailed)
		if wrong := seen.Wrong(); wrong == 0 || wrong > c.allowed(wrong, mostFailed) {
			t.Errorf("the site answered wrongly for %v, want at most %v: %v\n%s", wrong, mostFailed, seen.Outages, r.timeline())
		}
		if r.result.ExitCode != provision.ExitKeptOld || c.release() != before {
			t.Errorf("ended with status %d: %v\n%s", r.result.ExitCode, r.err(), r.timeline())
		}
		c.write("resource/default.conf", config)
		c.mustDeploy()
		c.settled()
	})

}

// beside runs a test beside the others that may: those that do not measure.
func beside(t *testing.T) *cloud {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	c.pings()
	c.visitor = visitortest.Build(t)
	return c
}

// often is the pace of a visitor who measures.
const often = 5 * time.Millisecond

// visit starts a visitor who asks for a page every pace, each time over a new TLS connection.
func (c *cloud) visit(pace time.Duration) *visitortest.Visitor {
	c.t.Helper()
	if c.visitor == "" {
		c.visitor = visitortest.Build(c.t)
	}
	return visitortest.Visit(c.t, c.visitor, "https://"+c.host.Address+"/ping", pace)
}

// outOfReach ends a visit and fails the test if the site was out of reach for longer than most.
func (c *cloud) outOfReach(v *visitortest.Visitor, most time.Duration) visitortest.Report {
	c.t.Helper()
	seen := v.Stop()
	if down := seen.Down(); down > c.allowed(down, most) {
		c.t.Errorf("the site was out of reach for %v, more than %v: %v", down, most, seen.Outages)
	}
	if seen.Visits < 20 {
		c.t.Errorf("only %d visits", seen.Visits)
	}
	c.t.Logf("out of reach for %v in %d visits: %v", seen.Down(), seen.Visits, seen.Outages)
	return seen
}

// bareCutover is what the two docker commands of a cutover take by themselves on an idle machine with two cores.
const bareCutover = 250 * time.Millisecond

// allowed is most, or as much more as these commands take longer on this machine, as busy as it is now. It is what keeps a
// busy machine from failing a test that measures; it is not asked where the measure is kept.
func (c *cloud) allowed(measured, most time.Duration) time.Duration {
	c.t.Helper()
	if measured <= most {
		return most
	}
	c.sh("docker inspect bare >/dev/null 2>&1 || docker run -d --name bare -p 81:81 --entrypoint sleep kehuo/centos8_conda:nginx 100000")
	defer c.sh("docker rm -f bare")
	var slowest time.Duration
	for range 4 {
		begun := time.Now()
		c.sh("docker network disconnect bridge bare && docker network connect bridge bare")
		slowest = max(slowest, time.Since(begun))
	}
	slowness := max(1, float64(slowest)/float64(bareCutover))
	c.t.Logf("%v instead of %v, on a machine that is %.1f times as slow as an idle one", measured, most, slowness)
	return time.Duration(float64(most) * slowness)
}

// pings adds a page that nginx answers by itself, so that the visitor is no load on the application.
func (c *cloud) pings() {
	c.t.Helper()
	c.write("resource/default.conf", strings.Replace(c.read("resource/default.conf"), "    location / {",
		"    location = /ping { default_type text/plain; return 200 pong; }\n\n    location / {", 1))
}

// bridge is the beginning of the addresses on the host's bridge: "172.18.".
func (c *cloud) bridge() string {
	address := c.sh("docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' bridge")
	parts := strings.SplitN(address, ".", 3)
	return parts[0] + "." + parts[1] + "."
}

// gateway is an address beyond the host, which refuses connections.
func (c *cloud) gateway() string { return c.sh("ip route | awk '/^default/ { print $3 }'") }

// tree is what the jobs of this source are called by.
func (c *cloud) tree() string {
	d, err := steps.NewDeployment(c.t.Context(), c.load(), language.New(language.English))
	if err != nil {
		c.t.Fatal(err)
	}
	return d.Manifest.Digest()[:12]
}

func (c *cloud) mustRollback(release string) *record {
	c.t.Helper()
	r := c.rollback(release)
	if r.result.ExitCode != provision.ExitOK {
		c.t.Fatalf("rollback to %q failed with status %d: %v\n%s", release, r.result.ExitCode, r.err(), r.output())
	}
	return r
}

// TestRollback goes back to the previous release, to one by name, to one whose container is gone, each with its own settings.
func TestRollback(t *testing.T) {
	c := beside(t)
	c.site["keep"] = "2"
	c.site["environment"] = "{COLOUR: blue}"
	c.page("blue")
	c.mustDeploy()
	blue := c.release()
	c.site["environment"] = "{COLOUR: red}"
	c.page("red")
	c.mustDeploy()
	red := c.release()
	colour := func() string { return c.sh("docker exec myweb_https printenv COLOUR") }

	v := c.visit(often)
	c.mustRollback("")
	c.outOfReach(v, time.Second)
	if colour() != "blue" || c.release() != blue || !c.live("blue") {
		t.Errorf("went back to %s, coloured %s", c.release(), colour())
	}
	c.mustRollback(red)
	if colour() != "red" || c.release() != red {
		t.Errorf("went back to %s, coloured %s", c.release(), colour())
	}
	c.settled()

	c.sh("docker rm -f myweb_https-%s", blue)
	c.mustRollback(blue)
	if colour() != "blue" || c.release() != blue || !c.live("blue") {
		t.Errorf("without its container, went back to %s, coloured %s", c.release(), colour())
	}
	if r := c.rollback("0123456789ab"); r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.err().Error(), "not kept") {
		t.Errorf("a release that never was: %v", r.err())
	}
	c.mustDeploy() // red again
	if c.release() != red {
		t.Errorf("the wanted release is not live but %s", c.release())
	}

	// No more releases are kept than asked for, with their images; strangers' stay.
	c.sh("docker tag kehuo/centos8_conda:nginx stranger:1; docker create --name myweb_https-2 stranger:1 true")
	for _, text := range []string{"one", "two", "three"} {
		c.page(text)
		c.mustDeploy()
	}
	if kept := c.sh("docker ps -a --format '{{.Names}}' --filter label=io.provision.site=myweb | grep -c -- '-[0-9a-f]*$' || true"); kept != "2" {
		t.Errorf("%s earlier releases are kept, want 2", kept)
	}
	if images := c.sh("docker image ls -q --filter label=io.provision.site=myweb | sort -u | wc -l"); images != "3" {
		t.Errorf("%s images are kept, want 3: %s", images, c.sh("docker image ls; docker ps -a"))
	}
	if saved := c.sh("ls %s | wc -l", state.Dir(directory)+"/releases"); saved != "3" {
		t.Errorf("%s specifications are kept, want 3", saved)
	}
	c.sh("docker inspect stranger:1 myweb_https-2 >/dev/null; docker rm myweb_https-2; docker rmi stranger:1")
}

// TestCold switches what must not boot beside the live container, or does not without a way out.
func TestCold(t *testing.T) {
	c := beside(t)
	c.mustDeploy()
	start := c.read("start.sh")
	for _, cold := range []struct{ name, field, value, start string }{
		{"asked for", "cutover", "cold", start},
		{"an application that needs a way out", "health", "{timeout: 6s}",
			strings.Replace(start, "set -u\n", "set -u\ntimeout 2 bash -c '</dev/tcp/"+c.gateway()+"/9'\n[ $? -ne 124 ] || exec sleep 1000\n", 1)},
		{"a network of its own", "options", `["--network", "mine"]`, start},
		{"the host's network", "options", `["--network", "host"]`, start},
	} {
		t.Run(cold.name, func(t *testing.T) {
			c := c.on(t)
			c.sh("docker network inspect mine >/dev/null 2>&1 || docker network create mine")
			c.site[cold.field] = cold.value
			if cold.name == "the host's network" {
				c.site["ports"] = `["80:80", "443:443"]`
			}
			c.write("start.sh", cold.start)
			c.page(cold.name)
			v := c.visit(often)
			r := c.mustDeploy()
			c.outOfReach(v, 3*time.Second)
			if !strings.Contains(r.output(), "switched cold") {
				t.Errorf("does not say that it was switched cold: %s", r.output())
			}
			c.settled()
			c.mustRollback("")
			delete(c.site, cold.field)
			c.write("start.sh", start)
		})
	}
	c.mustDeploy()
	c.settled()
}

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
	if r.result.ExitCode != provision.ExitLocked || !strings.Contains(r.err().Error(), "holds the lock since") || !strings.Contains(r.err().Error(), "@") {
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

// TestHandMade deploys over the container of somebody who followed the tutorial by hand, and is refused by strangers.
func TestHandMade(t *testing.T) {
	c := beside(t)
	c.mustDeploy()
	c.down(steps.DownOptions{})
	c.sh("docker run -it -d -p 80:80 -p 443:443 --name myweb_https myweb_image:server bash ./start.sh")
	hand := c.sh("docker inspect --format '{{.Id}}' myweb_https")

	v := c.visit(often)
	c.mustDeploy()
	c.outOfReach(v, time.Second)
	if c.sh("docker inspect --format '{{.Id}}' myweb_https-%s", hand[:12]) != hand {
		t.Error("the hand-made container is not kept for a rollback")
	}
	c.settled()
	c.mustRollback("")
	if c.sh("docker inspect --format '{{.Id}}' myweb_https") != hand {
		t.Error("rollback did not bring the hand-made container back")
	}

	t.Run("a stranger holds the port", func(t *testing.T) {
		c := c.on(t)
		c.down(steps.DownOptions{})
		c.sh("docker run -d --name blog -p 80:80 kehuo/centos8_conda:nginx sleep 1000")
		r := c.deploy()
		if r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.err().Error(), "port 80") || !strings.Contains(r.err().Error(), "container blog") {
			t.Errorf("ended with status %d: %v", r.result.ExitCode, r.err())
		}
		c.sh("docker inspect blog >/dev/null && docker rm -f blog")
	})
	t.Run("a process holds the port", func(t *testing.T) {
		c := c.on(t)
		c.sh("(setsid python3 -m http.server 443 >/dev/null 2>&1 & echo $! >/tmp/listener); until ss -ltnH | grep -q :443; do sleep 0.05; done")
		r := c.deploy()
		if r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.err().Error(), "port 443") {
			t.Errorf("ended with status %d: %v", r.result.ExitCode, r.err())
		}
		c.sh("kill $(cat /tmp/listener); while ss -ltnH | grep -q :443; do sleep 0.05; done")
	})
	t.Run("a stranger has the name", func(t *testing.T) {
		c := c.on(t)
		c.sh("docker run -d --name myweb_https --entrypoint sleep kehuo/centos8_conda:nginx 1000")
		stranger := c.sh("docker inspect --format '{{.Id}}' myweb_https")
		r := c.deploy()
		var unanswered *provision.Unanswered
		if !errors.As(r.err(), &unanswered) || c.sh("docker inspect --format '{{.Id}}' myweb_https") != stranger {
			t.Fatalf("without a decision, ended with status %d: %v", r.result.ExitCode, r.err())
		}
		r = c.deployWith(t.Context(), deciderFunc(func() provision.Answer { return provision.Answer{Choice: provision.AnswerYes} }), nil)
		if r.result.ExitCode != provision.ExitOK {
			t.Fatalf("with a decision, ended with status %d: %v", r.result.ExitCode, r.err())
		}
		if c.sh("docker inspect --format '{{.Id}}' myweb_https-%s", stranger[:12]) != stranger {
			t.Error("the stranger's container is not kept")
		}
		c.settled()
	})
}

// TestEnvironmentFile has secrets reach the application, and nothing else.
func TestEnvironmentFile(t *testing.T) {
	c := beside(t)
	file := c.source + "/../secrets.env"
	if err := os.WriteFile(file, []byte("TOKEN=hunter2-and-more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.site["environment_file"] = file
	r := c.mustDeploy()
	if got := c.sh("docker exec myweb_https printenv TOKEN"); got != "hunter2-and-more" {
		t.Errorf("the application sees TOKEN=%q", got)
	}
	for _, e := range r.events {
		if text := eventText(t, e); strings.Contains(text, "hunter2") {
			t.Errorf("an event tells the secret: %s", text)
		}
	}
	if mode := c.sh("stat -c %%a %s/environment-*", state.Dir(directory)); mode != "600" {
		t.Errorf("the environment file on the host has mode %s", mode)
	}
	if found := c.sh("grep -rl hunter2 %s %s || true", state.Dir(directory), directory); strings.Count(found, "\n") != 0 || !strings.Contains(found, "/environment-") {
		t.Errorf("the secret lies in %q", found)
	}
	first := c.release()
	if err := os.WriteFile(file, []byte("TOKEN=another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.mustDeploy()
	c.sh("docker rm -f myweb_https-%s", first)
	c.mustRollback(first)
	if got := c.sh("docker exec myweb_https printenv TOKEN"); got != "hunter2-and-more" {
		t.Errorf("after a rollback the application sees TOKEN=%q", got)
	}
}
