//go:build host

package steps_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var all = flag.Bool("all", false, "what takes longer, too")

// cloud is a sandbox host with its own copy of the sample site and an inventory that can be edited.
type cloud struct {
	t      *testing.T
	host   sandbox.Host
	name   string            // the site's
	source string            // its folder here
	site   map[string]string // further fields of site, as YAML
	others []sandbox.Host    // further hosts of the inventory: second, third

	visitor string // path of the program that asks for pages
}

func newCloud(t *testing.T, options sandbox.Options) *cloud {
	t.Helper()
	return cloudOn(t, sandboxtest.Host(t, options))
}

func cloudOn(t *testing.T, host sandbox.Host) *cloud {
	t.Helper()
	source := filepath.Join(t.TempDir(), "site")
	if err := sandbox.WriteSample(source); err != nil {
		t.Fatal(err)
	}
	return &cloud{t: t, host: host, name: "myweb", source: source, site: map[string]string{"domain": "kevinhuo.cool"}}
}

// load writes the inventory and reads it as the program does.
func (c *cloud) load() *inventory.Inventory {
	c.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "site:\n  name: %s\n  source: %s\n", c.name, c.source)
	fields := map[string]string{"certificate": "ssl_files/kevinhuo_cool.pem", "key": "ssl_files/kevinhuo_cool.key"}
	maps.Copy(fields, c.site)
	if fields["certificate"] == inventory.CertificateACME {
		delete(fields, "key")
	}
	for name, value := range fields {
		fmt.Fprintf(&text, "  %s: %s\n", name, value)
	}
	fmt.Fprintf(&text, "hosts:\n  - {name: cloud, address: %s, user: %s, identity: %s, known_hosts: %s}\n",
		c.host.Address, c.host.User, c.host.Identity, c.host.KnownHosts)
	for i, h := range c.others {
		fmt.Fprintf(&text, "  - {name: %s, address: %s, user: %s, identity: %s, known_hosts: %s}\n",
			[]string{"second", "third"}[i], h.Address, h.User, h.Identity, h.KnownHosts)
	}
	file := filepath.Join(filepath.Dir(c.source), "inventory.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	inv, err := inventory.Load(file)
	if err != nil {
		c.t.Fatal(err)
	}
	return inv
}

// deciderFunc answers every question the same way.
type deciderFunc func() provision.Answer

func (f deciderFunc) Decide(context.Context, provision.Decision) (provision.Answer, error) {
	return f(), nil
}

// eventText is an event as scripts see it.
func eventText(t *testing.T, e provision.Event) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// record keeps the events of a run.
type record struct {
	mu     sync.Mutex
	events []provision.Event
	result provision.RunFinished
}

func (r *record) sink(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// output is everything that the run's commands wrote, and its findings.
func (r *record) output() string {
	var text strings.Builder
	for _, e := range r.events {
		switch b := e.Body.(type) {
		case provision.StepOutput:
			text.WriteString(b.Text + "\n")
		case provision.Finding:
			text.WriteString(b.Cause + " " + b.Evidence + "\n")
		}
	}
	return text.String()
}

// timeline is what happened when, for a failure's message.
func (r *record) timeline() string {
	var text strings.Builder
	for _, e := range r.events {
		switch b := e.Body.(type) {
		case provision.StepOutput:
			fmt.Fprintf(&text, "%s %s %s\n", e.Time.Format("05.000"), e.Step, b.Text)
		case provision.StepCommand:
			fmt.Fprintf(&text, "%s %s $ %.200s\n", e.Time.Format("05.000"), e.Step, b.Command)
		case provision.StepFinished:
			fmt.Fprintf(&text, "%s %s %s %v\n", e.Time.Format("05.000"), e.Step, b.Status, language.New(language.English).Error(b.Err))
		}
	}
	return text.String()
}

// changed lists the steps that changed something.
func (r *record) changed() string {
	var ids []string
	for _, e := range r.events {
		if b, ok := e.Body.(provision.StepFinished); ok && b.Status == provision.StatusChanged {
			ids = append(ids, e.Step)
		}
	}
	return strings.Join(ids, " ")
}

// warnings are the causes of the findings that warn.
func (r *record) warnings() string {
	var list []string
	for _, e := range r.events {
		if f, ok := e.Body.(provision.Finding); ok && f.Severity == provision.SeverityWarning {
			list = append(list, f.Cause)
		}
	}
	return strings.Join(list, "\n")
}

// err is how the run ended on the one host, as it is told in English.
func (r *record) err() error {
	err := r.result.Hosts["cloud"].Err
	if err == nil {
		return nil
	}
	return toldError{err}
}

type toldError struct{ error }

func (e toldError) Error() string { return language.New(language.English).Error(e.error) }

func (e toldError) Unwrap() error { return e.error }

// deploy runs the eleven steps.
func (c *cloud) deploy() *record {
	c.t.Helper()
	return c.deployWith(c.t.Context(), provision.Headless{})
}

// deployWith runs the eleven steps with a decider, and a sink that sees every event before the record does.
func (c *cloud) deployWith(ctx context.Context, decider provision.Decider, sinks ...provision.Sink) *record {
	c.t.Helper()
	inv := c.load()
	d, err := steps.NewDeployment(ctx, inv, language.New(language.English), steps.Reading{Remember: true})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.run(ctx, decider, d.NewHost(inv.Hosts[0], false, "test"), sinks...)
}

// plan tells what a run would change.
func (c *cloud) plan() provision.PlanFinished {
	c.t.Helper()
	inv := c.load()
	d, err := steps.NewDeployment(c.t.Context(), inv, language.New(language.English), steps.Reading{})
	if err != nil {
		c.t.Fatal(err)
	}
	return provision.Plan(c.t.Context(), []provision.Target{d.NewHost(inv.Hosts[0], false, "test")}, provision.Options{Site: "myweb"})
}

func (c *cloud) rollback(release string) *record {
	c.t.Helper()
	inv := c.load()
	d := steps.Installed(inv, language.New(language.English))
	return c.run(c.t.Context(), provision.Headless{}, operate.NewRollback(d.NewHost(inv.Hosts[0], false, "test"), release))
}

func (c *cloud) down(o operate.DownOptions) *record {
	c.t.Helper()
	inv := c.load()
	d := steps.Installed(inv, language.New(language.English))
	return c.run(c.t.Context(), provision.Headless{}, operate.NewDown(d.NewHost(inv.Hosts[0], false, "test"), o))
}

func (c *cloud) run(ctx context.Context, decider provision.Decider, target provision.Target, sinks ...provision.Sink) *record {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	r := &record{}
	sink := func(e provision.Event) {
		for _, sink := range append(sinks, r.sink) {
			if sink != nil {
				sink(e)
			}
		}
	}
	r.result = provision.Run(ctx, []provision.Target{target}, provision.Options{Site: "myweb", Sink: sink, Decider: decider})
	return r
}

// mustDeploy deploys and fails the test unless that succeeds.
func (c *cloud) mustDeploy() *record {
	c.t.Helper()
	r := c.deploy()
	if r.result.ExitCode != provision.ExitOK {
		c.t.Fatalf("the deployment failed with status %d: %v\n%s", r.result.ExitCode, r.err(), r.output())
	}
	return r
}

// settled makes sure that another run has nothing to do.
func (c *cloud) settled() {
	c.t.Helper()
	if r := c.mustDeploy(); r.result.Changed != 0 {
		c.t.Fatalf("a second run changed %d things, in %s", r.result.Changed, r.changed())
	}
}

// sh runs a script as root on the host, past SSH, and returns what it printed.
func (c *cloud) sh(format string, args ...any) string {
	c.t.Helper()
	script := fmt.Sprintf(format, args...)
	out, err := exec.CommandContext(c.t.Context(), "docker", "exec", c.host.Container, "sh", "-c", script).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// write replaces a file of the site here.
func (c *cloud) write(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.source, name), []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) read(name string) string {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.source, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(content)
}
