// Package report writes what a person sends to somebody who helps, and masks in it, and in all that is printed, what must
// not leave the person's machine.
package report

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
)

const (
	maxLines = 200      // of the log, from its end
	maxBytes = 64 << 10 // of the log at most
)

// Recorder keeps what a report tells of a run: what was tried and what was found. It reads the run's events.
type Recorder struct {
	mu       sync.Mutex
	tried    []attempt
	findings []provision.Finding
}

// attempt is one thing that was tried, and how it failed.
type attempt struct {
	what string
	err  error
}

// Record is a recorder of something that was no run: a command, and what was found.
func Record(command string, findings []provision.Finding) *Recorder {
	return &Recorder{tried: []attempt{{what: command}}, findings: findings}
}

// Emit takes in an event.
func (r *Recorder) Emit(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch b := e.Body.(type) {
	case provision.RunStarted:
		r.tried, r.findings = []attempt{{what: b.Command}}, nil
	case provision.StepCommand:
		r.tried = append(r.tried, attempt{what: e.Host + " " + e.Step + " $ " + b.Command})
	case provision.StepFinished:
		r.tried = append(r.tried, attempt{e.Host + " " + e.Step + " " + string(b.Status), b.Err})
	case provision.Finding:
		r.findings = append(r.findings, b)
	}
}

// Close makes the recorder a reader like others; there is nothing to close.
func (*Recorder) Close() error { return nil }

// Text is the report as the person reads it before it is written: when and with what, what was tried, what was found, and
// the end of the log. Everything in it went through the mask.
func (r *Recorder) Text(at time.Time, version, log string, mask Mask, words *language.Printer) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s %s\n", words.T("report.title"), words.T("report.time"), at.UTC().Format(time.RFC3339))
	section := func(key string, lines []string) {
		fmt.Fprintf(&b, "\n%s\n", words.T(key))
		if len(lines) == 0 {
			lines = []string{words.T("report.none")}
		}
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	section("report.versions", []string{"provision: " + version, "system: " + runtime.GOOS + "/" + runtime.GOARCH})
	var lines []string
	for i, tried := range r.tried {
		what := tried.what
		if tried.err != nil {
			what += ": " + words.Error(tried.err)
		}
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, strings.Join(strings.Fields(what), " ")))
	}
	section("report.tried", lines)
	lines = nil
	for _, f := range r.findings {
		lines = append(lines, fmt.Sprintf("[%s] %s\n    %s %s\n    %s %s\n    %s %s", f.Severity, f.Code, words.T("report.cause"), f.Cause,
			words.T("report.evidence"), strings.ReplaceAll(f.Evidence, "\n", "\n      "), words.T("report.fix"), f.Fix))
	}
	section("report.findings", lines)
	section("report.log", lastLines(log))
	return mask.Text(b.String())
}

// lastLines are the last lines of a log without control sequences.
func lastLines(log string) []string {
	if len(log) > maxBytes {
		log = log[len(log)-maxBytes:]
		if _, rest, ok := strings.Cut(log, "\n"); ok {
			log = rest
		}
	}
	var lines []string
	for line := range strings.FieldsFuncSeq(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimRight(safetext.Clean(line), " \t"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-maxLines):]
}

// NewTail returns what keeps as much of the end of a log as a report shows.
func NewTail() *safetext.Tail { return safetext.NewTail(maxBytes) }
