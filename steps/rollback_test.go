//go:build host

package steps_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

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

	v := c.visit(seldom)
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

	// While the question is open, somebody else makes a release: the way back that was approved is not the way back any more.
	target := operate.NewRollback(steps.Installed(c.load(), language.New(language.English)).NewHost(c.load().Hosts[0], false, "test"), "")
	meanwhile := deciderFunc(func() provision.Answer {
		c.page("meanwhile")
		c.deploy()
		return provision.Answer{Choice: provision.AnswerYes}
	})
	if r := c.run(t.Context(), meanwhile, target); r.result.ExitCode != provision.ExitFailed || !strings.Contains(r.err().Error(), "another run") || !c.live("meanwhile") {
		t.Errorf("went past another's release: status %d, %v", r.result.ExitCode, r.err())
	}

	// No more releases are kept than asked for, with their images; strangers' stay.
	c.sh("docker tag kehuo/centos8_conda:nginx stranger:1; docker create --name myweb_https-2 stranger:1 true; docker tag myweb_image:server backup:1")
	c.sh("docker run -d --name worker -p 8081:80 myweb_image:server sleep 100000; docker run --name myweb_https-job myweb_image:server true")
	strangers := "docker inspect --format '{{.Name}} {{.Id}} {{.State.Status}}' worker myweb_https-job"
	before := c.sh("%s", strangers)
	for _, text := range []string{"one", "two", "three"} {
		c.page(text)
		c.mustDeploy()
	}
	if kept := c.sh("docker ps -a --format '{{.Names}}' --filter label=io.provision.site=myweb | grep -c -- '-[0-9a-f]*$' || true"); kept != "2" {
		t.Errorf("%s earlier releases are kept, want 2", kept)
	}
	if images := c.sh("docker image ls -q --filter label=io.provision.site=myweb | sort -u | wc -l"); images != "4" {
		t.Errorf("%s images are kept, want 3, and the one that somebody named: %s", images, c.sh("docker image ls; docker ps -a"))
	}
	if saved := c.sh("ls %s | wc -l", state.Dir(directory)+"/releases"); saved != "3" {
		t.Errorf("%s specifications are kept, want 3", saved)
	}
	c.sh("docker inspect stranger:1 myweb_https-2 >/dev/null; docker rm myweb_https-2; docker rmi stranger:1")

	c.down(operate.DownOptions{Images: true})
	if after := c.sh("%s", strangers); after != before {
		t.Errorf("what somebody runs from one of our images was %s and is %s", before, after)
	}
	if images := c.sh("docker image ls --filter label=io.provision.site=myweb --format '{{.Repository}}:{{.Tag}}'"); images != "backup:1" {
		t.Errorf("down --images leaves %q, want what somebody named, backup:1", images)
	}
}

// TestEnvironmentFile has secrets reach the application, and nothing else.
func TestEnvironmentFile(t *testing.T) {
	c := beside(t)
	file := c.source + "/.env" // where it often lies; it is no part of the site all the same
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
	for _, content := range []string{"TOKEN=another\n", ""} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if changed := c.mustDeploy().changed(); changed != "09-run" {
			t.Errorf("with other secrets these steps changed something: %s", changed)
		}
	}
	c.sh("docker rm -f myweb_https-%s", first)
	c.mustRollback(first)
	if got := c.sh("docker exec myweb_https printenv TOKEN"); got != "hunter2-and-more" {
		t.Errorf("after a rollback the application sees TOKEN=%q", got)
	}
	t.Run("secrets as files", func(t *testing.T) { secretFiles(t, c, file) })
	t.Run("neighbours", func(t *testing.T) { neighbours(t, c.on(t)) })
	t.Run("other settings", func(t *testing.T) { asksWhatWasAsked(c.on(t)) })
}

// secretFiles has secrets reach the application as files that nobody else on the host can read, and Docker tells nobody.
func secretFiles(t *testing.T, c *cloud, file string) {
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change := func(way string) string {
		t.Helper()
		c.site["secrets"] = way
		r := c.mustDeploy()
		if changed := r.changed(); changed != "09-run" {
			t.Errorf("secrets as %s change these steps: %s", way, changed)
		}
		for _, e := range r.events {
			if text := eventText(t, e); strings.Contains(text, "hunter2") {
				t.Errorf("an event tells the secret: %s", text)
			}
		}
		return c.release()
	}
	put("# two of them\nTOKEN=hunter2 and \\more=\r\nEMPTY=\n")
	first := change("file")
	const all = "cd /run/secrets && for f in *; do printf '%s=%s;' $f \"$(cat $f)\"; done"
	for _, user := range []string{"0", "65534"} {
		if got := c.sh("docker exec -u %s myweb_https sh -c '%s'", user, strings.ReplaceAll(all, "'", `'"'"'`)); got != "EMPTY=;TOKEN=hunter2 and \\more=;" {
			t.Errorf("user %s finds %q", user, got)
		}
	}
	if got := c.sh("docker exec myweb_https sh -c 'printenv TOKEN; echo x >/run/secrets/TOKEN; rm -f /run/secrets/TOKEN; wc -c </run/secrets/TOKEN' 2>/dev/null"); got != "18" {
		t.Errorf("the application can change its secrets, or has them as variables: %q", got)
	}
	if got := c.sh("docker inspect myweb_https | grep -c hunter2 || true"); got != "0" {
		t.Errorf("docker inspect tells the secret in %s lines", got)
	}
	folder := state.Dir(directory) + "/secrets-" + first
	if got := c.sh("stat -c '%%a %%U' %s %[1]s/run %[1]s/run/TOKEN", folder); got != "700 kevin\n755 kevin\n444 kevin" {
		t.Errorf("on the host they have the modes %q", got)
	}
	if got := c.sh("sudo -n -u nobody cat %s/run/TOKEN 2>&1 || true", folder); strings.Contains(got, "hunter2") {
		t.Errorf("another user of the host reads %q", got)
	}
	if changed := c.mustDeploy().changed(); changed != "" {
		t.Errorf("deployed again, these steps change: %s", changed)
	}
	put("TOKEN=another\n")
	second := c.mustDeploy() // a release of its own, with secrets of its own
	if got := c.sh("cat %s/run/TOKEN %s/secrets-%s/run/TOKEN", folder, state.Dir(directory), c.release()); second.changed() != "09-run" || got != "hunter2 and \\more=another" {
		t.Errorf("%s changed, and the secrets are %q", second.changed(), got)
	}
	c.sh("docker rm -f myweb_https-%s", first)
	c.mustRollback(first)
	if got := c.sh("docker exec myweb_https cat /run/secrets/TOKEN"); got != "hunter2 and \\more=" {
		t.Errorf("after a rollback the secret is %q", got)
	}
	change("environment")
	if got := c.sh("docker exec myweb_https sh -c 'printenv TOKEN; ls /run/secrets 2>/dev/null; true'"); got != "another" {
		t.Errorf("as a variable it is %q", got)
	}
	delete(c.site, "secrets")
	if changed := c.mustDeploy().changed(); changed != "" {
		t.Errorf("without the field, these steps change: %s", changed)
	}
}
