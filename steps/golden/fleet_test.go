package golden

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
	"github.com/kehuo/provision/steps"
)

// replicated writes inventories of as many hosts each, which are like the lab's own, behind links of that round trip.
func (l *lab) replicated(rtt time.Duration, numbers ...int) (files []string, replicas *fakehost.Replicas) {
	l.t.Helper()
	replicas = l.Replicate(l.t, slices.Max(numbers), rtt, 8080, 8443)
	known := filepath.Join(l.t.TempDir(), "known_hosts")
	check(l.t, os.WriteFile(known, []byte(replicas.Lines), 0o600))
	var hosts []string
	for _, address := range replicas.Addresses {
		hosts = append(hosts, fmt.Sprintf("address: %s, port: %d, user: kevin, identity: %s, known_hosts: %s", address, replicas.Port, l.Identity, known))
	}
	for _, n := range numbers {
		files = append(files, l.inventoryOf(fmt.Sprintf("fleet-%d-%v.yaml", n, rtt), hosts[:n]))
	}
	return files, replicas
}

// inventoryOf writes the lab's inventory with other hosts, which are called cloud000 and so on.
func (l *lab) inventoryOf(name string, hosts []string) (file string) {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, "inventory.yaml"))
	check(l.t, err)
	site, _, _ := strings.Cut(string(text), "hosts:\n")
	site += "hosts:\n"
	for i, host := range hosts {
		site += fmt.Sprintf("  - {name: cloud%03d, %s}\n", i, host)
	}
	file = filepath.Join(l.dir, name)
	check(l.t, os.WriteFile(file, []byte(site), 0o600))
	return file
}

// targets are the hosts of an inventory file, as the program makes them.
func targets(t *testing.T, file string) []provision.Target {
	t.Helper()
	inv, err := inventory.Load(file)
	check(t, err)
	d, err := steps.NewDeployment(t.Context(), inv, language.Keys(), steps.Reading{Remember: true})
	check(t, err)
	var list []provision.Target
	for _, h := range inv.Hosts {
		list = append(list, d.NewHost(h, false, "provision --yes"))
	}
	return list
}

// A run over thirty hosts with nothing to do says so of each of them.
func TestFleetUpToDate(t *testing.T) {
	t.Parallel()
	const hosts = 30
	files, _ := newRecordedLab(t).replicated(0, hosts)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result := provision.Run(ctx, targets(t, files[0]), provision.Options{Site: "myweb", Decider: provision.Headless{}})
	if result.ExitCode != provision.ExitOK || result.Changed != 0 || len(result.Hosts) != hosts {
		t.Fatalf("it ended with %d, %d changes, %d hosts", result.ExitCode, result.Changed, len(result.Hosts))
	}
	for name, h := range result.Hosts {
		if h.Status != provision.StatusOK {
			t.Errorf("%s is %s: %v", name, h.Status, h.Err)
		}
	}
}

// A host that hangs and one that refuses hold nobody up: the others are done meanwhile, and the result names these two.
func TestFleetWithHostsThatAreLost(t *testing.T) {
	t.Parallel()
	files, replicas := newRecordedLab(t).replicated(time.Millisecond, 6)
	replicas.Links[1].Stall()
	check(t, replicas.Links[3].Close())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := &record{}
	result := provision.Run(ctx, targets(t, files[0]), provision.Options{Site: "myweb", Decider: provision.Headless{}, Sink: r.sink})
	if result.ExitCode != provision.ExitUnreachable {
		t.Errorf("it ended with %d", result.ExitCode)
	}
	over := func(host, step string) int {
		return slices.IndexFunc(r.events, func(e provision.Event) bool {
			_, ended := e.Body.(provision.StepFinished)
			return ended && e.Host == host && e.Step == step
		})
	}
	for i, want := range []struct {
		status provision.Status
		code   string
	}{{provision.StatusOK, ""}, {provision.StatusUnreachable, "connect.timeout"}, {provision.StatusOK, ""}, {provision.StatusUnreachable, "connect.refused"},
		{provision.StatusOK, ""}, {provision.StatusOK, ""}} {
		name := fmt.Sprintf("cloud%03d", i)
		got := result.Hosts[name]
		if got.Status != want.status || provision.CodeOf(got.Err) != want.code {
			t.Errorf("%s is %s: %v", name, got.Status, got.Err)
		}
		if want.status == provision.StatusOK && over(name, steps.Site) > over("cloud001", steps.Login) {
			t.Errorf("%s was not done before the host that hangs was given up", name)
		}
	}
}
