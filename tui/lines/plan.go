package lines

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/theme"
)

// NewPlan returns the printer of a plan: a text to read rather than a record of what happened when. The colours are the
// theme's.
func NewPlan(w io.Writer, words *language.Printer, look *theme.Theme) *Printer {
	return newPrinter(w, &planText{words: words, theme: look, ready: map[string][]provision.Change{}, shown: map[string][]string{}})
}

type planText struct {
	words *language.Printer
	theme *theme.Theme
	hosts []string                      // those that the plan is for
	ready map[string][]provision.Change // by host, where there are several: what they have in common is told once
	shown map[string][]string           // by host, the causes of the findings
}

func (p *planText) format(b []byte, e provision.Event) []byte {
	switch body := e.Body.(type) {
	case provision.RunStarted:
		p.hosts = body.Hosts
		return append(append(b, StartText(p.words, body)...), '\n')
	case provision.Finding:
		p.shown[e.Host] = append(p.shown[e.Host], safetext.Line(body.Cause))
		return append(append(b, safetext.Text(FindingText(p.words, body))...), '\n')
	case provision.PlanReady:
		if len(p.hosts) > 1 {
			p.ready[e.Host] = body.Changes
			return b
		}
		for _, c := range body.Changes {
			b = append(b, p.change(e.Host, c)...)
		}
	case provision.PlanFinished:
		return append(append(b, p.groups()...), p.finished(body)...)
	}
	return b
}

// groups are the plans of several hosts, each told once for all hosts that have it.
func (p *planText) groups() string {
	var b strings.Builder
	told := map[string]bool{}
	for i, host := range p.hosts {
		if told[host] || len(p.ready[host]) == 0 {
			continue
		}
		names := []string{host}
		for _, other := range p.hosts[i+1:] {
			if !told[other] && slices.EqualFunc(p.ready[host], p.ready[other], isSame) {
				names, told[other] = append(names, other), true
			}
		}
		for _, c := range p.ready[host] {
			b.WriteString(p.change(strings.Join(names, ", "), c))
		}
	}
	return b.String()
}

// isSame reports whether two hosts have the same to change.
func isSame(a, b provision.Change) bool {
	return a.Step == b.Step && a.Action == b.Action && a.Reason == b.Reason && a.Diff == b.Diff
}

// table is what changes on each of several hosts, in few words.
func (p *planText) table(f provision.PlanFinished) string {
	if len(p.hosts) < 2 || len(f.Changes) == 0 {
		return ""
	}
	var rows [][]string
	for _, host := range p.hosts {
		what := SummaryText(p.words, p.ready[host])
		switch {
		case f.Hosts[host].Err != nil:
			what = p.words.T("lines.status." + string(f.Hosts[host].Status))
		case what == "" && len(p.ready[host]) == 0:
			what = p.words.T("lines.planned-nothing")
		}
		rows = append(rows, []string{p.theme.Strong.Render(safetext.Line(host)), safetext.Line(what)})
	}
	return cells.Table(rows)
}

func (p *planText) change(host string, c provision.Change) string {
	var b strings.Builder
	b.WriteString(safetext.Line(host) + "  " + p.theme.Strong.Render(c.Step) + "  " + safetext.Line(c.Action))
	if c.Reason != "" {
		b.WriteString(p.theme.Faint.Render(" (" + safetext.Line(c.Reason) + ")"))
	}
	b.WriteByte('\n')
	for line := range strings.SplitSeq(strings.TrimRight(c.Diff, "\n"), "\n") {
		if line != "" {
			b.WriteString("    " + p.diff(safetext.Line(line)) + "\n")
		}
	}
	return b.String()
}

func (p *planText) diff(line string) string {
	switch line[0] {
	case '+':
		return p.theme.Added.Render(line)
	case '-':
		return p.theme.Removed.Render(line)
	case '~':
		return p.theme.Warn.Render(line)
	case '@':
		return p.theme.Place.Render(line)
	}
	return line
}

func (p *planText) finished(f provision.PlanFinished) string {
	if f.Err != nil {
		return cells.Each(p.theme.Bad, "", safetext.Text(p.words.T("lines.unable", p.words.Error(f.Err))))
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f.Hosts)) {
		if err := f.Hosts[name].Err; err != nil {
			b.WriteString(cells.Each(p.theme.Bad, "", safetext.Text(p.unplanned(name, err))))
		}
	}
	b.WriteString(p.table(f))
	b.WriteString(cells.Each(p.theme.Strong, "", safetext.Text(plannedText(p.words, f))))
	return b.String()
}

// unplanned is why a host could not be planned. Of what a finding has told already the place is left, a file and a line.
func (p *planText) unplanned(name string, err error) string {
	var places, rest []string
	for line := range strings.SplitSeq(p.words.Error(err), "\n") {
		place, shown := p.place(name, safetext.Line(line))
		switch {
		case !shown:
			rest = append(rest, line)
		case place != "":
			places = append(places, place)
		}
	}
	text := p.words.T("lines.unplanned", name)
	if len(places) > 0 {
		rest = append([]string{strings.Join(places, ", ")}, rest...)
	}
	if len(rest) > 0 {
		text = p.words.T("lines.labelled", text, strings.Join(rest, "\n"))
	}
	return text
}

// place is what stands before the cause of a finding that was shown.
func (p *planText) place(host, line string) (place string, shown bool) {
	for _, cause := range p.shown[host] {
		if before, _, found := strings.Cut(line, cause); found && cause != "" {
			return strings.TrimSuffix(strings.TrimSpace(before), ":"), true
		}
	}
	return "", false
}

// plannedText is the last line of a plan. One that is not complete must not read as if nothing were to do.
func plannedText(words *language.Printer, f provision.PlanFinished) string {
	failed := false
	for _, r := range f.Hosts {
		failed = failed || r.Err != nil
	}
	switch {
	case failed && len(f.Changes) == 0:
		return words.T("lines.planned-none")
	case failed:
		return words.T("lines.planned-part", len(f.Changes))
	case len(f.Changes) == 0:
		return words.T("lines.planned-nothing")
	}
	if summary := SummaryText(words, f.Changes); summary != "" && len(f.Hosts) < 2 {
		return words.T("lines.planned-what", len(f.Changes), summary)
	}
	return words.T("lines.planned", len(f.Changes))
}
