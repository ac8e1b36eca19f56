package page

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/sanitize"
	"github.com/kehuo/provision/tui/theme"
)

// Question asks for a decision: one of its options, or text that is not shown.
type Question struct {
	*Common
	width, height int
	decision      provision.Decision
	form          *huh.Form
	field         huh.Field
	choice, text  string
	answered      bool
}

// NewQuestion returns the page for d, and the command that it starts with.
func NewQuestion(c *Common, d provision.Decision) (*Question, tea.Cmd) {
	q := &Question{Common: c, decision: d}
	q.choice = highlighted(d)
	if len(d.Options) > 0 {
		q.field = q.options()
	} else {
		q.field = q.input()
	}
	q.form = huh.NewForm(huh.NewGroup(q.field)).WithShowHelp(false).WithShowErrors(false).
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

func (q *Question) options() huh.Field {
	var list []huh.Option[string]
	for _, o := range q.decision.Options {
		list = append(list, huh.NewOption(q.OptionLabel(q.decision, o), o.ID))
	}
	return huh.NewSelect[string]().Options(list...).Value(&q.choice)
}

// OptionLabel is an option of d in the language of the wizard, or as whoever asks called it.
func (c *Common) OptionLabel(d provision.Decision, o provision.Option) string {
	if key := "wizard.decide." + string(d.Kind) + "." + o.ID; c.has(key) {
		return c.T(key)
	}
	return sanitize.Line(o.Label)
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
	q.width, q.height = width, height
	q.form = q.form.WithWidth(max(width, 10))
}

// Typing implements Page.
func (q *Question) Typing() bool { return len(q.decision.Options) == 0 }

// Keys implements Page.
func (q *Question) Keys() []Key {
	if q.Typing() {
		return []Key{q.key("enter", "send"), q.key("ctrl+c", "leave")}
	}
	return []Key{q.key("enter", "take"), q.key("up down", "choose"), q.key("q", "leave")}
}

// Update implements Page.
func (q *Question) Update(msg tea.Msg) tea.Cmd {
	if q.answered {
		return nil
	}
	model, cmd := q.form.Update(msg)
	if form, ok := model.(*huh.Form); ok {
		q.form = form
	}
	if q.form.State != huh.StateCompleted {
		return cmd
	}
	q.answered = true
	answer := provision.Answer{Choice: q.choice}
	if q.Typing() {
		answer = provision.Answer{Choice: q.text}
		if q.decision.Secret {
			answer = provision.Answer{Secret: provision.NewSecret(q.text)}
			q.text = ""
		}
	}
	return intent(AnswerMsg{answer})
}

// View implements Page.
func (q *Question) View() string {
	b := block{width: q.width}
	if title := "wizard.decide." + string(q.decision.Kind) + ".title"; q.has(title) {
		b.add(q.Theme.Strong, q.T(title))
	}
	b.add(q.Theme.Text, sanitize.Line(q.decision.Question))
	b.gap()
	if q.decision.Detail != "" {
		detail := block{width: q.width}
		detail.add(q.Theme.Accent, sanitize.Lines(q.decision.Detail))
		space := max(q.height-len(b.rows)-len(q.decision.Options)-3, 1)
		b.rows = append(b.rows, detail.rows[:min(len(detail.rows), space)]...)
		b.gap()
	}
	b.rows = append(b.rows, strings.Split(q.form.View(), "\n")...)
	return b.view(q.height)
}

func huhKeys() *huh.KeyMap {
	keys := huh.NewDefaultKeyMap()
	keys.Quit.SetEnabled(false)
	keys.Select.Filter.SetEnabled(false)
	return keys
}

func huhTheme(t *theme.Theme) *huh.Theme {
	h := huh.ThemeBase()
	for _, f := range []*huh.FieldStyles{&h.Focused, &h.Blurred} {
		f.Base, f.Card = t.Style(), t.Style()
		f.Title, f.Description = t.Strong, t.Faint
		f.SelectSelector = t.Accent.SetString(t.Pointer + " ")
		f.SelectedOption, f.UnselectedOption, f.Option = t.Chosen, t.Text, t.Text
		f.ErrorIndicator, f.ErrorMessage = t.Bad, t.Bad
		f.TextInput.Prompt, f.TextInput.Cursor, f.TextInput.CursorText = t.Accent, t.Match, t.Text
		f.TextInput.Text, f.TextInput.Placeholder = t.Text, t.Faint
	}
	h.Form.Base, h.Group.Base = t.Style(), t.Style()
	h.FieldSeparator = t.Style()
	return h
}
