//go:build host

package steps_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

// backSideBySide takes two hosts back in one run, each to the release that it had before: the history of each names its own. It
// is the race detector's to say that they share nothing.
func backSideBySide(t *testing.T, first, second *cloud) {
	first.page("of the first alone")
	first.mustDeploy()
	before := map[*cloud]string{}
	for _, c := range []*cloud{first, second} {
		before[c] = c.release()
		c.page("the same")
		c.mustDeploy()
	}
	inv := first.load()
	inv.Hosts = append(inv.Hosts, second.load().Hosts[0])
	inv.Hosts[1].Name = "second"
	d := steps.Installed(inv, language.New(language.English))
	var targets []provision.Target
	for _, h := range inv.Hosts {
		targets = append(targets, operate.NewRollback(d.NewHost(h, false, "test"), ""))
	}
	if result := provision.Run(t.Context(), targets, provision.Options{Site: "myweb"}); result.ExitCode != provision.ExitOK {
		t.Fatalf("ended with status %d: %v, %v", result.ExitCode, result.Hosts["cloud"].Err, result.Hosts["second"].Err)
	}
	for c, want := range before {
		last := c.sh("tail -n 1 %s/history", state.Dir(directory))
		if c.release() != want || !strings.Contains(last, `"release":"`+want+`"`) {
			t.Errorf("%s has %s live, want %s; its history ends with %s", c.host.Name, c.release(), want, last)
		}
	}

	t.Run("a stranger has the name", func(t *testing.T) {
		c := first.on(t)
		c.sh("docker rm -f myweb_https; docker run -d --name myweb_https --entrypoint sleep kehuo/centos8_conda:nginx 1000")
		stranger := c.sh("docker inspect --format '{{.Id}}' myweb_https")
		r := c.rollback("")
		if !errors.As(r.err(), new(*provision.UnansweredError)) || c.sh("docker inspect --format '{{.Id}}' myweb_https") != stranger {
			t.Fatalf("without a decision, ended with status %d: %v", r.result.ExitCode, r.err())
		}
		agree := deciderFunc(func() provision.Answer { return provision.Answer{Choice: provision.AnswerYes} })
		r = c.run(t.Context(), agree, operate.NewRollback(steps.Installed(inv, language.New(language.English)).NewHost(inv.Hosts[0], false, "test"), ""))
		if r.result.ExitCode != provision.ExitOK {
			t.Fatalf("with a decision, ended with status %d: %v", r.result.ExitCode, r.err())
		}
		if c.sh("docker inspect --format '{{.Id}} {{.State.Running}}' myweb_https-%s", stranger[:12]) == "" {
			t.Error("the stranger's container is not kept")
		}
	})
}
