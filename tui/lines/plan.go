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
	return newPrinter(w, &planText{words: words, theme: look, shown: map[string][]string{}})
}

type planText struct {
	words *language.Printer
	theme *theme.Theme
	shown map[string][]string // by host, the causes of the findings
}

func (p *planText) format(b []byte, e provision.Event) []byte {
	switch body := e.Body.(type) {
	case provision.RunStarted:
		return append(append(b, StartText(p.words, body)...), '\n')
	case provision.Finding:
		p.shown[e.Host] = append(p.shown[e.Host], safetext.Line(body.Cause))
		return append(append(b, safetext.Text(FindingText(p.words, body))...), '\n')
	case provision.PlanReady:
		for _, c := range body.Changes {
			b = append(b, p.change(e.Host, c)...)
		}
	case provision.PlanFinished:
		return append(b, p.finished(body)...)
	}
	return b
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
	return words.T("lines.planned", len(f.Changes))
}
