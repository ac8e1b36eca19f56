//go:build host

package steps_test

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

// fleetOf is hosts and a site that builds from nothing: a layer that is large, and one that changes.
func fleetOf(t *testing.T, on string, hosts []sandbox.Host) *cloud {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	c := cloudOn(t, hosts[0])
	c.others = hosts[1:]
	for name, value := range map[string]string{
		"domain": `""`, "certificate": `""`, "key": `""`, "server": `""`, "ports": `["80:80"]`, "command": "busybox httpd -f -p 80 -h /www",
		"health": "{path: /page}", "build_on": on,
	} {
		c.site[name] = value
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("the tests need busybox: apt-get install busybox-static")
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	large := make([]byte, 6<<20)
	_, _ = rand.Read(large)
	c.write("Dockerfile", "FROM scratch\nENV PATH=/bin\nCOPY large /large\nCOPY --chown=0:0 busybox /bin/busybox\nCOPY page /www/page\n")
	c.write("busybox", string(program))
	c.write("large", string(large))
	c.write("page", "one")
	if err := os.Chmod(filepath.Join(c.source, "busybox"), 0o755); err != nil {
		t.Fatal(err)
	}
	return c
}

// deployTo runs the eleven steps on hosts of the inventory.
func (c *cloud) deployTo(names ...string) *record {
	c.t.Helper()
	inv := c.load()
	d, err := steps.NewDeployment(c.t.Context(), inv, language.New(language.English), steps.Reading{Remember: true})
	if err != nil {
		c.t.Fatal(err)
	}
	var targets []provision.Target
	for _, h := range inv.Hosts {
		if slices.Contains(names, h.Name) {
			targets = append(targets, d.NewHost(h, false, "test"))
		}
	}
	r := &record{}
	r.result = provision.Run(c.t.Context(), targets, provision.Options{Site: "myweb", Sink: r.sink})
	return r
}

// sentTo is how many bytes of images a host was sent.
func (r *record) sentTo(host string) (sent int64) {
	for _, e := range r.events {
		if p, is := e.Body.(provision.StepProgress); is && e.Host == host && strings.HasPrefix(p.Detail, "sending") {
			sent = p.Done
		}
	}
	return sent
}

// allEnded fails the test unless hosts ended so.
func (r *record) allEnded(t *testing.T, want map[string]provision.Status) {
	t.Helper()
	for name, status := range want {
		if h := r.result.Hosts[name]; h.Status != status {
			t.Fatalf("%s ended %s, want %s: %v\n%s\n%s", name, h.Status, status, toldError{h.Err}, r.timeline(), r.output())
		}
	}
}

// releaseTo deploys to all hosts, and counts what the receivers are sent.
func (c *cloud) releaseTo(page string, receivers []string, least, most int64) {
	t := c.t
	t.Helper()
	all := []string{"cloud", "second", "third"}[:1+len(c.others)]
	c.write("page", page)
	r := c.deployTo(all...)
	ended := map[string]provision.Status{}
	for _, name := range all {
		ended[name] = provision.StatusChanged
	}
	r.allEnded(t, ended)
	for _, name := range receivers {
		if sent := r.sentTo(name); sent < least || sent > most {
			t.Errorf("page %s: %s was sent %d bytes, want %d to %d", page, name, sent, least, most)
		} else {
			t.Logf("page %s: %s was sent %d bytes", page, name, sent)
		}
	}
	for i, h := range append([]sandbox.Host{c.host}, c.others...) {
		on := cloudOn(t, h)
		if got := on.sh("busybox wget -qO- http://127.0.0.1/page"); got != page {
			t.Errorf("%s shows %q, want %q", all[i], got, page)
		}
		if left := on.sh("ls -A %[1]s/images %[1]s/saved 2>/dev/null | grep -v :$ || :", state.Dir(directory)); left != "" {
			t.Errorf("%s is left on %s", left, all[i])
		}
	}
}

// TestBuildOn: an image is built once, and the hosts are sent what they lack of it; with -all, hosts whose engines are of different ages.
func TestBuildOn(t *testing.T) {
	var hosts []sandbox.Host
	if *all {
		hosts = append(sandboxtest.Hosts(t, sandbox.Options{NoBaseImage: true}), sandboxtest.Hosts(t, sandbox.Options{Engine: "28", NoBaseImage: true})...)
	} else {
		hosts = sandboxtest.Hosts(t, sandbox.Options{Count: 2, NoBaseImage: true})
	}
	c := fleetOf(t, "cloud", hosts)
	c.name = "once-" + strings.ToLower(rand.Text()[:8])
	t.Run("on a host", func(t *testing.T) { c.on(t).builtOnAHost() })
	t.Run("here", func(t *testing.T) { c.on(t).builtHere() })
	if !*all {
		return
	}
	c.site["build_on"] = "second"
	t.Run("on the newer engine", func(t *testing.T) { c.on(t).releaseTo("five", []string{"cloud"}, 1, 9<<20) })
}

// builtOnAHost: one host builds, and goes first.
func (c *cloud) builtOnAHost() {
	t := c.t
	second := cloudOn(t, c.others[0])
	c.releaseTo("one", []string{"second"}, 6<<20, 9<<20)
	if again := c.deployTo("cloud", "second"); again.result.Changed != 0 || again.result.ExitCode != 0 {
		t.Errorf("the same again changed %s: %v", again.changed(), again.result.Hosts)
	}
	c.releaseTo("two", []string{"second"}, 1, 64<<10)
	const id = "docker image inspect --format '{{.Id}}' myweb_image:server"
	if one, other := c.sh(id), second.sh(id); one != other {
		t.Errorf("the images are %s and %s", one, other)
	}

	c.write("page", "three")
	r := c.deployTo("second")
	if code := provision.CodeOf(r.result.Hosts["second"].Err); code != "build.limited" || r.result.ExitCode != provision.ExitUsage || r.result.Changed != 0 {
		t.Errorf("without its builder, second ended with %d: %v", r.result.ExitCode, r.result.Hosts["second"].Err)
	}

	good := c.read("Dockerfile")
	c.write("Dockerfile", good+`RUN ["/bin/busybox", "false"]`+"\n")
	r = c.deployTo("cloud", "second")
	r.allEnded(t, map[string]provision.Status{"cloud": provision.StatusFailed, "second": provision.StatusNotStarted})
	if r.result.Hosts["second"].Changed != 0 {
		t.Error("a builder that failed had another host changed")
	}
	c.write("Dockerfile", good)
	inv := c.load()
	back := c.run(t.Context(), provision.Headless{}, operate.NewRollback(steps.Installed(inv, language.New(language.English)).NewHost(inv.Hosts[1], false, "test"), ""))
	if page := second.sh("busybox wget -qO- http://127.0.0.1/page"); page != "one" || back.result.ExitCode != 0 {
		t.Errorf("after the way back the second host shows %q: %v", page, back.result.Hosts["second"].Err)
	}
}

// builtHere: this machine builds, before any host is changed, and keeps one image.
func (c *cloud) builtHere() {
	t := c.t
	c.site["build_on"] = "here"
	const ours = "docker image ls -q --no-trunc --filter label=io.provision.site="
	t.Cleanup(func() { _ = exec.Command("sh", "-c", "docker image rm -f $("+ours+c.name+")").Run() })
	c.releaseTo("three", []string{"cloud", "second"}, 1, 2<<20) // a folder in a layer has the time of its build
	c.releaseTo("four", []string{"cloud", "second"}, 1, 64<<10)
	kept, err := exec.CommandContext(t.Context(), "sh", "-c", ours+c.name+" | sort -u").Output()
	if err != nil || strings.Count(string(kept), "\n") != 1 {
		t.Errorf("this machine keeps the images %q, %v", kept, err)
	}

	good := c.read("Dockerfile")
	c.write("Dockerfile", good+`RUN ["/bin/busybox", "false"]`+"\n")
	r := c.deployTo("cloud", "second")
	r.allEnded(t, map[string]provision.Status{"cloud": provision.StatusFailed, "second": provision.StatusFailed})
	if r.result.Changed != 0 {
		t.Errorf("a build that failed here changed %d things", r.result.Changed)
	}
	c.write("Dockerfile", good)
}
