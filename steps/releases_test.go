//go:build host

package steps_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
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
		c.measured(func(attempt string) *visitortest.Visitor {
			c.page("warm " + attempt)
			v := c.visit(often)
			c.mustDeploy()
			if !c.live("warm " + attempt) {
				t.Error("another page is live")
			}
			return v
		})
		c.settled()
	})

	t.Run("an application that takes 10 s to boot", func(t *testing.T) {
		c := c.on(t)
		quick := c.read("start.sh")
		c.measured(func(attempt string) *visitortest.Visitor {
			c.write("start.sh", strings.Replace(quick, "set -u\n", "set -u\nsleep 10 # "+attempt+"\n", 1))
			v := c.visit(often)
			c.mustDeploy()
			return v
		})
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
			c.site["health"] = "{path: /, status: 200, text: not on any page, timeout: 5s}"
			c.page("unhealthy")
		}, "not on any page"},
		{"the migration fails", func(c *cloud) {
			c.site["hooks"] = `{before_switch: "echo no such table; sleep 1; exit 3"}`
			c.page("not migrated")
		}, "no such table"},
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
			if c.release() != before || c.sh("docker ps -aq --filter name=candidate --filter name=hook") != "" {
				t.Error("the previous release is not live any more, or the candidate is left behind")
			}
			for name, content := range kept {
				c.write(name, content)
			}
			delete(c.site, "health")
			delete(c.site, "hooks")
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

// bridge is the beginning of the addresses on the host's bridge: "172.18.".
func (c *cloud) bridge() string {
	address := c.sh("docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' bridge")
	parts := strings.SplitN(address, ".", 3)
	return parts[0] + "." + parts[1] + "."
}

// tree is what the jobs of this source are called by.
func (c *cloud) tree() string {
	d, err := steps.NewDeployment(c.t.Context(), c.load(), language.New(language.English), steps.Reading{Remember: true})
	if err != nil {
		c.t.Fatal(err)
	}
	return d.Manifest.Digest()[:12]
}
