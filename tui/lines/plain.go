package lines

import (
	"io"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/quantity"
	"github.com/kehuo/provision/tui/sanitize"
)

// NewPlain returns the printer for where there is no terminal: lines of text that begin with the time of day. verbose
// adds the commands that run on the host, the questions that were answered, and the diffs of the plan.
func NewPlain(w io.Writer, words *language.Printer, verbose bool) *Printer {
	return newPrinter(w, &plain{words: words, verbose: verbose, shown: map[string]progress{}})
}

type plain struct {
	words   *language.Printer
	verbose bool
	many    bool // several hosts: every line names its own
	second  second
	shown   map[string]progress // by host, what of a step's progress was last written
}

// progress is written at most once in progressEvery, and when it is complete.
type progress struct {
	at time.Time
}

const progressEvery = 2 * time.Second

func (p *plain) format(b []byte, e provision.Event) []byte {
	if o, ok := e.Body.(provision.StepOutput); ok {
		b = append(p.head(b, e), "| "...)
		return append(append(b, sanitize.Line(o.Text)...), '\n')
	}
	text := p.text(e)
	if text == "" {
		return b
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b = append(append(p.head(b, e), sanitize.Line(line)...), '\n')
	}
	return b
}

func (p *plain) head(b []byte, e provision.Event) []byte {
	b = append(p.second.append(b, e.Time, time.TimeOnly), ' ')
	if p.many && e.Host != "" {
		b = append(append(b, e.Host...), ' ')
	}
	if e.Step != "" {
		b = append(append(b, e.Step...), ' ')
	}
	return b
}

func (p *plain) text(e provision.Event) string {
	switch b := e.Body.(type) {
	case provision.RunStarted:
		p.many = len(b.Hosts) > 1
		return p.words.T("lines.start", b.Site, strings.Join(b.Hosts, ", "))
	case provision.PlanReady:
		return p.plan(b.Changes, p.verbose)
	case provision.StepStarted:
		delete(p.shown, e.Host)
		return b.Title
	case provision.StepProgress:
		return p.progress(e, b)
	case provision.Measured:
		return p.measured(b)
	case provision.Finding:
		return FindingText(p.words, b)
	case provision.StepFinished:
		return p.finished(b)
	case provision.RunFinished:
		return p.summary(b)
	case provision.PlanFinished:
		return p.planned(b)
	}
	if p.verbose {
		return p.detail(e.Body)
	}
	return ""
}

func (p *plain) detail(body provision.Body) string {
	switch b := body.(type) {
	case provision.StepCommand:
		return "$ " + strings.ReplaceAll(b.Command, "\n", "\n  ")
	case provision.DecisionAsked:
		return "? " + b.Question
	case provision.DecisionMade:
		return "= " + b.Answer
	}
	return ""
}

func (p *plain) progress(e provision.Event, b provision.StepProgress) string {
	last := p.shown[e.Host]
	if b.Done < b.Total || b.Total == 0 {
		if e.Time.Sub(last.at) < progressEvery {
			return ""
		}
	}
	p.shown[e.Host] = progress{e.Time}
	return ProgressText(p.words, b)
}

func (p *plain) finished(b provision.StepFinished) string {
	word := p.words.T("lines.status." + string(b.Status))
	switch {
	case b.Status == provision.StatusSkipped:
		return word
	case b.Err != nil:
		return word + ": " + b.Err.Error()
	}
	return word + ", " + quantity.Duration(b.Duration)
}

func (p *plain) measured(m provision.Measured) string {
	return "GET " + m.URL + " -> " + Measurement(p.words, m)
}

func (p *plain) plan(changes []provision.Change, diffs bool) string {
	var b strings.Builder
	b.WriteString(p.words.T("lines.plan", len(changes)) + "\n")
	for _, c := range changes {
		b.WriteString("  " + c.Step + ": " + c.Action)
		if c.Reason != "" {
			b.WriteString(" (" + c.Reason + ")")
		}
		b.WriteByte('\n')
		if diffs && c.Diff != "" {
			b.WriteString("    " + strings.ReplaceAll(strings.TrimRight(c.Diff, "\n"), "\n", "\n    ") + "\n")
		}
	}
	return b.String()
}

func (p *plain) planned(f provision.PlanFinished) string {
	var b strings.Builder
	if !p.verbose { // otherwise the diffs stood in the plan of each host
		for _, c := range f.Changes {
			if c.Diff != "" {
				b.WriteString(c.Host + " " + c.Step + ": " + c.Action + "\n")
				b.WriteString("    " + strings.ReplaceAll(strings.TrimRight(c.Diff, "\n"), "\n", "\n    ") + "\n")
			}
		}
	}
	p.failures(&b, f.Hosts)
	b.WriteString(p.words.T("lines.planned", len(f.Changes)))
	return b.String()
}

func (p *plain) summary(f provision.RunFinished) string {
	var b strings.Builder
	p.failures(&b, f.Hosts)
	key := "lines.done"
	if f.ExitCode != provision.ExitOK {
		key = "lines.failed"
	}
	b.WriteString(p.words.T(key, f.Changed, quantity.Duration(f.Duration)))
	return b.String()
}

func (p *plain) failures(b *strings.Builder, hosts map[string]provision.HostResult) {
	for _, name := range sorted(hosts) {
		if r := hosts[name]; r.Err != nil {
			b.WriteString(name + ": " + p.words.T("lines.status."+string(r.Status)) + ": " + r.Err.Error() + "\n")
		}
	}
}
