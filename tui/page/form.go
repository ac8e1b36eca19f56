package page

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/cells"
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

// LoginTriedMsg tells whether the login of LoginMsg works.
type LoginTriedMsg struct {
	Values setup.Answers
	Err    error
}

// WroteMsg tells how writing the inventory went.
type WroteMsg struct{ Err error }

// Form asks for what an inventory needs.
type Form struct {
	*Common
	frame
	file        string
	fields      []setup.Question
	inputs      []textinput.Model
	suggestions setup.Offers
	offered     map[string]int  // which suggestion a field shows
	touched     map[string]bool // by name: the person typed there
	entered     map[string]bool // by name: the person moved the cursor in what stood there, to change it
	at          int             // the field with the cursor; len(fields) is the button
	number      int             // of the last check
	checked     CheckedMsg
	writing     bool // write as soon as the check is here
	err         error
	leaving     bool // esc was pressed: once more leaves
	login       login
	moved       bool // a key was pressed: the cursor stays where the person put it
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

// login is what is known of the login with what the form holds.
type login struct {
	tried string // the answers that it was tried with; empty: it was not
	done  bool
	err   error
}

// loginAnswers are those that a login hangs on.
func loginAnswers() []string { return []string{setup.Address, setup.Port, setup.User, setup.Identity} }

// loginOf are these answers as one text.
func loginOf(values setup.Answers) string {
	var text []string
	for _, name := range loginAnswers() {
		text = append(text, values[name])
	}
	return strings.Join(text, "\x00")
}

// tryLogin has the login tried, once for the same answers, when all of them are right and the cursor has left them: nobody logs in
// with half a name.
func (f *Form) tryLogin() tea.Cmd {
	for i, field := range f.fields {
		if slices.Contains(loginAnswers(), field.Name) && (i == f.at || f.wrong(i) != "") {
			return nil
		}
	}
	if now := loginOf(f.Values()); f.checked.Number == f.number && now != f.login.tried {
		f.login = login{tried: now}
		return intent(LoginMsg{maps.Clone(f.Values())})
	}
	return nil
}

// Again shows the form once more, with all that was entered.
func (f *Form) Again() tea.Cmd {
	f.moved, f.leaving = true, false
	return tea.Batch(f.focus(0), f.check())
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
		return []Key{f.key("enter", "write"), f.arrows("field"), f.key("esc", "leave")}
	}
	keys := []Key{f.key("enter", "next"), f.arrows("field")}
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
	case LoginTriedMsg:
		if loginOf(msg.Values) == f.login.tried {
			f.login.done, f.login.err = true, msg.Err
		}
		return nil
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
	f.leaving, f.moved = false, true
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
	return tea.Batch(cmd, f.tryLogin())
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
		standard := safetext.Line(field.Standard(f.suggestions, f.Values()))
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
	if !f.moved && len(f.suggestions) > 0 && f.firstWrong() < 0 { // one key is enough where all was found
		return f.focus(len(f.fields))
	}
	return f.tryLogin()
}

// firstWrong is the first field that something is wrong with; -1 for none.
func (f *Form) firstWrong() int {
	return slices.IndexFunc(f.fields, func(q setup.Question) bool { return f.wrong(slices.Index(f.fields, q)) != "" })
}

// submit writes the inventory if all fields are right, and goes to the first that is not.
func (f *Form) submit() tea.Cmd {
	f.writing = f.checked.Number != f.number
	if f.writing {
		return nil
	}
	wrong := f.firstWrong()
	for i, field := range f.fields {
		f.touched[field.Name] = f.touched[field.Name] || wrong < 0 || i <= wrong
	}
	if wrong >= 0 {
		return f.focus(wrong)
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
		return safetext.Line(f.Words.Error(err))
	}
	return ""
}

// column is where the values start: behind the longest name.
func (f *Form) column() int {
	w := 0
	for _, field := range f.fields {
		w = max(w, ansi.StringWidth(f.T("wizard.field."+field.Name)))
	}
	return min(w+6, max(f.width/2, 12))
}

// View implements Page.
func (f *Form) View() string {
	t := f.Theme
	head := block{width: f.width}
	head.add(t.Strong, f.T("wizard.form.title"))
	if f.height >= 18 {
		head.add(t.Faint, f.T("wizard.form.about", f.file))
	}
	head.gap()
	foot := f.foot()
	var rows []string
	var starts []int // of the fields
	focus := 0
	for i := range f.fields {
		if i == f.at {
			focus = len(rows)
		}
		starts = append(starts, len(rows))
		rows = append(rows, f.row(i)...)
	}
	if f.at == len(f.fields) {
		focus = len(rows) - 1
	}
	if space := f.height - len(head.rows) - len(foot); len(rows) > space && space > 1 { // keep the field that is typed into in sight
		if f.Typing() {
			head.rows[0] = cells.Cut(head.rows[0]+"  "+t.Faint.Render(f.T("wizard.form.at", f.at+1, len(f.fields))), f.width)
		}
		from := min(max(focus-space/2, 0), len(rows)-space)
		whole := from+space == len(rows)
		rows = rows[from : from+space]
		f.signs(head.rows, rows, starts, from, whole)
	}
	return cells.Stack(append(append(head.rows, rows...), foot...), f.height)
}

// foot is the action, always in sight, and what became of it.
func (f *Form) foot() []string {
	rows := []string{f.button()}
	if f.height >= 14 {
		rows = append([]string{""}, rows...)
	}
	if problem := f.loginProblem(); problem != "" {
		b := block{width: f.width - 4}
		b.add(f.Theme.Warn, problem)
		for _, row := range b.rows[:min(len(b.rows), 2)] {
			rows = append(rows, "    "+row)
		}
	}
	if f.err != nil {
		b := block{width: f.width}
		b.add(f.Theme.Bad, safetext.Text(f.Words.Error(f.err)))
		rows = append(rows, b.rows...)
	}
	return rows
}

// signs tells of the fields that are out of sight, in the empty row above those in sight and, unless the end is in sight, over the
// last of their rows.
func (f *Form) signs(head, rows []string, starts []int, from int, end bool) {
	above, below := 0, 0
	for _, start := range starts {
		if start < from {
			above++
		}
		if !end && start >= from+len(rows)-1 {
			below++
		}
	}
	if above > 0 {
		head[len(head)-1] = f.Theme.Faint.Render(cells.Cut(f.T("wizard.more-up", f.Theme.ArrowUp, above), f.width))
	}
	if below > 0 {
		rows[len(rows)-1] = f.Theme.Faint.Render(cells.Cut(f.T("wizard.more-down", f.Theme.ArrowDown, below), f.width))
	}
}

// row is a field's line, and under the one with the cursor what it means and what was found.
func (f *Form) row(i int) []string {
	t, field := f.Theme, f.fields[i]
	here := i == f.at
	sign, note, wrong := " ", safetext.Line(f.checked.Fields[field.Name].Note), f.wrong(i)
	input := f.inputs[i]
	if here && f.standard(i) { // what is typed replaces it
		input.TextStyle = t.Faint
	}
	value := input.View()
	switch {
	case wrong != "" && f.touched[field.Name]:
		sign = t.Bad.Render(t.Failed)
	case wrong == "" && f.inputs[i].Value() != "" && f.checked.Number > 0:
		sign = t.Good.Render(t.Done)
	}
	pointer, name := "  ", t.Text.Render(f.T("wizard.field."+field.Name))
	if here {
		pointer, name = t.Accent.Render(t.Pointer)+" ", t.Chosen.Render(f.T("wizard.field."+field.Name))
	}
	value = ansi.Truncate(value, f.width-f.column(), "")
	if origin := f.origin(i); origin != "" && !here {
		value = f.beside(value, t.Faint.Render(origin), f.width-f.column())
	}
	rows := []string{cells.Fit(pointer+sign+" "+name, f.column()) + value}
	below := block{width: max(f.width-f.column(), 10)}
	switch {
	case wrong != "" && f.touched[field.Name]:
		below.add(t.Bad, wrong)
	case note != "":
		below.add(t.Faint, note)
	}
	if here {
		f.explain(&below, field.Name)
	}
	for _, row := range below.rows {
		rows = append(rows, strings.Repeat(" ", f.column())+row)
	}
	return rows
}

// beside puts a remark behind a value, where width has room for it.
func (f *Form) beside(value, remark string, width int) string {
	value = strings.TrimRight(value, " ")
	if room := width - ansi.StringWidth(value) - cells.Gutter; remark == "" || room < ansi.StringWidth(remark) {
		return value
	}
	return value + strings.Repeat(" ", cells.Gutter) + remark
}

// loginState is whether the login works, as far as that was tried with what the form holds now.
func (f *Form) loginState() string {
	switch {
	case f.login.tried == "" || f.login.tried != loginOf(f.Values()):
		return ""
	case !f.login.done:
		return f.Theme.Faint.Render(f.T("wizard.form.login.trying"))
	case f.login.err == nil:
		return f.Theme.Good.Render(f.Theme.Done + " " + f.T("wizard.form.login.works"))
	}
	return ""
}

// loginProblem is why it does not work. What a person will be asked when the run logs in is none.
func (f *Form) loginProblem() string {
	if f.loginState() != "" || !f.login.done || f.login.err == nil || f.login.tried != loginOf(f.Values()) {
		return ""
	}
	if errors.As(f.login.err, new(*provision.UnansweredError)) {
		return f.T("wizard.form.login.asks")
	}
	return f.T("wizard.form.login.fails", safetext.Line(f.Words.Error(f.login.err)))
}

// origin says where a value that the person did not type comes from; empty for one that was typed, or none.
func (f *Form) origin(i int) string {
	name, value := f.fields[i].Name, f.inputs[i].Value()
	key := "wizard.field." + name + ".origin"
	switch {
	case f.touched[name] || value == "":
		return ""
	case slices.Contains(f.suggestions[name], value) && f.has(key):
		return f.T(key)
	}
	return f.T("wizard.form.default")
}

func (f *Form) explain(b *block, name string) {
	if help := "wizard.field." + name + ".help"; f.has(help) && len(b.rows) == 0 {
		b.add(f.Theme.Faint, f.T(help))
	}
	if list := f.suggestions[name]; len(list) > 1 {
		shown := list[:min(len(list), 4)]
		b.raw(f.Theme.Faint.Render(f.T("wizard.form.found", safetext.Line(strings.Join(shown, "  ")))))
	}
}

func (f *Form) button() string {
	t := f.Theme
	label := f.T("wizard.form.write", f.file)
	if f.at == len(f.fields) {
		label = t.Accent.Render(t.Pointer) + "   " + t.Chosen.Render(label)
	} else {
		label = "    " + t.Faint.Render(label)
	}
	return f.beside(label, f.loginState(), f.width)
}
