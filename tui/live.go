package tui

import (
	"io"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
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
	env := environ(c.Env)
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
	case provision.RolloutWave:
		return t.Strong.Render(safetext.Line(lines.WaveText(p.words, b))) + "\n"
	case provision.StepFinished:
		return p.step(e, b)
	case provision.Finding:
		return p.finding(b)
	case provision.SiteCheck:
		return cells.Each(t.Faint, "    ", p.words.T("wizard.station."+b.Vantage)+"  "+safetext.Line(lines.Measurement(p.words, b)))
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
	name, took := stepName(p.words, e.Host, e.Step, p.many), language.Duration(b.Duration)
	switch b.Status {
	case provision.StatusSkipped:
		if p.failed[e.Host] {
			return "" // the failure above says why
		}
		return t.Faint.Render(t.Skipped+" "+name+"  "+p.words.T("lines.status.skipped")) + "\n"
	case provision.StatusFailed:
		p.failed[e.Host] = true
		text := t.Bad.Render(t.Failed) + " " + name + "  " + t.Bad.Render(took) + "\n"
		if b.Err != nil {
			text += cells.Each(t.Bad, "    ", safetext.Text(p.words.Error(b.Err)))
		}
		return text
	case provision.StatusChanged:
		return t.Good.Render(t.Done) + " " + name + "  " + t.Faint.Render(took) + "\n"
	}
	return t.Good.Render(t.Same) + " " + t.Faint.Render(name+"  "+took) + "\n"
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

// liveModel draws the lines that change: a line for each host that works, and at last the sum.
type liveModel struct {
	words *language.Printer
	theme *theme.Theme
	width int
	frame int
	run   tracker.Run
	last  map[string]string // by host, the last line of output
	now   func() time.Time
}

type liveTick struct{}

func liveSpin() tea.Cmd {
	return tea.Tick(spinning, func(time.Time) tea.Msg { return liveTick{} })
}

// Init shows the cursor, which Bubble Tea hides at its start: the program may end by a signal that leaves no time to show it.
func (m *liveModel) Init() tea.Cmd { return tea.Batch(tea.ShowCursor, liveSpin()) }

func (m *liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width = msg.Width
	case liveTick:
		m.frame++
		return m, liveSpin()
	case feed.Batch:
		for _, e := range msg.Events {
			m.apply(e)
		}
	}
	return m, nil
}

func (m *liveModel) apply(e provision.Event) {
	m.run.Apply(e)
	switch b := e.Body.(type) {
	case provision.RunStarted:
		m.last = map[string]string{}
	case provision.StepOutput:
		m.last[e.Host] = b.Text[strings.LastIndexByte(b.Text, '\n')+1:]
	case provision.StepFinished:
		delete(m.last, e.Host)
	}
}

// View is a line for each host that works, or the end.
func (m *liveModel) View() string {
	if f := m.run.Finished; f != nil {
		return m.end(f)
	}
	var list []string
	for _, h := range m.run.Hosts {
		if s := h.Running(); s != nil {
			list = append(list, ansi.Truncate(m.working(h, s), m.width-1, ""))
		}
	}
	return strings.Join(list, "\n")
}

func (m *liveModel) working(h *tracker.Host, s *tracker.Step) string {
	t, now := m.theme, m.now()
	parts := []string{
		t.Accent.Render(t.Spinner[m.frame%len(t.Spinner)]) + " " + stepName(m.words, h.Name, s.ID, len(m.run.Hosts) > 1),
		t.Faint.Render(language.Clock(s.Elapsed(now))),
	}
	if s.Progress.Unit != "" {
		parts = append(parts, progressLine(m.words, t, s, now, 12))
	} else if last := m.last[h.Name]; last != "" {
		parts = append(parts, t.Faint.Render(safetext.Line(last)))
	}
	return strings.Join(parts, "  ")
}

func (m *liveModel) end(f *provision.RunFinished) string {
	if f.ExitCode == provision.ExitOK {
		return m.theme.Good.Bold(true).Render(m.words.T("lines.done", f.Changed, language.Duration(f.Duration))) + "\n"
	}
	var b strings.Builder
	for _, h := range m.run.Hosts { // a failure that no step shows: the plan was refused, the lock is held
		if r := f.Hosts[h.Name]; r.Err != nil && h.Failed() == nil {
			text := cells.Wrap(h.Name+": "+safetext.Text(m.words.Error(r.Err)), m.width-1) // the terminal would get no more of a row
			b.WriteString(cells.Each(m.theme.Bad, "", strings.Join(text, "\n")))
		}
	}
	b.WriteString(m.theme.Bad.Bold(true).Render(m.words.T("lines.failed", f.Changed, language.Duration(f.Duration))) + "\n")
	return b.String()
}

// stepName is a step's number and title, "7 Build the image", behind the host where there are several.
func stepName(words *language.Printer, host, id string, several bool) string {
	name := page.Numbered(id, words.T("step."+id+".title"))
	if several {
		return host + " " + name
	}
	return name
}

// progressLine is a bar, the figures, the rate and the time left; without a bar while the total is unknown.
func progressLine(words *language.Printer, t *theme.Theme, s *tracker.Step, now time.Time, width int) string {
	p := s.Progress
	var parts []string
	if p.Total > 0 {
		parts = append(parts, t.Accent.Render(t.Gauge(p.Done, p.Total, width)))
	}
	parts = append(parts, lines.ProgressText(words, p))
	for _, text := range page.Pace(words, s, now) {
		parts = append(parts, t.Faint.Render(text))
	}
	return strings.Join(parts, "  ")
}
