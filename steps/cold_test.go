//go:build host

package steps_test

import (
	"strings"
	"testing"
	"time"
)

// gateway is an address beyond the host, which refuses connections.
func (c *cloud) gateway() string { return c.sh("ip route | awk '/^default/ { print $3 }'") }

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
			v := c.visit(seldom)
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
