//go:build host

package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/steps/internal/visitortest"
)

// beside runs a test beside the others that may: those that do not measure.
func beside(t *testing.T) *cloud {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	c.pings()
	c.visitor = visitortest.Build(t)
	return c
}

// often is the pace of a visitor who measures; seldom that of one in a test beside others: a visitor is what busies the machine.
const (
	often  = 5 * time.Millisecond
	seldom = 50 * time.Millisecond
)

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

// measured makes releases until one is as quiet as it has to be, three at most: whatever else the machine does only adds to
// what is measured. Where none is, the quietest is judged by how busy the machine is.
func (c *cloud) measured(release func(attempt string) *visitortest.Visitor) {
	c.t.Helper()
	least, most := time.Hour, mostOutOfReach
	for _, attempt := range []string{"one", "two", "three"} {
		seen := release(attempt).Stop()
		c.t.Logf("attempt %s: out of reach for %v in %d visits: %v", attempt, seen.Down(), seen.Visits, seen.Outages)
		if seen.Visits < 20 {
			c.t.Fatalf("only %d visits", seen.Visits)
		}
		least = min(least, seen.Down())
		most = max(most, c.allowed(seen.Down(), mostOutOfReach))
		if least <= mostOutOfReach {
			return
		}
	}
	if least > most {
		c.t.Errorf("the site was out of reach for %v at least, more than %v", least, most)
	}
}

// tolerance is how much longer than its goal a release may take on any machine before a test fails. What it took is printed:
// the goal itself is for an idle machine, and to be read there.
const tolerance = 3

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
	slowness := max(tolerance, float64(slowest)/float64(bareCutover))
	c.t.Logf("%v instead of %v, on a machine that is %.1f times as slow as an idle one", measured, most, slowness)
	return time.Duration(float64(most) * slowness)
}

// pings adds a page that nginx answers by itself, so that the visitor is no load on the application.
func (c *cloud) pings() {
	c.t.Helper()
	c.write("resource/default.conf", strings.Replace(c.read("resource/default.conf"), "    location / {",
		"    location = /ping { default_type text/plain; return 200 pong; }\n\n    location / {", 1))
}
