// Package visitortest has a visitor at a site's door while a test does something to the site.
package visitortest

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Outage is a time in which no request was answered: from the begin of the first that failed to the begin of the next one
// that did not.
type Outage struct {
	Begun    time.Time
	Duration time.Duration
	Wrong    time.Duration // the part of it from the first answer on that was a wrong one
	Failed   int           // requests
	Why      string        // the first one's error
}

func (o Outage) String() string {
	return fmt.Sprintf("%v (wrong for %v) from %s, %d requests: %s", o.Duration.Round(time.Millisecond), o.Wrong.Round(time.Millisecond), o.Begun.Format("05.000"), o.Failed, o.Why)
}

// Report is what a visitor saw.
type Report struct {
	Visits  int
	Outages []Outage
	Slowest time.Duration // of the requests that were answered with the page
}

// Down is how long the site was out of reach in all.
func (r Report) Down() time.Duration {
	var sum time.Duration
	for _, o := range r.Outages {
		sum += o.Duration
	}
	return sum
}

// Wrong is how long the site answered, but wrongly.
func (r Report) Wrong() time.Duration {
	var sum time.Duration
	for _, o := range r.Outages {
		sum += o.Wrong
	}
	return sum
}

// Build makes the visitor's program and returns its path. It is built without the race detector: it is to be no load.
func Build(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "visitor")
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", program, "github.com/kehuo/provision/steps/internal/visitor")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the visitor cannot be built: %v\n%s", err, out)
	}
	return program
}

// Visitor is a visitor under way.
type Visitor struct {
	t       testing.TB
	command *exec.Cmd
	input   io.Closer
	output  strings.Builder
	stopped bool
}

// Visit starts a visitor, which asks for a page every pace over a new TLS connection.
func Visit(t testing.TB, program, url string, pace time.Duration) *Visitor {
	t.Helper()
	return start(t, program, "-pace", pace.String(), url)
}

// VisitPatiently starts a visitor who asks for the next page once the one before came or failed, and waits for each.
func VisitPatiently(t testing.TB, program, url string) *Visitor {
	t.Helper()
	return start(t, program, "-patient", url)
}

func start(t testing.TB, program string, args ...string) *Visitor {
	t.Helper()
	v := &Visitor{t: t, command: exec.Command(program, args...)}
	v.command.Stdout = &v.output
	input, err := v.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	v.input = input
	if err := v.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !v.stopped {
			v.Stop()
		}
	})
	return v
}

// Stop ends the visit.
func (v *Visitor) Stop() Report {
	v.t.Helper()
	v.stopped = true
	_ = v.input.Close()
	if err := v.command.Wait(); err != nil {
		v.t.Fatalf("the visitor failed: %v", err)
	}
	var r Report
	if err := json.Unmarshal([]byte(v.output.String()), &r); err != nil {
		v.t.Fatalf("the visitor said %q: %v", v.output.String(), err)
	}
	return r
}
