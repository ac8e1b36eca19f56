package lines

import (
	"io"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/sanitize"
	"github.com/kehuo/provision/tui/theme"
)

// NewPlan returns the printer of a plan: a text to read rather than a record of what happened when. The colours are the
// theme's.
func NewPlan(w io.Writer, words *language.Printer, look *theme.Theme) *Printer {
	return newPrinter(w, &planText{words: words, theme: look})
}

type planText struct {
	words *language.Printer
	theme *theme.Theme
}

func (p *planText) format(b []byte, e provision.Event) []byte {
	switch body := e.Body.(type) {
	case provision.RunStarted:
		return append(append(b, startText(p.words, body)...), '\n')
	case provision.Finding:
		return append(append(b, sanitize.Lines(FindingText(p.words, body))...), '\n')
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
	b.WriteString(sanitize.Line(host) + "  " + p.theme.Strong.Render(c.Step) + "  " + sanitize.Line(c.Action))
	if c.Reason != "" {
		b.WriteString(p.theme.Faint.Render(" (" + sanitize.Line(c.Reason) + ")"))
	}
	b.WriteByte('\n')
	for line := range strings.SplitSeq(strings.TrimRight(c.Diff, "\n"), "\n") {
		if line != "" {
			b.WriteString("    " + p.diff(sanitize.Line(line)) + "\n")
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
		return p.theme.Bad.Render(p.words.T("lines.unable", f.Err)) + "\n"
	}
	var b strings.Builder
	for _, name := range sorted(f.Hosts) {
		if err := f.Hosts[name].Err; err != nil {
			b.WriteString(p.theme.Bad.Render(sanitize.Lines(name+": "+err.Error())) + "\n")
		}
	}
	b.WriteString(p.theme.Strong.Render(p.words.T("lines.planned", len(f.Changes))) + "\n")
	return b.String()
}
