//go:build host

package steps_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

// neighbours has sites that nobody gave a name of their own live on one host, each in its folder, one of them behind a proxy of
// the host: none takes what is another's, and one that also wants another's container asks.
func neighbours(t *testing.T, first *cloud) {
	first.mustDeploy()
	running := func(container string) string {
		return first.sh("docker inspect --format '{{.Id}} {{.State.Running}}' %s", container)
	}
	before := running("myweb_https")

	second := cloudOn(t, first.host)
	for name, value := range map[string]string{"directory": "/home/kevin/dev/second", "container": "second_https", "image": "second:server", "ports": `["127.0.0.1:8080:80", "127.0.0.1:8443:443"]`} {
		second.site[name] = value
	}
	second.mustDeploy()
	other := running("second_https")
	for name, c := range map[string]*cloud{"first": first, "second": second} {
		if r := c.mustDeploy(); r.result.Changed != 0 {
			t.Errorf("a second run of the %s changed %s", name, r.changed())
		}
	}
	first.page("one more")
	first.mustDeploy()
	if first.sh("docker inspect --format '{{.State.Running}}' myweb_https") != "true" || running("second_https") != other || !strings.HasSuffix(before, " true") {
		t.Errorf("the first was %s; the second is %s, was %s", before, running("second_https"), other)
	}

	third := cloudOn(t, first.host)
	third.site["directory"] = "/home/kevin/dev/third"
	before = running("myweb_https")
	var unanswered *provision.UnansweredError
	if r := third.deploy(); !errors.As(r.err(), &unanswered) || !strings.Contains(unanswered.Decision.Question, directory) {
		t.Errorf("ended with status %d: %v", r.result.ExitCode, r.err())
	}
	if running("myweb_https") != before || first.sh("ls /home/kevin/dev") != "myweb\nsecond" {
		t.Error("the first site's container was touched, or something was left of the third")
	}

	// What else two sites may not share is told before anything changes.
	for name, c := range map[string]struct{ field, value, says string }{
		"the folder": {"directory", directory, "the folder of the site"},
		"the image":  {"image", "second:server", "is that of the site"},
	} {
		fourth := cloudOn(t, first.host)
		fourth.name = "fourth"
		for name, value := range map[string]string{"directory": "/home/kevin/dev/fourth", "container": "fourth", "image": "fourth:1", "ports": `["8090:80"]`} {
			fourth.site[name] = value
		}
		fourth.site[c.field] = c.value
		if r := fourth.deploy(); r.result.ExitCode != provision.ExitFailed || r.result.Changed != 0 || !strings.Contains(r.err().Error(), c.says) {
			t.Errorf("%s of another site: status %d, %d changed: %v", name, r.result.ExitCode, r.result.Changed, r.err())
		}
	}
	fifth := cloudOn(t, first.host)
	fifth.name = "fifth"
	if r := fifth.deploy(); !errors.As(r.err(), &unanswered) || !strings.Contains(unanswered.Decision.Question, "belongs to the site myweb") || r.result.Changed != 0 {
		t.Errorf("in everything of another site: status %d, %d changed: %v", r.result.ExitCode, r.result.Changed, r.err())
	}
}
