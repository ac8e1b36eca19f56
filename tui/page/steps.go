package page

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/tracker"
)

// Steps is the list of a host's steps, with the state of each and how long it took.
type Steps struct {
	*Common
	frame
	host    *tracker.Host
	chosen  string // id of the step that the person chose; empty: the current one
	focused bool
	spin    int // frames of the spinner so far
}

// ListWidth is how wide the list of steps is on a screen of that width; 0 where there is no room for one.
func ListWidth(width int) int {
	switch {
	case width < 64:
		return 0
	case width < 100:
		return 34
	}
	return 44
}

// NewSteps returns the list.
func NewSteps(c *Common) *Steps { return &Steps{Common: c} }

// SetHost shows another host's steps.
func (s *Steps) SetHost(h *tracker.Host) {
	if s.host == nil || h == nil || s.host.Name != h.Name {
		s.chosen = ""
	}
	s.host = h
}

// Focus tells whether keys go to the list.
func (s *Steps) Focus(on bool) { s.focused = on }

// Spin shows the spinner's next frame.
func (s *Steps) Spin() { s.spin++ }

// Follow lets the choice go with the run again.
func (s *Steps) Follow() { s.chosen = "" }

// Chosen is the step that is looked at: the one that was chosen, else the current one; nil before the first.
func (s *Steps) Chosen() *tracker.Step {
	if s.host == nil || len(s.host.Steps) == 0 {
		return nil
	}
	if step := s.host.Step(s.chosen); step != nil {
		return step
	}
	return s.host.Steps[max(s.host.Current, 0)]
}

// Keys implements Page.
func (s *Steps) Keys() []Key { return []Key{s.arrows("step"), s.key("f", "follow")} }

// Update moves the choice.
func (s *Steps) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok || s.Chosen() == nil {
		return nil
	}
	switch keymap.Of(k.String()) {
	case keymap.Up:
		s.move(-1)
	case keymap.Down:
		s.move(1)
	case keymap.Top:
		s.chosen = s.host.Steps[0].ID
	case keymap.Follow, keymap.Back:
		s.chosen = ""
	}
	return nil
}

func (s *Steps) move(by int) {
	chosen := s.Chosen()
	for i, step := range s.host.Steps {
		if step == chosen {
			s.chosen = s.host.Steps[min(max(i+by, 0), len(s.host.Steps)-1)].ID
			return
		}
	}
}

// View implements Page.
func (s *Steps) View() string {
	if s.host == nil {
		return strings.Repeat("\n", max(s.height-1, 0))
	}
	var rows []string
	for _, step := range s.host.Steps {
		rows = append(rows, s.row(step))
	}
	return cells.Stack(s.window(rows), s.height)
}

// window keeps the chosen row in sight where there are more rows than height.
func (s *Steps) window(rows []string) []string {
	if len(rows) <= s.height {
		return rows
	}
	at := 0
	for i, step := range s.host.Steps {
		if step == s.Chosen() {
			at = i
		}
	}
	from := min(max(at-s.height/2, 0), len(rows)-s.height)
	return rows[from : from+s.height]
}

func (s *Steps) row(step *tracker.Step) string {
	t := s.Theme
	glyph, style := s.sign(step)
	pointer := " "
	if step == s.Chosen() && s.chosen != "" || s.focused && step == s.Chosen() {
		pointer, style = t.Accent.Render(t.Pointer), t.Chosen
	}
	took := s.took(step)
	title := cells.Fit(Numbered(step.ID, s.StepTitle(step.ID)), s.width-5-len(took))
	return pointer + glyph + " " + style.Render(title) + " " + t.Faint.Render(took)
}

// took is the step's time, in a column of its own width.
func (s *Steps) took(step *tracker.Step) string {
	text := ""
	switch step.State {
	case tracker.Running:
		text = language.Clock(step.Elapsed(s.Now()).Truncate(time.Second))
	case tracker.OK, tracker.Changed, tracker.Failed:
		text = language.Duration(step.Duration)
	}
	return strings.Repeat(" ", max(6-len(text), 0)) + text
}

func (s *Steps) sign(step *tracker.Step) (glyph string, title lipgloss.Style) {
	t := s.Theme
	switch step.State {
	case tracker.Running:
		return t.Accent.Render(t.Spinner[s.spin%len(t.Spinner)]), t.Strong
	case tracker.OK:
		return t.Good.Render(t.Same), t.Faint
	case tracker.Changed:
		return t.Good.Render(t.Done), t.Text
	case tracker.Failed:
		return t.Bad.Render(t.Failed), t.Bad
	case tracker.Skipped:
		return t.Faint.Render(t.Skipped), t.Faint
	}
	return t.Faint.Render(t.Waiting), t.Faint
}
