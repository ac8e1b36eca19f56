package page

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/pane"
	"github.com/kehuo/provision/tui/tracker"
)

// Watch shows one step: what it does in plain words, how far it is, the commands that it runs and what they print.
type Watch struct {
	*Common
	frame
	host  string
	step  *tracker.Step
	panes map[string]*pane.Pane // by host and step
	full  bool                  // commands are shown with our labels
}

// NewWatch returns the page.
func NewWatch(c *Common) *Watch { return &Watch{Common: c, panes: map[string]*pane.Pane{}} }

// Reset forgets the output of an earlier run.
func (w *Watch) Reset() { w.panes = map[string]*pane.Pane{} }

// Show looks at another step.
func (w *Watch) Show(host string, step *tracker.Step) {
	w.host, w.step = host, step
	w.layout()
}

// SetSize implements Page.
func (w *Watch) SetSize(width, height int) {
	w.width, w.height = width, height
	w.layout()
}

func (w *Watch) pane(host, step string) *pane.Pane {
	p := w.panes[host+"/"+step]
	if p == nil {
		p = pane.New(w.Theme, w.Words, true)
		p.KeepCommand()
		p.Elsewhere("wizard.search.in-log")
		w.panes[host+"/"+step] = p
		p.SetSize(w.width, w.height)
	}
	return p
}

func (w *Watch) current() *pane.Pane {
	if w.step == nil {
		return w.pane("", "")
	}
	return w.pane(w.host, w.step.ID)
}

// Apply takes an event's text in.
func (w *Watch) Apply(e provision.Event) {
	switch b := e.Body.(type) {
	case provision.StepOutput:
		kind := pane.Output
		if b.Stream == provision.StreamErr {
			kind = pane.Error
		}
		var list []pane.Line
		for line := range b.Lines() {
			list = append(list, pane.Line{Kind: kind, Text: line})
		}
		w.pane(e.Host, e.Step).Append(list...)
	case provision.StepCommand:
		for i, line := range strings.Split(b.Command, "\n") {
			kind := pane.Command
			if i > 0 {
				line, kind = "  "+line, pane.Note
			}
			w.pane(e.Host, e.Step).Append(pane.Line{Kind: kind, Text: line})
		}
	case provision.Finding:
		w.pane(e.Host, e.Step).Append(noteLines(lines.FindingText(w.Words, b))...)
	case provision.SiteCheck:
		w.pane(e.Host, e.Step).Append(pane.Line{Kind: pane.Note, Text: lines.Asked(w.Words, b)},
			pane.Line{Text: lines.Measurement(w.Words, b)})
	}
}

// Dropped notes that lines are missing here.
func (w *Watch) Dropped(n int) {
	if n > 0 {
		w.current().Append(pane.Line{Kind: pane.Note, Text: w.T("wizard.dropped", n)})
	}
}

func noteLines(text string) []pane.Line {
	var list []pane.Line
	for line := range strings.SplitSeq(text, "\n") {
		list = append(list, pane.Line{Kind: pane.Note, Text: line})
	}
	return list
}

// Typing implements Page.
func (w *Watch) Typing() bool { return w.current().Typing() }

// Keys implements Page.
func (w *Watch) Keys() []Key {
	if w.Typing() {
		return w.searching()
	}
	return []Key{w.key("/", "search"), w.arrows("scroll"), w.key("f", "follow"), w.key("v", "labels")}
}

// Update implements Page.
func (w *Watch) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && keymap.Of(k.String()) == keymap.Labels && !w.Typing() {
		w.full = !w.full
		return nil
	}
	return w.current().Update(msg)
}

// layout gives the pane what the words above it leave.
func (w *Watch) layout() {
	w.current().ShowLabels(w.full)
	w.current().SetSize(w.width, max(w.height-len(w.head())-w.foot(), 1))
}

func (w *Watch) foot() int {
	if w.height > 8 {
		return 1
	}
	return 0
}

// View implements Page.
func (w *Watch) View() string {
	w.layout()
	rows := w.head()
	rows = append(rows, strings.Split(w.current().View(), "\n")...)
	if w.foot() > 0 {
		rows = append(rows, w.place())
	}
	return cells.Stack(rows, w.height)
}

// place says what of the output is in sight.
func (w *Watch) place() string {
	if n := w.current().Below(); n > 0 {
		return w.Theme.Faint.Render(cells.Cut(w.T("wizard.below", n), w.width))
	}
	return ""
}

// head is what stands above the output.
func (w *Watch) head() []string {
	if w.step == nil {
		return []string{w.Theme.Faint.Render(w.T("wizard.starting"))}
	}
	b := block{width: w.width}
	b.add(w.Theme.Strong, w.T("step."+w.step.ID+".title"))
	if w.height >= 12 {
		if about := "step." + w.step.ID + ".about"; w.has(about) {
			b.add(w.Theme.Faint, w.T(about))
		}
	}
	if state := "wizard.state." + string(w.step.State); w.has(state) && w.height >= 12 {
		b.gap()
		b.add(w.Theme.Faint, w.T(state))
	}
	if w.step.Progress.Unit != "" && w.step.State == tracker.Running {
		b.gap()
		w.progress(&b)
	}
	if w.height >= 9 {
		b.gap()
	}
	return b.rows[:min(len(b.rows), max(w.height/2, 1))]
}

// progress is two rows: the bar with its share, and the figures with what is being worked on.
func (w *Watch) progress(b *block) {
	t, p := w.Theme, w.step.Progress
	if p.Total > 0 {
		share := " " + w.T("wizard.percent", language.Percent(p.Done, p.Total))
		if p.Unit == provision.UnitSeconds { // the time is running out; nothing is getting done
			share = ""
		}
		b.raw(t.Accent.Render(t.Gauge(p.Done, p.Total, min(w.width-7, 50))) + share)
	}
	b.raw(strings.Join(append([]string{lines.Figures(w.Words, p)}, Pace(w.Words, w.step, w.Now())...), "   "))
	if p.Detail != "" {
		b.raw(t.Faint.Render(safetext.Line(p.Detail)))
	}
}

// Pace is how fast a step sends bytes and how long the rest takes, as far as that is known.
func Pace(words *language.Printer, s *tracker.Step, now time.Time) []string {
	var pace []string
	if s.Progress.Unit != provision.UnitBytes {
		return nil
	}
	if rate := s.Rate.PerSecond(now); rate > 0 {
		pace = append(pace, words.T("wizard.rate", language.Bytes(int64(rate))))
	}
	if left, ok := s.Rate.Left(now, s.Progress.Done, s.Progress.Total); ok {
		pace = append(pace, words.T("wizard.left", language.Clock(left)))
	}
	return pace
}
