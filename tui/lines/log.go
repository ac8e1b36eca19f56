package lines

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
)

// logTime is RFC 3339 with milliseconds.
const logTime = "2006-01-02T15:04:05.000Z07:00"

// NewLog returns the writer of the log file: every event with its full time, in English, the whole output among them.
func NewLog(w io.Writer) *Printer {
	return newPrinter(w, &logLines{words: language.New(language.English)})
}

type logLines struct {
	words  *language.Printer
	second second
}

func (l *logLines) format(b []byte, e provision.Event) []byte {
	if o, ok := e.Body.(provision.StepOutput); ok {
		mark := "| "
		if o.Stream == provision.StreamErr {
			mark = "! "
		}
		return appendLines(append(l.head(b, e), mark...), len(b), o)
	}
	text := l.text(e.Body)
	if text == "" {
		return b
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b = append(append(l.head(b, e), safetext.Line(line)...), '\n')
	}
	return b
}

func (l *logLines) head(b []byte, e provision.Event) []byte {
	b = append(l.second.append(b, e.Time, logTime), ' ')
	if e.Host != "" {
		b = append(append(b, e.Host...), ' ')
	}
	if e.Step != "" {
		b = append(append(b, e.Step...), ' ')
	}
	return b
}

// text is an event in words; empty for those that a log has no use for.
func (l *logLines) text(body provision.Body) string {
	switch b := body.(type) {
	case provision.RunStarted:
		return fmt.Sprintf("run started: site %s, hosts %s", b.Site, strings.Join(b.Hosts, ", "))
	case provision.PlanReady:
		return planLines(b.Changes)
	case provision.RolloutWave:
		return fmt.Sprintf("wave %d: %s; %d hosts after it, %s before the next", b.Number, strings.Join(b.Hosts, ", "), b.Left, language.Duration(b.Pause))
	case provision.StepStarted:
		return "started: " + b.Title
	case provision.StepCommand:
		return "$ " + cells.Hang(b.Command, "  ")
	case provision.StepProgress:
		if b.Total > 0 && b.Done < b.Total {
			return "" // thousands of them; the end of each is enough
		}
		return fmt.Sprintf("progress: %d of %d %s %s", b.Done, b.Total, b.Unit, b.Detail)
	case provision.SiteCheck:
		return measuredText(b)
	case provision.Finding:
		return fmt.Sprintf("%s %s: %s\nevidence: %s\nfix: %s", b.Severity, b.Code, b.Cause, b.Evidence, b.Fix)
	case provision.DecisionAsked:
		return fmt.Sprintf("asked (%s): %s", b.Kind, b.Question)
	case provision.DecisionMade:
		return fmt.Sprintf("answered (%s): %s", b.Kind, b.Answer)
	case provision.StepFinished:
		return l.ended(b.Status, b.Err, "in "+language.Duration(b.Duration))
	case provision.RunFinished:
		return fmt.Sprintf("%srun finished: %d changed, exit status %d, in %s",
			l.hosts(b.Hosts), b.Changed, b.ExitCode, language.Duration(b.Duration))
	case provision.PlanFinished:
		return fmt.Sprintf("%s%splan finished: %d changes, exit status %d",
			planLines(b.Changes), l.hosts(b.Hosts), len(b.Changes), b.ExitCode)
	}
	return ""
}

func measuredText(m provision.SiteCheck) string {
	if m.Status == 0 {
		return fmt.Sprintf("%s: GET %s had no answer", m.Vantage, m.URL)
	}
	text := fmt.Sprintf("%s: GET %s answered %d in %s, Server %q, Location %q",
		m.Vantage, m.URL, m.Status, language.Duration(m.Duration), m.Server, m.Location)
	if m.CertificateDays != 0 { // the last day of a certificate is 0 as well, and the finding says that
		text += fmt.Sprintf(", certificate days %d", m.CertificateDays)
	}
	return text
}

func (l *logLines) ended(status provision.Status, err error, more string) string {
	if err != nil {
		return fmt.Sprintf("%s %s: %s", status, more, l.words.Error(err))
	}
	return fmt.Sprintf("%s %s", status, more)
}

func planLines(changes []provision.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "planned: %s %s: %s (%s)\n", c.Host, c.Step, c.Action, c.Reason)
		b.WriteString(c.Diff)
		if c.Diff != "" && !strings.HasSuffix(c.Diff, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (l *logLines) hosts(hosts map[string]provision.HostResult) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		r := hosts[name]
		fmt.Fprintf(&b, "%s: %s\n", name, l.ended(r.Status, r.Err, fmt.Sprintf("with %d changed", r.Changed)))
	}
	return b.String()
}
