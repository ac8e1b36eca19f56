package page

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// menu is a short list of actions, one of them highlighted; each has a key of its own as well.
type menu struct {
	*Common
	items []item
	at    int
}

type item struct {
	key   string // empty for none
	label string
	msg   tea.Msg
}

// update moves the highlight; enter and the items' keys act.
func (m *menu) update(k tea.KeyMsg) tea.Cmd {
	switch key := k.String(); key {
	case "up", "k":
		m.at = max(m.at-1, 0)
	case "down", "j":
		m.at = min(m.at+1, len(m.items)-1)
	case "enter":
		return intent(m.items[m.at].msg)
	default:
		for _, i := range m.items {
			if i.key != "" && i.key == key {
				return intent(i.msg)
			}
		}
	}
	return nil
}

// rows draws the list, and tells the row of the highlight; labels that are too long go on in further rows.
func (m *menu) rows(width int) (rows []string, at int) {
	t := m.Theme
	for i, it := range m.items {
		pointer, style := "  ", t.Text
		if i == m.at {
			pointer, style, at = t.Accent.Render(t.Pointer)+" ", t.Chosen, len(rows)
		}
		indent := 2
		if it.key != "" {
			pointer += t.Key.Render(it.key) + "  "
			indent += ansi.StringWidth(it.key) + 2
		}
		for n, row := range Wrap(it.label, width-indent) {
			if n > 0 {
				pointer = strings.Repeat(" ", indent)
			}
			rows = append(rows, pointer+style.Render(row))
		}
	}
	return rows, at
}
