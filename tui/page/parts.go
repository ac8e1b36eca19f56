package page

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/pane"
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
	key := k.String()
	switch keymap.Of(key) {
	case keymap.Up:
		m.at = max(m.at-1, 0)
	case keymap.Down:
		m.at = min(m.at+1, len(m.items)-1)
	case keymap.Take:
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
		for n, row := range m.label(it, width) {
			if n > 0 {
				pointer = strings.Repeat(" ", indent)
			}
			rows = append(rows, pointer+style.Render(row))
		}
	}
	return rows, at
}

// window is as much of the list as there is room for, the highlighted item in it; its last row tells how many more there are.
func (m *menu) window(width, room int) []string {
	rows, at := m.rows(width)
	room = max(room, 1)
	if len(rows) <= room {
		return rows
	}
	from := min(max(at-room/2, 0), len(rows)-room)
	shown := slices.Clone(rows[from : from+room])
	if more := m.below(width, from+room-1); more > 0 && at < from+room-1 {
		shown[room-1] = m.Theme.Faint.Render(cells.Cut("  "+m.T("wizard.more-down", m.Theme.ArrowDown, more), width))
	}
	return shown
}

// below is how many items begin at row or after it.
func (m *menu) below(width, row int) int {
	at := 0
	for i, it := range m.items {
		if at >= row {
			return len(m.items) - i
		}
		at += len(m.label(it, width))
	}
	return 0
}

// label is an item's text in rows that fit behind its key.
func (m *menu) label(it item, width int) []string {
	indent := 2
	if it.key != "" {
		indent += ansi.StringWidth(it.key) + 2
	}
	return cells.Wrap(it.label, width-indent)
}

// reader is text that a person decides by. What does not fit can be scrolled to, and a row below says how much that is:
// nobody should agree to what was out of sight without a sign.
type reader struct {
	*Common
	pane          *pane.Pane
	width, height int
	tall          bool // there is more text than place
}

func newReader(c *Common) *reader { return &reader{Common: c, pane: pane.New(c.Theme, c.Words, false)} }

// fill shows other lines, from the first.
func (r *reader) fill(list []pane.Line) {
	r.pane.Clear()
	r.pane.Append(list...)
	r.pane.Top()
}

// setSize gives the text its place; the row that tells of more is in it.
func (r *reader) setSize(width, height int) {
	r.width, r.height = width, max(height, 1)
	r.pane.SetSize(r.width, r.height)
	r.tall = r.pane.Rows(r.height+1) > r.height
	if r.tall && r.height > 1 {
		r.pane.SetSize(r.width, r.height-1)
	}
}

func (r *reader) view() []string {
	rows := strings.Split(r.pane.View(), "\n")
	if !r.tall || r.height == 1 {
		return rows
	}
	more := ""
	if n := r.pane.Below(); n > 0 {
		more = r.Theme.Faint.Render(cells.Cut(r.T("wizard.more", n), r.width))
	}
	return append(rows, more)
}

// keys are those that scroll, where there is anything to scroll.
func (r *reader) keys() []Key {
	if !r.tall {
		return nil
	}
	return []Key{r.key("pgup pgdn", "scroll")}
}
