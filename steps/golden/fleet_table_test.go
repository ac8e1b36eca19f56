//go:build fleet

package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox/fakehost"
)

var program = flag.String("program", "provision", "the `FILE` whose time and memory over many hosts is measured")

// TestFleetTable prints what the program takes of time and memory over more and more hosts.
func TestFleetTable(t *testing.T) {
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
