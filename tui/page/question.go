package page

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/pane"
	"github.com/kehuo/provision/tui/theme"
)

// Question asks for a decision: one of its options, or text, which is not shown where it is a secret.
type Question struct {
	*Common
	frame
	decision provision.Decision
	detail   *reader
	menu     *menu     // nil for typed answers
	form     *huh.Form // nil for options
	text     string
	answered bool
}

// NewQuestion returns the page for d, and the command that it starts with.
func NewQuestion(c *Common, d provision.Decision) (*Question, tea.Cmd) {
	q := &Question{Common: c, decision: d, detail: newReader(c)}
	if len(d.Options) > 0 {
		q.menu = q.options()
		return q, nil
	}
	q.form = huh.NewForm(huh.NewGroup(q.input())).WithShowHelp(false).WithShowErrors(false).
		WithTheme(huhTheme(c.Theme)).WithKeyMap(huhKeys())
	return q, q.form.Init()
}

// Decision is what is asked.
func (q *Question) Decision() provision.Decision { return q.decision }

// highlighted is the option that enter takes at first: the default, and where there is none the one that changes nothing.
func highlighted(d provision.Decision) string {
	if d.Default != "" || len(d.Options) == 0 {
		return d.Default
	}
	for _, o := range d.Options {
		if o.ID == provision.AnswerNo {
			return o.ID
		}
	}
	return d.Options[len(d.Options)-1].ID
}

func (q *Question) options() *menu {
	m := &menu{Common: q.Common}
	chosen := highlighted(q.decision)
	for i, o := range q.decision.Options {
		if o.ID == chosen {
			m.at = i
		}
		m.items = append(m.items, item{label: q.OptionLabel(q.decision, o), msg: AnswerMsg{provision.Answer{Choice: o.ID}}})
	}
	return m
}

// OptionLabel is an option of d in the language of the wizard, or as whoever asks called it.
func (c *Common) OptionLabel(d provision.Decision, o provision.Option) string {
	if key := "wizard.decide." + string(d.Kind) + "." + o.ID; c.has(key) {
		return c.T(key)
	}
	return safetext.Line(o.Label)
}

func (q *Question) input() huh.Field {
	input := huh.NewInput().Prompt(q.Theme.Pointer + " ").Value(&q.text)
	if q.decision.Secret {
		input.EchoMode(huh.EchoModeNone).Description(q.T("wizard.secret"))
	}
	return input
}

// SetSize implements Page.
func (q *Question) SetSize(width, height int) {
	if q.width == width && q.height == height {
		return
	}
	q.width, q.height = width, height
	answers := 2
	if q.menu != nil {
		rows, _ := q.menu.rows(width)
		answers = len(rows)
	} else {
		q.form = q.form.WithWidth(max(width, 10))
	}
	rows := q.explanation()
	q.detail.fill(rows)
	q.detail.setSize(width, min(len(rows), height-len(q.head())-answers-1))
}

// SetDetail puts other words below the question, which have become true meanwhile.
func (q *Question) SetDetail(text string) {
	if q.decision.Detail == text {
		return
	}
	q.decision.Detail = text
	width, height := q.width, q.height
	q.width = -1
	q.SetSize(width, height)
}

// beside is how wide the column beside the steps is at least, where there is one.
const beside = 40

// Whole reports whether the question takes the whole body: there is more to read before the answer than a remark. What is said
// before leaving is short, and the steps that it speaks of stay beside it.
func (q *Question) Whole() bool {
	rows := 0
	for line := range strings.SplitSeq(safetext.Text(q.decision.Detail), "\n") {
		rows += len(cells.Wrap(line, beside))
	}
	return rows > 2 && !q.canStay()
}

// explanation is the detail, a row a line; what looks like a diff is coloured as one.
func (q *Question) explanation() []pane.Line {
	if q.decision.Detail == "" {
		return nil
	}
	kind := pane.Output
	if q.decision.Kind == provision.DecideHostKey {
		kind = pane.Place
	}
	var rows []pane.Line
	for _, line := range DiffLines(safetext.Text(q.decision.Detail)) {
		if q.decision.Kind != provision.DecideFix {
			line.Kind = kind
		}
		for _, row := range cells.Wrap(line.Text, q.width) {
			rows = append(rows, pane.Line{Kind: line.Kind, Text: row})
		}
	}
	return rows
}

// Typing implements Page.
func (q *Question) Typing() bool { return q.menu == nil }

// Keys implements Page.
func (q *Question) Keys() []Key {
	if q.Typing() {
		return append(append([]Key{q.key("enter", "send")}, q.detail.keys()...), q.key("ctrl+c", "leave"))
	}
	keys := append(append([]Key{q.key("enter", "take")}, q.detail.keys()...), q.arrows("choose"))
	if q.canStay() {
		keys = append(keys, q.key("esc", "back"))
	}
	return append(keys, q.key("q", "leave"))
}

// canStay reports whether the question may be left unanswered: the wizard's own, whether to stop.
func (q *Question) canStay() bool { return q.decision.Kind == provision.DecideInterrupt }

// Update implements Page.
func (q *Question) Update(msg tea.Msg) tea.Cmd {
	if q.answered {
		return nil
	}
	if scrolls(msg) {
		return q.detail.pane.Update(msg)
	}
	if q.menu != nil {
		k, ok := msg.(tea.KeyMsg)
		if !ok {
			return nil
		}
		if q.canStay() && keymap.Of(k.String()) == keymap.Back {
			return intent(StayMsg{})
		}
		cmd := q.menu.update(k)
		q.answered = cmd != nil
		return cmd
	}
	model, cmd := q.form.Update(pasted(msg))
	if form, ok := model.(*huh.Form); ok {
		q.form = form
	}
	if q.form.State != huh.StateCompleted {
		return cmd
	}
	return q.typed()
}

// pasted takes the line ends off the end of what was pasted: the field would make spaces of them, in a password too.
func pasted(msg tea.Msg) tea.Msg {
	if k, ok := msg.(tea.KeyMsg); ok && k.Paste {
		k.Runes = []rune(strings.TrimRight(string(k.Runes), "\r\n"))
		return k
	}
	return msg
}

// typed is the answer that was typed in.
func (q *Question) typed() tea.Cmd {
	q.answered = true
	answer := provision.Answer{Choice: q.text}
	if q.decision.Secret {
		answer = provision.Answer{Secret: provision.NewSecret(q.text)}
	}
	q.text = ""
	return intent(AnswerMsg{answer})
}

// scrolls tells the messages that move the detail; all others are the answer's.
func scrolls(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case tea.MouseMsg:
		return true
	case tea.KeyMsg:
		return msg.Type == tea.KeyPgUp || msg.Type == tea.KeyPgDown
	}
	return false
}

// head is what is asked.
func (q *Question) head() []string {
	b := block{width: q.width}
	if title := "wizard.decide." + string(q.decision.Kind) + ".title"; q.has(title) {
		b.add(q.Theme.Strong, q.T(title))
	}
	if q.decision.Question != "" {
		b.add(q.Theme.Text, safetext.Line(q.decision.Question))
	}
	b.gap()
	return b.rows
}

// View implements Page.
func (q *Question) View() string {
	rows := q.head()
	if q.decision.Detail != "" {
		rows = append(append(rows, q.detail.view()...), "")
	}
	if q.menu != nil {
		options, _ := q.menu.rows(q.width)
		rows = append(rows, options...)
	} else {
		rows = append(rows, strings.Split(q.form.View(), "\n")...)
	}
	return cells.Stack(rows, q.height)
}

func huhKeys() *huh.KeyMap {
	keys := huh.NewDefaultKeyMap()
	keys.Quit.SetEnabled(false)
	return keys
}

func huhTheme(t *theme.Theme) *huh.Theme {
	h := huh.ThemeBase()
	for _, f := range []*huh.FieldStyles{&h.Focused, &h.Blurred} {
		f.Base, f.Card = t.Text, t.Text
		f.Title, f.Description = t.Strong, t.Faint
		f.ErrorIndicator, f.ErrorMessage = t.Bad, t.Bad
		f.TextInput.Prompt, f.TextInput.Cursor, f.TextInput.CursorText = t.Accent, t.Match, t.Text
		f.TextInput.Text, f.TextInput.Placeholder = t.Text, t.Faint
	}
	h.Form.Base, h.Group.Base = t.Text, t.Text
	h.FieldSeparator = t.Text
	return h
}
