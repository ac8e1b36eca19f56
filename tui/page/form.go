package page

import (
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/sanitize"
)

// Checked is what a check found out about one field: a note to show beside it, or what is wrong with it.
type Checked struct {
	Note string
	Err  error
}

// CheckedMsg brings the checks that CheckMsg of the same number asked for, and what is offered in the light of its values.
type CheckedMsg struct {
	Number int
	Fields map[string]Checked
	Offers setup.Offers
}

// SuggestionsMsg brings what was found on this machine, by field.
type SuggestionsMsg setup.Offers

// WroteMsg tells how writing the inventory went.
type WroteMsg struct{ Err error }

// Form asks for what an inventory needs.
type Form struct {
	*Common
	width, height int
	file          string
	fields        []setup.Question
	inputs        []textinput.Model
	suggestions   setup.Offers
	offered       map[string]int  // which suggestion a field shows
	touched       map[string]bool // by name: the person typed there
	entered       map[string]bool // by name: the person moved the cursor in what stood there, to change it
	at            int             // the field with the cursor; len(fields) is the button
	number        int             // of the last check
	checked       CheckedMsg
	writing       bool // write as soon as the check is here
	err           error
	leaving       bool // esc was pressed: once more leaves
}

// NewForm returns the page, for an inventory that will be written to file.
func NewForm(c *Common, file string, fields []setup.Question) *Form {
	f := &Form{Common: c, file: file, fields: fields, offered: map[string]int{}, touched: map[string]bool{}, entered: map[string]bool{}}
	for _, field := range fields {
		input := textinput.New()
		input.Prompt = ""
		input.SetValue(field.Default)
		input.TextStyle, input.PlaceholderStyle = c.Theme.Text, c.Theme.Faint
		input.Cursor.Style = c.Theme.Text
		input.Cursor.SetMode(cursor.CursorStatic)
		f.inputs = append(f.inputs, input)
	}
	return f
}

// Start puts the cursor into the first field.
func (f *Form) Start() tea.Cmd { return tea.Batch(f.focus(0), f.check()) }

// SetSize implements Page.
func (f *Form) SetSize(width, height int) {
	f.width, f.height = width, height
	for i := range f.inputs {
		f.inputs[i].Width = max(f.width-f.column()-3, 8)
	}
}

// Typing implements Page.
func (f *Form) Typing() bool { return f.at < len(f.fields) }

// Keys implements Page.
func (f *Form) Keys() []Key {
	if !f.Typing() {
		return []Key{f.key("enter", "write"), f.key("up down", "field"), f.key("esc", "leave")}
	}
	keys := []Key{f.key("enter", "next"), f.key("up down", "field")}
	if f.Typing() && len(f.suggestions[f.fields[f.at].Name]) > 1 {
		keys = append(keys, f.key("tab", "suggestion"))
	}
	return append(keys, f.key("esc", "leave"))
}

// Update implements Page.
func (f *Form) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case SuggestionsMsg:
		return f.suggest(msg)
	case CheckedMsg:
		return f.take(msg)
	case WroteMsg:
		f.err, f.writing = msg.Err, false
		return nil
	case tea.KeyMsg:
		return f.press(msg)
	}
	if f.Typing() {
		var cmd tea.Cmd
		f.inputs[f.at], cmd = f.inputs[f.at].Update(msg)
		return cmd
	}
	return nil
}

func (f *Form) press(msg tea.KeyMsg) tea.Cmd {
	if key := msg.String(); key == "esc" || key == "q" && !f.Typing() {
		return f.leave()
	}
	f.leaving = false
	switch msg.String() {
	case "enter":
		if f.Typing() {
			return f.focus(f.at + 1)
		}
		return f.submit()
	case "up", "shift+tab":
		return f.focus(f.at - 1)
	case "down":
		return f.focus(f.at + 1)
	case "tab":
		return f.offer()
	}
	if !f.Typing() {
		return nil
	}
	return f.write(msg)
}

// write changes the field. The first text that comes takes the place of a default that nobody asked for.
func (f *Form) write(msg tea.KeyMsg) tea.Cmd {
	name, before := f.fields[f.at].Name, f.inputs[f.at].Value()
	text := msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace
	if text && f.standard(f.at) {
		f.inputs[f.at].SetValue("")
	}
	var cmd tea.Cmd
	f.inputs[f.at], cmd = f.inputs[f.at].Update(msg)
	if !text {
		f.entered[name] = true
	}
	if !text && f.inputs[f.at].Value() == before {
		return cmd
	}
	f.touched[name] = true
	f.follow()
	return tea.Batch(cmd, f.check())
}

// standard reports whether a field holds what stood there at first, untouched.
func (f *Form) standard(i int) bool {
	name := f.fields[i].Name
	return !f.touched[name] && !f.entered[name]
}

// leave ends the form; where something was typed, only the second time.
func (f *Form) leave() tea.Cmd {
	if len(f.touched) == 0 || f.leaving {
		return intent(LeaveMsg{})
	}
	f.leaving = true
	return intent(NoticeMsg{f.T("wizard.form.leave")})
}

func (f *Form) focus(at int) tea.Cmd {
	f.at = min(max(at, 0), len(f.fields))
	var cmd tea.Cmd
	for i := range f.inputs {
		f.inputs[i].Blur()
		if i == f.at {
			cmd = f.inputs[i].Focus()
			f.inputs[i].CursorEnd()
		}
	}
	return cmd
}

// offer puts the next suggestion into the field; where there is none, it goes on to the next field.
func (f *Form) offer() tea.Cmd {
	if !f.Typing() {
		return f.focus(0)
	}
	name := f.fields[f.at].Name
	list := f.suggestions[name]
	if len(list) == 0 || len(list) == 1 && f.inputs[f.at].Value() == list[0] {
		return f.focus(f.at + 1)
	}
	f.offered[name] = (slices.Index(list, f.inputs[f.at].Value()) + 1) % len(list)
	f.inputs[f.at].SetValue(list[f.offered[name]])
	f.inputs[f.at].CursorEnd()
	f.touched[name] = true
	f.follow()
	return f.check()
}

// suggest fills what the person has not typed into with the best of what was found.
func (f *Form) suggest(found SuggestionsMsg) tea.Cmd {
	f.suggestions = setup.Offers(found)
	f.follow()
	return f.check()
}

// follow keeps what the person has not typed into at what stands there for the other fields as they are now, and reports
// whether anything is new.
func (f *Form) follow() (changed bool) {
	for i, field := range f.fields {
		standard := sanitize.Line(field.Standard(f.suggestions, f.Values()))
		if !f.touched[field.Name] && standard != f.inputs[i].Value() {
			f.inputs[i].SetValue(standard)
			f.inputs[i].CursorEnd()
			changed = true
		}
	}
	return changed
}

// Values is what the form holds.
func (f *Form) Values() setup.Answers {
	values := setup.Answers{}
	for i, field := range f.fields {
		values[field.Name] = strings.TrimSpace(f.inputs[i].Value())
	}
	return values
}

func (f *Form) check() tea.Cmd {
	f.number++
	f.err = nil
	return intent(CheckMsg{f.number, f.Values(), f.suggestions})
}

func (f *Form) take(msg CheckedMsg) tea.Cmd {
	if msg.Number != f.number {
		return nil // something was typed since
	}
	f.checked = msg
	if msg.Offers != nil {
		f.suggestions = msg.Offers
	}
	if f.follow() { // which are values to be checked
		return f.check()
	}
	if f.writing {
		return f.submit()
	}
	return nil
}

// submit writes the inventory if all fields are right, and goes to the first that is not.
func (f *Form) submit() tea.Cmd {
	f.writing = f.checked.Number != f.number
	if f.writing {
		return nil
	}
	for i, field := range f.fields {
		f.touched[field.Name] = true
		if f.wrong(i) != "" {
			return f.focus(i)
		}
	}
	return intent(WriteMsg{maps.Clone(f.Values())})
}

// wrong says what is wrong with a field; empty if nothing is known to be.
func (f *Form) wrong(i int) string {
	field := f.fields[i]
	if strings.TrimSpace(f.inputs[i].Value()) == "" && !field.Optional {
		return f.T("wizard.form.empty")
	}
	if err := f.checked.Fields[field.Name].Err; err != nil {
		return sanitize.Line(f.Words.Error(err))
	}
	return ""
}
