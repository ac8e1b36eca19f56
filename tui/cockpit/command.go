package cockpit

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/tui/cells"
)

// longestCommand is how much can be typed on the command line, in bytes.
const longestCommand = 200

// command takes a key for the command line: an action by its name, and what it is about.
func (m *Model) command(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEnter:
		text := m.line(m.typed)
		m.commanding, m.typed = false, ""
		return m.execute(text)
	case tea.KeyEsc:
		m.commanding, m.typed = false, ""
	case tea.KeyTab:
		m.typed = completed(m.typed, m.candidates())
	case tea.KeyBackspace:
		if m.typed == "" {
			m.commanding = false
			return nil
		}
		_, size := utf8.DecodeLastRuneInString(m.typed)
		m.typed = m.typed[:len(m.typed)-size]
	case tea.KeyRunes, tea.KeySpace:
		if text := m.clean(m.typed + string(k.Runes)); len(text) <= longestCommand {
			m.typed = text
		}
	}
	return nil
}

// execute does what was typed. A name may be cut short where it stays one action's.
func (m *Model) execute(text string) tea.Cmd {
	name, argument, _ := strings.Cut(text, " ")
	if name == "" {
		return nil
	}
	var found []action
	for _, a := range actions() {
		if a.name == name {
			found = []action{a}
			break
		}
		if strings.HasPrefix(a.name, name) {
			found = append(found, a)
		}
	}
	switch {
	case len(found) != 1:
		m.tell("dash.no-command", name)
	case argument != "" && found[0].arguments == nil:
		m.tell("dash.no-argument", found[0].name)
	default:
		return found[0].do(m, argument)
	}
	return nil
}

// candidates are what the typed text may become.
func (m *Model) candidates() []string {
	var list []string
	name, argument, has := strings.Cut(strings.TrimLeft(m.typed, " "), " ")
	for _, a := range actions() {
		switch {
		case !has && strings.HasPrefix(a.name, name):
			list = append(list, a.name)
		case has && a.name == name && a.arguments != nil:
			for _, value := range a.arguments(m) {
				if strings.HasPrefix(value, argument) {
					list = append(list, name+" "+value)
				}
			}
		}
	}
	return list
}

// completed is text with what all candidates begin with.
func completed(text string, candidates []string) string {
	if len(candidates) == 0 {
		return text
	}
	common := candidates[0]
	for _, c := range candidates {
		for !strings.HasPrefix(c, common) {
			common = common[:len(common)-1]
		}
	}
	if len(candidates) == 1 && !strings.Contains(common, " ") {
		return common + " "
	}
	return strings.ToValidUTF8(common, "")
}

// commandLine is the footer while a command is typed: the text, and what it may become.
func (m *Model) commandLine() string {
	candidates := m.candidates()
	if i := slices.Index(candidates, strings.TrimSpace(m.typed)); i >= 0 {
		candidates = slices.Delete(candidates, i, i+1)
	}
	for i, c := range candidates {
		candidates[i] = c[strings.LastIndex(c, " ")+1:]
	}
	text := ":" + m.typed + m.theme.Match.Render(" ") + "  " + m.theme.Faint.Render(strings.Join(candidates, "  "))
	return cells.Cut(text, m.width)
}
