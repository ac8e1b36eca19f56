//go:build host

package steps_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate/acmetest"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/internal/visitortest"
	"github.com/kehuo/provision/steps/operate"
)

const timerFolder = "/home/kevin/dev/.myweb.provision/renew"

// timer runs what the host's timer runs, and returns what it said.
func (c *cloud) timer() string {
	c.t.Helper()
	out, err := exec.CommandContext(c.t.Context(), "docker", "exec", "--user", "kevin", c.host.Container, timerFolder+"/renew").CombinedOutput()
	if err != nil && len(out) == 0 {
		c.t.Fatal(err)
	}
	return string(out)
}

// renewal is what status tells of the timer's last run.
func (c *cloud) renewal() string {
	c.t.Helper()
	inv := c.load()
	d, err := steps.NewDeployment(c.t.Context(), inv, language.New(language.Chinese), steps.Reading{})
	if err != nil {
		c.t.Fatal(err)
	}
	h := d.NewHost(inv.Hosts[0], false, "test")
	defer func() { _ = h.Close(c.t.Context(), provision.HostResult{}) }()
	if err := h.Connect(c.t.Context(), provision.NewReporter(provision.Options{Decider: provision.Headless{}}, "cloud", "")); err != nil {
		c.t.Fatal(err)
	}
	last := h.Status(nil).Renewal
	if last == nil {
		return ""
	}
	return last.Text(language.New(language.Chinese))
}

// TestTheHostRenewsByItself has a host's cron renew the certificate, with our own program.
func TestTheHostRenewsByItself(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	c := newCloud(t, sandbox.Options{})
	c.pings()
	gateway := c.sh("ip -4 route show default | cut -d' ' -f3")
	ca := acmetest.StartAt(t, gateway, 80)
	ca.Lead("kevinhuo.cool", c.host.Address)
	c.site["certificate"] = "acme"
	settings := "{directory: %q, ca_file: %q, dns: {resolvers: [%q]}, renew: %s}"
	c.site["acme"] = fmt.Sprintf(settings, ca.Directory, ca.File, ca.Resolver, "host")
	if _, err := steps.Mend(t.Context(), c.load(), language.New(language.English), provision.Headless{}, true, steps.Reading{Remember: true}); err != nil {
		t.Fatal(err)
	}
	if r := c.deploy(); provision.CodeOf(r.result.Hosts["cloud"].Err) != "renewal.no-scheduler" || r.result.Changed != 0 {
		t.Fatalf("changed %d on a host without cron: %v", r.result.Changed, r.err())
	}
	c.sh("(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends cron) 2>&1 && printf '0 4 * * * true\n' | crontab -u kevin -")
	changes := c.plan().Changes
	if at := slices.IndexFunc(changes, func(change provision.Change) bool {
		return strings.Contains(change.Diff, "# provision-renew-myweb_https")
	}); at < 0 {
		t.Fatalf("the plan shows no line of the crontab: %+v", changes)
	}
	c.mustDeploy()
	c.settled()
	if lines := strings.Split(c.sh("crontab -l -u kevin"), "\n"); len(lines) != 2 || !strings.Contains(lines[1], timerFolder+"/renew") {
		t.Errorf("the crontab is %q", lines)
	}
	if modes := c.sh("cd %s && stat -c '%%a %%U %%n' . renew settings.json", timerFolder); modes != "700 kevin .\n700 kevin renew\n600 kevin settings.json" {
		t.Errorf("the timer's modes are %q", modes)
	}
	if secret := c.sh("grep -c PRIVATE %s/settings.json || true", timerFolder); secret != "0" {
		t.Error("there are secrets in the settings")
	}
	first := c.served()
	pair := func() []byte { return []byte(c.sh("cat /home/kevin/dev/.myweb.provision/certificate/*.pem") + "\n") }
	forget := func() { c.sh("rm -f %s/certificates/*/renewal.json", timerFolder) }
	due := func() {
		ca.SetWindow(pair(), time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
		forget()
	}

	t.Run("not due", func(t *testing.T) {
		c := c.on(t)
		if said := c.timer(); said != "" || c.served().SerialNumber.Cmp(first.SerialNumber) != 0 {
			t.Errorf("it said %q, and the site shows another certificate: %v", said, c.served().SerialNumber)
		}
		if text := c.renewal(); !strings.Contains(text, "未到续期时间") {
			t.Errorf("status tells %q", text)
		}
		c.settled()
	})
	t.Run("another run has the lock", func(t *testing.T) {
		c := c.on(t)
		due()
		c.page("while the timer comes")
		building, release, ended := make(chan struct{}), make(chan struct{}), make(chan *record)
		go func() {
			ended <- c.deployWith(t.Context(), provision.Headless{}, func(e provision.Event) {
				if _, ok := e.Body.(provision.StepStarted); ok && e.Step == steps.Build {
					close(building)
					<-release
				}
			})
		}()
		<-building
		before := c.sh("cat %s/result.json", timerFolder)
		if said := c.timer(); said != "" || c.sh("cat %s/result.json", timerFolder) != before {
			t.Errorf("it said %q", said)
		}
		close(release)
		if r := <-ended; r.result.ExitCode != provision.ExitOK {
			t.Errorf("the deployment failed: %v", r.err())
		}
	})
	t.Run("due, with a visitor at the door", func(t *testing.T) {
		c := c.on(t)
		c.visitor = visitortest.Build(t)
		c.quietly(func(int) {
			before := c.served()
			due()
			if said := c.timer(); said != "" || c.served().SerialNumber.Cmp(before.SerialNumber) == 0 {
				t.Errorf("it said %q, and the site shows %v", said, c.served().SerialNumber)
			}
		})
		if text := c.renewal(); !strings.Contains(text, "续期") || strings.Contains(text, "失败") {
			t.Errorf("status tells %q", text)
		}
		if keys := c.sh("stat -c '%%a %%U' %s/accounts/*/account.key", timerFolder); keys != "600 kevin" {
			t.Errorf("the account's key has the modes %q", keys)
		}
		renewed := c.served()
		c.settled() // and so the pair of the host was fetched
		local, err := os.ReadFile(pairOf(t))
		if err != nil || c.served().SerialNumber.Cmp(renewed.SerialNumber) != 0 || !strings.Contains(string(local), strings.TrimSpace(string(pair()))) {
			t.Error("this machine has another pair than the host")
		}
		if history := c.sh("cat /home/kevin/dev/.myweb.provision/history*"); !strings.Contains(history, `"command":"provision: renewal timer","outcome":"ok","changed":1`) {
			t.Errorf("the history has no renewal: %s", history)
		}
	})
	t.Run("refused by the CA", func(t *testing.T) {
		c := c.on(t)
		before := c.served()
		due()
		ca.Lead("kevinhuo.cool", "127.0.77.78")
		defer ca.Lead("kevinhuo.cool", c.host.Address)
		if said := c.timer(); !strings.Contains(said, "kevinhuo.cool") {
			t.Errorf("it said %q", said)
		}
		if c.served().SerialNumber.Cmp(before.SerialNumber) != 0 {
			t.Error("the site shows another certificate")
		}
		if text := c.renewal(); !strings.Contains(text, "失败") || !strings.Contains(text, "kevinhuo.cool") {
			t.Errorf("status tells %q", text)
		}
	})
	t.Run("removed", func(t *testing.T) {
		c := c.on(t)
		ca.SetWindow(pair(), time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))
		forgetWindow(t)
		c.site["acme"] = fmt.Sprintf(settings, ca.Directory, ca.File, ca.Resolver, "here")
		if r := c.mustDeploy(); r.result.Changed != 1 || r.changed() != steps.CertificateLines {
			t.Errorf("changed %d, in %s", r.result.Changed, r.changed())
		}
		left := func() string { return c.sh("ls -d %s 2>/dev/null; crontab -l -u kevin", timerFolder) }
		if left() != "0 4 * * * true" {
			t.Errorf("left: %q", left())
		}
		c.settled()
		c.site["acme"] = fmt.Sprintf(settings, ca.Directory, ca.File, ca.Resolver, "host")
		c.mustDeploy()
		if r := c.down(operate.DownOptions{}); r.result.ExitCode != provision.ExitOK || left() != "0 4 * * * true" {
			t.Errorf("status %d, left: %q", r.result.ExitCode, left())
		}
	})
}
