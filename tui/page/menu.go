package page

import (
	tea "github.com/charmbracelet/bubbletea"
)

// menu is a short list of actions, one of them highlighted; each has a key of its own as well.
type menu struct {
	*Common
	items []item
	at    int
}

type item struct {
	key   string
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
			if i.key == key {
				return intent(i.msg)
			}
		}
	}
	return nil
}

func (m *menu) rows(width int) []string {
	t := m.Theme
	var rows []string
	for i, it := range m.items {
		pointer, style := "  ", t.Text
		if i == m.at {
			pointer, style = t.Accent.Render(t.Pointer)+" ", t.Chosen
		}
		rows = append(rows, Cut(pointer+t.Key.Render(it.key)+"  "+style.Render(it.label), width))
	}
	return rows
}
