package tui

import (
	"io"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/theme"
)

// LiveConfig is what NewLive needs.
type LiveConfig struct {
	Out     io.Writer // the terminal
	Env     []string  // default: os.Environ
	Words   *language.Printer
	NoColor bool
	Verbose bool // print the commands and the output of the steps too
}

// Live prints a run on a terminal without taking it over: one line for each finished step, and below them a line that
// changes for each host. It reads no input. Its Emit is a provision.Sink that does not block.
type Live struct {
	feed    *feed.Feed
	program *tea.Program
	done    chan struct{}
	err     error
}

// NewLive starts to print. Close ends it and leaves the cursor below what was printed.
func NewLive(c LiveConfig) *Live {
	env := environment(c.Env)
	look := theme.Printed(c.Out, env, c.NoColor)
	model := &liveModel{words: c.Words, theme: look, width: 80, now: time.Now}
	l := &Live{done: make(chan struct{})}
	l.program = tea.NewProgram(model, tea.WithOutput(c.Out), tea.WithInput(nil), tea.WithEnvironment(env),
		tea.WithoutSignalHandler(), tea.WithoutBracketedPaste())
	go func() {
		defer close(l.done)
		_, l.err = l.program.Run()
	}()
	printer := &livePrinter{words: c.Words, theme: look, verbose: c.Verbose}
	l.feed = feed.New(func(b feed.Batch) {
		if text := printer.text(b); text != "" {
			l.program.Send(tea.Println(text)()) // sent and not returned by Update: the order of lines must hold
		}
		l.program.Send(b)
	})
	return l
}

// Emit takes one event.
func (l *Live) Emit(e provision.Event) { l.feed.Emit(e) }

// Close prints what is left and gives the terminal back.
func (l *Live) Close() error {
	l.feed.Close()
	l.program.Send(tea.Quit())
	<-l.done
	return l.err
}

// livePrinter turns events into the lines that stay.
type livePrinter struct {
	words   *language.Printer
	theme   *theme.Theme
	verbose bool
	many    bool            // several hosts: every line names its own
	failed  map[string]bool // by host
}

func (p *livePrinter) text(b feed.Batch) string {
	var text strings.Builder
	if b.Dropped > 0 && p.verbose {
		text.WriteString(cells.Each(p.theme.Faint, "    ", p.words.T("wizard.dropped", b.Dropped)))
	}
	for _, e := range b.Events {
		text.WriteString(p.finished(e))
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// finished is what of an event stays on the terminal.
func (p *livePrinter) finished(e provision.Event) string {
	t := p.theme
	switch b := e.Body.(type) {
	case provision.RunStarted:
		p.many, p.failed = len(b.Hosts) > 1, map[string]bool{}
		return t.Strong.Render(p.words.T("lines.start", b.Site, strings.Join(b.Hosts, ", "))) + "\n"
	case provision.StepFinished:
		return p.step(e, b)
	case provision.Finding:
		return p.finding(b)
	case provision.Measured:
		return cells.Each(t.Faint, "    ", p.words.T("wizard.station."+b.Station)+"  "+safetext.Line(lines.Measurement(p.words, b)))
	case provision.StepCommand:
		if p.verbose {
			return cells.Each(t.Accent, "    ", "$ "+safetext.Text(b.Command))
		}
	case provision.StepOutput:
		if p.verbose {
			return cells.Each(t.Faint, "    ", safetext.Text(b.Text))
		}
	}
	return ""
}

func (p *livePrinter) step(e provision.Event, b provision.StepFinished) string {
	t := p.theme
	took := language.Duration(b.Duration)
	switch b.Status {
	case provision.StatusSkipped:
		if p.failed[e.Host] {
			return "" // the failure above says why
		}
		return t.Faint.Render(t.Skipped+" "+p.name(e.Host, e.Step)+"  "+p.words.T("lines.status.skipped")) + "\n"
	case provision.StatusFailed:
		p.failed[e.Host] = true
		text := t.Bad.Render(t.Failed) + " " + p.name(e.Host, e.Step) + "  " + t.Bad.Render(took) + "\n"
		if b.Err != nil {
			text += cells.Each(t.Bad, "    ", safetext.Text(p.words.Error(b.Err)))
		}
		return text
	case provision.StatusChanged:
		return t.Good.Render(t.Done) + " " + p.name(e.Host, e.Step) + "  " + t.Faint.Render(took) + "\n"
	}
	return t.Good.Render(t.Same) + " " + t.Faint.Render(p.name(e.Host, e.Step)+"  "+took) + "\n"
}

func (p *livePrinter) finding(f provision.Finding) string {
	t := p.theme
	style := t.Faint
	switch f.Severity {
	case provision.SeverityError, provision.SeverityUnknown:
		style = t.Bad
	case provision.SeverityWarning:
		style = t.Warn
	}
	text := cells.Each(style, "    ", p.words.T("lines.labelled", p.words.T("lines.severity."+string(f.Severity)), safetext.Text(f.Cause)))
	if f.Evidence != "" {
		text += cells.Each(t.Faint, "    ", safetext.Text(f.Evidence))
	}
	if f.Fix != "" {
		text += cells.Each(t.Text, "    ", p.words.T("lines.labelled", p.words.T("lines.fix"), safetext.Text(f.Fix)))
	}
	return text
}

func (p *livePrinter) name(host, step string) string {
	if p.many {
		return host + " " + stepName(p.words, step)
	}
	return stepName(p.words, step)
}
