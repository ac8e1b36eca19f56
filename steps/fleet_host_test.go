//go:build host

package steps_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

// fleet are hosts of one inventory; on the broken one the application fails by a variable of that host.
type fleet struct {
	*cloud // the first host, and the source
	hosts  []*cloud
	broken int // from 1; 0: none
	order  provision.Rollout
}

func newFleet(t *testing.T, n int) *fleet {
	t.Helper()
	f := &fleet{}
	for _, h := range sandboxtest.Hosts(t, sandbox.Options{Count: n}) {
		f.hosts = append(f.hosts, cloudOn(t, h))
	}
	f.cloud = f.hosts[0]
	app := f.read("app/__init__.py")
	f.write("app/__init__.py", "import os\n"+strings.Replace(app, "    return ", "    if os.environ.get('BROKEN'):\n        raise RuntimeError\n    return ", 1))
	f.site["health"] = "{timeout: 5s}"
	return f
}

// inventory is that of all hosts.
func (f *fleet) inventory() *inventory.Inventory {
	f.t.Helper()
	f.load()
	file := filepath.Join(filepath.Dir(f.source), "inventory.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	all, _, _ := strings.Cut(string(text), "hosts:\n")
	all += "hosts:\n"
	for i, c := range f.hosts {
		all += fmt.Sprintf("  - {name: host%d, address: %s, user: %s, identity: %s, known_hosts: %s", i+1, c.host.Address, c.host.User, c.host.Identity, c.host.KnownHosts)
		if i+1 == f.broken {
			all += ", environment: {BROKEN: yes}"
		}
		all += "}\n"
	}
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		f.t.Fatal(err)
	}
	inv, err := inventory.Load(file)
	if err != nil {
		f.t.Fatal(err)
	}
	return inv
}

// deploy deploys to all hosts, and tells how each ended.
func (f *fleet) deploy() (r *record, ended string) {
	f.t.Helper()
	inv := f.inventory()
	d, err := steps.NewDeployment(f.t.Context(), inv, language.New(language.English), steps.Reading{Remember: true})
	if err != nil {
		f.t.Fatal(err)
	}
	var targets []provision.Target
	for _, h := range inv.Hosts {
		targets = append(targets, d.NewHost(h, false, "test"))
	}
	return f.walk(targets)
}

// back takes all hosts back.
func (f *fleet) back() (r *record, ended string) {
	f.t.Helper()
	inv := f.inventory()
	d := steps.Installed(inv, language.New(language.English))
	var targets []provision.Target
	for _, h := range inv.Hosts {
		targets = append(targets, operate.NewRollback(d.NewHost(h, false, "test"), ""))
	}
	return f.walk(targets)
}

func (f *fleet) walk(targets []provision.Target) (r *record, ended string) {
	f.t.Helper()
	r = &record{}
	r.result = provision.Run(f.t.Context(), targets, provision.Options{Site: "myweb", Sink: r.sink, Decider: provision.Headless{}, Rollout: f.order})
	var list []string
	for _, t := range targets {
		result := r.result.Hosts[t.Name()]
		list = append(list, string(result.Status))
		if result.Err != nil {
			f.t.Logf("%s: %s", t.Name(), language.New(language.English).Error(result.Err))
		}
	}
	return r, strings.Join(list, ", ")
}

// waves are the hosts of each wave of a run.
func (r *record) waves() string {
	var list []string
	for _, e := range r.events {
		if w, ok := e.Body.(provision.RolloutWave); ok {
			list = append(list, strings.Join(w.Hosts, "+"))
		}
	}
	return strings.Join(list, ", ")
}

// there is what a host has of the site: the release, and every file with its time.
func (c *cloud) there() string {
	c.t.Helper()
	return c.release() + "\n" + c.sh("cd %s && find . -type f -exec stat -c '%%n %%Y %%s' {} + | sort", directory)
}

func (f *fleet) snapshot() (list []string) {
	f.t.Helper()
	for _, c := range f.hosts {
		list = append(list, c.there())
	}
	return list
}

// TestFleet deploys to three hosts in order: what fails stops those that have not begun, on which nothing is written, and has those that
// changed go back where that is wanted. The way back of all has the same order.
func TestFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	hosts := f.hosts
	f.order = provision.Rollout{}
	if _, ended := f.deploy(); ended != "changed, changed, changed" {
		t.Fatalf("the first deployment ended with %s", ended)
	}
	before := f.snapshot()

	f.page("second")
	f.order = provision.Rollout{Canary: 1, Batch: provision.Share{Number: 1}}
	f.broken = 1
	if r, ended := f.deploy(); ended != "failed, not_started, not_started" || r.result.ExitCode != provision.ExitKeptOld || r.waves() != "host1" {
		t.Errorf("a canary that fails ends the run with %d: %s, in the order %s", r.result.ExitCode, ended, r.waves())
	}
	if after := f.snapshot(); after[1] != before[1] || after[2] != before[2] {
		t.Errorf("something was changed on a host whose turn did not come:\n%s\n%s", before, after)
	}

	f.broken, f.order.Revert = 2, true
	if r, ended := f.deploy(); ended != "failed, failed, not_started" || r.waves() != "host1, host2" {
		t.Errorf("with a way back it ends with %s, in the order %s", ended, r.waves())
	}
	for i, c := range hosts {
		if release, _, _ := strings.Cut(before[i], "\n"); c.release() != release {
			t.Errorf("%s runs %s, want what it ran before, %s", c.host.Name, c.release(), release)
		}
	}
	if after := f.snapshot(); after[2] != before[2] {
		t.Errorf("something was changed on the host whose turn did not come:\n%s\n%s", before[2], after[2])
	}

	f.broken, f.order = 0, provision.Rollout{Canary: 1}
	if r, ended := f.deploy(); ended != "changed, changed, changed" || r.waves() != "host1, host2+host3" {
		t.Fatalf("the second deployment ended with %s, in the order %s", ended, r.waves())
	}
	if r, ended := f.back(); ended != "changed, changed, changed" || r.waves() != "host1, host2+host3" {
		t.Errorf("the way back of all ended with %s, in the order %s", ended, r.waves())
	}
	for i, c := range hosts {
		if release, _, _ := strings.Cut(before[i], "\n"); c.release() != release {
			t.Errorf("after the way back %s runs %s, want %s", c.host.Name, c.release(), release)
		}
	}
}
