package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
)

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

func (m *liveModel) name(host, step string) string {
	if len(m.run.Hosts) > 1 {
		return host + " " + stepName(m.words, step)
	}
	return stepName(m.words, step)
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
		t.Accent.Render(t.Spinner[m.frame%len(t.Spinner)]) + " " + m.name(h.Name, s.ID),
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
