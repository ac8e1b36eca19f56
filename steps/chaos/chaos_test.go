//go:build host

// Package chaos_test breaks releases at every point there is and sees the next run mend them.
package chaos_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps/internal/visitortest"
)

// points is how many points of a release are broken. Two in three cut the link after a number of bytes, spread evenly over
// all that go through it; at the others the program is killed when it reports an event, spread evenly over all of them.
var points = flag.Int("points", 4, "how many points of a release to break")

// Bounds for what a visitor may notice, on a machine that does nothing else; a busy one gets more, see world.allowed.
const (
	visits      = 20 * time.Millisecond // between two requests
	cutoverGap  = 600 * time.Millisecond
	bareCutover = 250 * time.Millisecond // of the two docker commands alone
	tolerance   = 2                      // times the bound, on any machine; what was seen is printed
)

// fault is one point at which a release breaks.
type fault struct {
	kind string // "cut" or "kill"
	at   int    // bytes through the link, or events
}

func (f fault) String() string { return fmt.Sprintf("%s at %d", f.kind, f.at) }

// world is a host, the way to it, and the site on it.
type world struct {
	t         *testing.T
	host      sandbox.Host
	relay     *sandbox.Relay
	program   string
	source    string
	inventory string
	release   int
}

func TestChaos(t *testing.T) {
	w := newWorld(t)
	visitor := visitortest.Build(t)
	w.next()
	w.mustRun()

	w.next()
	before := w.carried()
	_, events := w.mustRun()
	bytes := int(w.carried() - before)
	faults := spread(*points, bytes, len(events))
	t.Logf("a release is %d bytes over the link and %d events; %d points", bytes, len(events), len(faults))

	var worst, sum time.Duration
	failed := 0
	begun := time.Now()
	for _, f := range faults {
		w.next()
		v := visitortest.Visit(t, visitor, "https://"+w.host.Address+"/ping", visits)
		err := w.survive(f)
		seen := v.Stop()
		down := seen.Down()
		worst, sum = max(worst, down), sum+down
		if err == nil && down > cutoverGap && down > w.allowed() {
			err = fmt.Errorf("the site was out of reach for %v: %v", down, seen.Outages)
		}
		if err != nil {
			failed++
			t.Errorf("%v, release %d: %v", f, w.release, err)
		}
	}
	t.Logf("chaos: %d points (%d bytes, %d events), %d failed; out of reach for %v at most, %v on average; %v in all",
		len(faults), bytes, len(events), failed, worst.Round(time.Millisecond),
		(sum / time.Duration(len(faults))).Round(time.Millisecond), time.Since(begun).Round(time.Second))
}

// spread lays n points over a release.
func spread(n, bytes, events int) []fault {
	kills := min(n/3, events)
	cuts := n - kills
	var faults []fault
	for i := range cuts {
		faults = append(faults, fault{"cut", 1 + i*bytes/cuts})
	}
	for i := range kills {
		faults = append(faults, fault{"kill", 1 + i*events/kills})
	}
	return faults
}

// survive breaks a release at a point, runs the program again, and sees whether that is all it takes.
func (w *world) survive(f fault) error {
	if f.kind == "cut" {
		w.relay.CutAfter(int64(f.at))
		_, _, _ = w.run(0) // it goes on over another link, or fails and says so
		w.relay.CutAfter(1 << 50)
	} else if _, _, err := w.run(f.at); err != nil && !errors.Is(err, errKilled) {
		return fmt.Errorf("before it was killed: %w", err)
	}
	if code, events, err := w.run(0); err != nil || code != 0 {
		return fmt.Errorf("the second run ended with status %d: %v\n%s", code, err, strings.Join(events, "\n"))
	}
	if got, want := w.sh("docker exec myweb_https printenv RELEASE"), fmt.Sprint(w.release); got != want {
		return fmt.Errorf("release %s is live instead of %s", got, want)
	}
	return w.settled()
}

// settled makes sure that a third run has nothing to do, and that nothing is left of the ones before.
func (w *world) settled() error {
	code, events, err := w.run(0)
	if err != nil || code != 0 || !strings.Contains(events[len(events)-1], `"changed":0,`) {
		return fmt.Errorf("a third run ended with status %d: %v\n%s", code, err, strings.Join(events, "\n"))
	}
	left := w.sh("docker ps -a --filter name=candidate --format '{{.Names}}'; cd /home/kevin/dev/.myweb.provision; ls -d lock* jobs/* 2>/dev/null; true")
	if left != "" {
		return fmt.Errorf("left behind: %s", left)
	}
	return nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, host: sandboxtest.Host(t, sandbox.Options{}), source: filepath.Join(dir, "site"),
		inventory: filepath.Join(dir, "inventory.yaml"), program: filepath.Join(dir, "provision")}
	build := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", w.program, "github.com/kehuo/provision/cmd/provision")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the program cannot be built: %v\n%s", err, out)
	}
	if err := sandbox.WriteSample(w.source); err != nil {
		t.Fatal(err)
	}
	w.ping()
	relay, err := sandbox.NewRelay(context.WithoutCancel(t.Context()), w.host.Address+":0", w.host.Address+":22", sandbox.Link{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	w.relay = relay
	return w
}

// ping gives the site a page that costs the application nothing.
func (w *world) ping() {
	w.t.Helper()
	file := filepath.Join(w.source, "resource/default.conf")
	content, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	text := strings.Replace(string(content), "    location / {", "    location = /ping { return 200; }\n\n    location / {", 1)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// next asks for another release: other settings, and for one in ten another page too, so that something is uploaded and built.
func (w *world) next() {
	w.t.Helper()
	w.release++
	if w.release%10 == 1 {
		page := filepath.Join(w.source, "app", "release.txt")
		if err := os.WriteFile(page, fmt.Appendln(nil, w.release), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	_, port, err := net.SplitHostPort(w.relay.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := os.ReadFile(w.host.KnownHosts)
	if err != nil {
		w.t.Fatal(err)
	}
	known := filepath.Join(filepath.Dir(w.inventory), "known_hosts")
	_, rest, _ := strings.Cut(strings.TrimSpace(string(key)), " ")
	if err := os.WriteFile(known, fmt.Appendf(nil, "[%s]:%s %s\n", w.host.Address, port, rest), 0o600); err != nil {
		w.t.Fatal(err)
	}
	text := fmt.Sprintf(`site:
  name: myweb
  source: %s
  domain: kevinhuo.cool
  certificate: ssl_files/kevinhuo_cool.pem
  key: ssl_files/kevinhuo_cool.key
  keep: 1
  environment: {RELEASE: "%d"}
hosts:
  - {name: cloud, address: %s, port: %s, user: %s, identity: %s, known_hosts: %s}
`, w.source, w.release, w.host.Address, port, w.host.User, w.host.Identity, known)
	if err := os.WriteFile(w.inventory, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

var errKilled = errors.New("killed")

// run runs the program and returns its exit status and its events; with killAt, it is killed at that event.
func (w *world) run(killAt int) (code int, events []string, err error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, w.program, "--yes", "--json", "-i", w.inventory, "--log-file", os.DevNull)
	var complaint strings.Builder
	command.Stderr = &complaint
	output, err := command.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	if err := command.Start(); err != nil {
		return 0, nil, err
	}
	killed := false
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		events = append(events, lines.Text())
		if len(events) == killAt {
			killed = true
			_ = command.Process.Kill()
		}
	}
	err = command.Wait()
	var exit *exec.ExitError
	switch {
	case killed:
		return -1, events, errKilled
	case errors.As(err, &exit) && ctx.Err() == nil:
		return exit.ExitCode(), append(events, complaint.String()), nil
	case err != nil:
		return -1, events, err
	}
	var last struct{ Type string }
	if err := json.Unmarshal([]byte(events[len(events)-1]), &last); err != nil || last.Type != "run.finished" {
		return 0, events, fmt.Errorf("the last event is %s", events[len(events)-1])
	}
	return 0, events, nil
}

func (w *world) mustRun() (int, []string) {
	w.t.Helper()
	code, events, err := w.run(0)
	if err != nil || code != 0 {
		w.t.Fatalf("the program ended with status %d: %v\n%s", code, err, strings.Join(events, "\n"))
	}
	return code, events
}

// carried is how many bytes have gone through the link, both ways.
func (w *world) carried() int64 {
	var sum int64
	for _, c := range w.relay.Stats().Conns {
		sum += c.Sent + c.Received
	}
	return sum
}

// sh runs a script as root on the host, past the link.
func (w *world) sh(script string) string {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), "docker", "exec", w.host.Container, "sh", "-c", script).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// allowed is how long a cutover may keep the site out of reach on this machine, as busy as it is now: as much longer than on
// an idle one with two cores as its two docker commands take longer by themselves.
func (w *world) allowed() time.Duration {
	w.t.Helper()
	w.sh("docker run -d --name bare -p 81:81 --entrypoint sleep kehuo/centos8_conda:nginx 1000")
	defer w.sh("docker rm -f bare")
	begun := time.Now()
	const rounds = 3
	for range rounds {
		w.sh("docker network disconnect bridge bare && docker network connect bridge bare")
	}
	busy := float64(time.Since(begun)) / rounds / float64(bareCutover)
	return time.Duration(max(tolerance, busy) * float64(cutoverGap))
}
