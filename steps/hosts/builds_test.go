//go:build host

package hosts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// builds goes through the builders of a host: its old one takes all options but secrets, and says what to install for those; the
// one of buildx takes them all, and leaves nothing of them behind.
func (c *cycle) builds() {
	const secret = "zq8-build-secret-78"
	c.write("../token", secret)
	c.write("docker.web", "ARG BASE=scratch\nFROM $BASE AS web\nARG VERSION=none\nRUN echo $VERSION >/version\n"+strings.TrimPrefix(c.read("Dockerfile"), "FROM kehuo/centos8_conda:nginx\n"))
	inventory := c.read("../inventory.yaml")
	options := func(version, more string) {
		c.write("../inventory.yaml", strings.Replace(inventory, "\nhosts:", fmt.Sprintf(
			"\n  build: {file: docker.web, target: web, args: {BASE: \"kehuo/centos8_conda:nginx\", VERSION: %q}, network: host, cache_from: [\"myweb_image:server\"]%s}\nhosts:",
			version, more), 1))
	}
	built := func(version string) {
		c.t.Helper()
		if got := c.engine("exec", "myweb_https", "cat", "/version"); got != version {
			c.t.Errorf("the build was given the version %s, not %s", got, version)
		}
	}
	options("old", ", no_cache: true")
	c.ok("build", "--yes")
	built("old")
	options("new", ", secrets: {token: token}")
	if out, code := c.provision("build", "--yes"); code != 1 || !strings.Contains(out, "docker-buildx") {
		c.t.Errorf("status %d of a build with secrets by the old builder:\n%s", code, out)
	}
	c.exec("apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-buildx >/dev/null 2>&1")
	c.write("docker.web", c.read("docker.web")+"RUN --mount=type=secret,id=token cat /run/secrets/token && grep -q 78 /run/secrets/token\n")
	if out := c.ok("build", "--yes"); strings.Contains(out, secret) || !strings.Contains(out, "[secret]") {
		c.t.Errorf("the secret is not masked:\n%s", out)
	}
	built("new")
	if out := c.ok("build", "--yes"); !strings.Contains(out, "Done: 0 changed") {
		c.t.Errorf("the same options build once more:\n%s", out)
	}
	if left := c.exec("find /home/kevin -name lent; grep -rl " + secret + " /home/kevin || :"); left != "" {
		c.t.Errorf("the build leaves %s", left)
	}
	c.write("../inventory.yaml", inventory)
}

func (c *cycle) read(name string) string {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.host.Site, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(content)
}
