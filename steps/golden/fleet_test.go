package golden

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
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

var program = flag.String("program", "", "the `FILE` whose time and memory over many hosts is measured; nothing is where it is empty")

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

// TestFleetTable prints what the program takes of time and memory over more and more hosts.
func TestFleetTable(t *testing.T) {
	if *program == "" {
		t.Skip("there is no -program to measure")
	}
	l := newRecordedLab(t)
	fmt.Println("| hosts | round trip | time | processor | memory |\n| --- | --- | --- | --- | --- |")
	for _, rtt := range []time.Duration{0, 50 * time.Millisecond} {
		numbers := []int{1, 10, 100, 1000}
		files, _ := l.replicated(rtt, numbers...)
		for i, file := range files {
			n := numbers[i]
			t.Run(fmt.Sprintf("%d-%v", n, rtt), func(t *testing.T) {
				l.t = t
				l.measured(file, n, "ok") // which warms what can be warm
				took, processor, memory := l.measured(file, n, "ok")
				fmt.Printf("| %d | %d ms | %.1f s | %.1f s | %d MiB |\n", n, rtt.Milliseconds(), took.Seconds(), processor.Seconds(), memory>>20)
				if n == 1000 && (took > 10*time.Second || memory > 500<<20) {
					t.Errorf("1,000 hosts took %v and %d MiB, want 10 s and 500 MiB at most", took, memory>>20)
				}
			})
		}
		l.t = t
	}
}

// TestFirstDeployments prints what the first deployment to fifty hosts takes, each of which runs every command.
func TestFirstDeployments(t *testing.T) {
	if *program == "" {
		t.Skip("there is no -program to measure")
	}
	const n = 50
	l := newLab(t)
	pair, err := fakehost.LoadPair(recorded + "/site")
	check(t, err)
	var hosts []string
	for range n {
		h := fakehost.New(t, pair, 8080, 8443)
		hosts = append(hosts, fmt.Sprintf("address: %s, port: %d, user: kevin, identity: %s, known_hosts: %s", h.Address, h.Port, h.Identity, h.KnownHosts))
	}
	took, processor, memory := l.measured(l.inventoryOf("first.yaml", hosts), n, "changed")
	fmt.Printf("| %d, first deployment | 0 ms | %.1f s | %.1f s | %d MiB |\n", n, took.Seconds(), processor.Seconds(), memory>>20)
}

// measured runs the program over n hosts, all of which have to end with that status.
func (l *lab) measured(file string, n int, status string) (took, processor time.Duration, memory int64) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), *program, "--yes", "--json", "--inventory", file, "--log-file", os.DevNull)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begun := time.Now()
	check(l.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err := l.watched(ended, func() { memory = max(memory, peakOf(cmd.Process.Pid)) })
	took = time.Since(begun)
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	var end struct {
		Hosts map[string]struct{ Status, Error string }
	}
	if wrong := json.Unmarshal(lines[len(lines)-1], &end); wrong != nil || err != nil || len(end.Hosts) != n {
		l.t.Errorf("the program ended with %v on %d hosts: %v\n%s", err, len(end.Hosts), wrong, errs.String())
	}
	wrong := 0
	for name, h := range end.Hosts {
		if h.Status != status {
			if wrong++; wrong <= 3 {
				l.t.Errorf("%s is %s: %s", name, h.Status, h.Error)
			}
		}
	}
	if wrong > 0 {
		l.t.Fatalf("%d of %d hosts are not %s", wrong, n, status)
	}
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory
}

// watched looks again and again until there is an end.
func (l *lab) watched(ended <-chan error, look func()) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			look()
		}
	}
}

// peakOf is the most memory that a process had so far, in bytes. The kernel's count for a child would begin with this process's own.
func peakOf(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kibibytes int64
	_, _ = fmt.Sscan(rest, &kibibytes)
	return kibibytes << 10
}
