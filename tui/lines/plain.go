package lines

import (
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
)

// NewPlain returns the printer for where there is no terminal: lines of text that begin with the time of day. verbose
// adds the commands that run on the host, the questions that were answered, and the diffs of the plan.
func NewPlain(w io.Writer, words *language.Printer, verbose bool) *Printer {
	return newPrinter(w, &plain{
		words: words, verbose: verbose, progressed: map[string]time.Time{}, altering: map[string][]string{}, waiting: map[string]provision.Event{},
	})
}

type plain struct {
	words      *language.Printer
	verbose    bool
	many       bool // several hosts: every line names its own
	second     second
	progressed map[string]time.Time // by host, when a step's progress was last written
	altering   map[string][]string  // by host, the steps that have something to change
	// waiting is, by host, the start of a step that has nothing to change: where it ends at once, one line tells all of it.
	waiting map[string]provision.Event
}

// progressEvery is how often progress is written at most; when it is complete, it is written in any case.
const progressEvery = 2 * time.Second

func (p *plain) format(b []byte, e provision.Event) []byte {
	if o, ok := e.Body.(provision.StepOutput); ok {
		b = p.begin(b, e.Host)
		return appendLines(append(p.head(b, e), "| "...), len(b), o)
	}
	text := p.text(e)
	if text == "" {
		return b
	}
	return p.lines(p.begin(b, e.Host), e, text)
}

// begin writes the start of a host's step that has waited for something to follow it.
func (p *plain) begin(b []byte, host string) []byte {
	e, ok := p.waiting[host]
	if !ok {
		return b
	}
	delete(p.waiting, host)
	return p.lines(b, e, e.Body.(provision.StepStarted).Title)
}

func (p *plain) lines(b []byte, e provision.Event, text string) []byte {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b = append(append(p.head(b, e), safetext.Line(line)...), '\n')
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
		return startText(p.words, b)
	case provision.PlanReady:
		for _, c := range b.Changes {
			p.altering[e.Host] = append(p.altering[e.Host], c.Step)
		}
		return p.plan(b.Changes, p.verbose)
	case provision.RolloutWave:
		return WaveText(p.words, b)
	case provision.StepStarted:
		return p.started(e, b)
	case provision.StepProgress:
		return p.progress(e, b)
	case provision.SiteCheck:
		return p.measured(b)
	case provision.Finding:
		return FindingText(p.words, b)
	case provision.StepFinished:
		return p.finished(e, b)
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
		return "$ " + cells.Hang(b.Command, "  ")
	case provision.DecisionAsked:
		return "? " + b.Question
	case provision.DecisionMade:
		return "= " + b.Answer
	}
	return ""
}

func (p *plain) progress(e provision.Event, b provision.StepProgress) string {
	if (b.Done < b.Total || b.Total == 0) && e.Time.Sub(p.progressed[e.Host]) < progressEvery {
		return ""
	}
	p.progressed[e.Host] = e.Time
	return ProgressText(p.words, b)
}

// started is a step's title, at once for a step that has something to change and may take its time.
func (p *plain) started(e provision.Event, b provision.StepStarted) string {
	delete(p.progressed, e.Host)
	if slices.Contains(p.altering[e.Host], e.Step) {
		return b.Title
	}
	p.waiting[e.Host] = e
	return ""
}

func (p *plain) finished(e provision.Event, b provision.StepFinished) string {
	text := p.words.T("lines.status." + string(b.Status))
	switch {
	case b.Status == provision.StatusSkipped:
		return text
	case b.Err != nil:
		return p.words.T("lines.labelled", text, p.words.Error(b.Err))
	}
	text = p.words.T("lines.took", text, language.Duration(b.Duration))
	if start, ok := p.waiting[e.Host]; ok {
		delete(p.waiting, e.Host)
		return p.words.T("lines.labelled", start.Body.(provision.StepStarted).Title, text)
	}
	return text
}

func (p *plain) measured(m provision.SiteCheck) string {
	return Asked(p.words, m) + " -> " + Measurement(p.words, m)
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
			b.WriteString("    " + cells.Hang(c.Diff, "    ") + "\n")
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
				b.WriteString("    " + cells.Hang(c.Diff, "    ") + "\n")
			}
		}
	}
	p.failures(&b, f.Hosts)
	b.WriteString(plannedText(p.words, f))
	return b.String()
}

func (p *plain) summary(f provision.RunFinished) string {
	var b strings.Builder
	if f.Err != nil {
		return p.words.T("lines.unable", p.words.Error(f.Err))
	}
	p.failures(&b, f.Hosts)
	key := "lines.done"
	if f.ExitCode != provision.ExitOK {
		key = "lines.failed"
	}
	b.WriteString(p.words.T(key, f.Changed, language.Duration(f.Duration)))
	return b.String()
}

func (p *plain) failures(b *strings.Builder, hosts map[string]provision.HostResult) {
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		if r := hosts[name]; r.Err != nil {
			b.WriteString(name + ": " + p.words.T("lines.status."+string(r.Status)) + ": " + p.words.Error(r.Err) + "\n")
		}
	}
}
