//go:build host

package steps_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps/operate"
)

// TestHandMade deploys over the container of somebody who followed the tutorial by hand, and is refused by strangers.
func TestHandMade(t *testing.T) {
	c := beside(t)
	c.mustDeploy()
	c.down(operate.DownOptions{})
	c.sh("docker run -it -d -p 80:80 -p 443:443 --name myweb_https myweb_image:server bash ./start.sh")
	hand := c.sh("docker inspect --format '{{.Id}}' myweb_https")

	v := c.visit(seldom)
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

	t.Run("a stranger has the candidate's name", func(t *testing.T) {
		c := c.on(t)
		c.sh("docker run -d --name myweb_https-candidate --entrypoint sleep kehuo/centos8_conda:nginx 1000")
		stranger := c.sh("docker inspect --format '{{.Id}}' myweb_https-candidate")
		c.page("not to be live")
		r := c.deploy()
		if r.result.ExitCode != provision.ExitKeptOld || !strings.Contains(r.err().Error(), "myweb_https-candidate") {
			t.Errorf("ended with status %d: %v", r.result.ExitCode, r.err())
		}
		if c.sh("docker inspect --format '{{.Id}} {{.State.Running}}' myweb_https-candidate") != stranger+" true" {
			t.Error("the stranger's container was touched")
		}
		c.sh("docker rm -f myweb_https-candidate")
	})
	t.Run("a stranger holds the port", func(t *testing.T) {
		c := c.on(t)
		c.down(operate.DownOptions{})
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
		var unanswered *provision.UnansweredError
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
