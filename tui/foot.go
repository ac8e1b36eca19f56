package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/page"
)

// foot is the keys that work here, or what there is to say, which may take two rows.
func (m *Model) foot() []string {
	if m.notice == "" {
		return []string{m.keyLine()}
	}
	rows := cells.Wrap(safetext.Line(strings.ReplaceAll(m.notice, "\n", " ")), m.inner())
	if len(rows) > 2 {
		rows = []string{rows[0], cells.Cut(strings.Join(rows[1:], " "), m.inner())}
	}
	for i, row := range rows {
		rows[i] = m.Theme.Warn.Render(row)
	}
	return rows
}

func (m *Model) keyLine() string {
	if m.fresh && m.front() == m.page {
		return "" // they do not work yet
	}
	room := m.inner()
	var parts, ends []string
	keys, last := m.keys()
	for _, k := range last { // how to leave and where to learn more keep their room
		ends = append(ends, m.keyText(k))
		room -= ansi.StringWidth(ends[len(ends)-1]) + keyGap
	}
	for _, k := range keys {
		text := m.keyText(k)
		if room -= ansi.StringWidth(text) + keyGap; room < -keyGap {
			break
		}
		parts = append(parts, text)
	}
	return strings.Join(append(parts, ends...), strings.Repeat(" ", keyGap))
}

// keyGap is the space between two keys in the footer.
const keyGap = 3

func (m *Model) keyText(k page.Key) string {
	return m.Theme.Key.Render(k.Key) + " " + m.Theme.Faint.Render(k.Text)
}

// keys are those that work here, the most important first; last are q and ?, where they do.
func (m *Model) keys() (keys, last []page.Key) {
	all := m.front().Keys()
	if m.aside() && !m.front().Typing() {
		all = append(all, page.Key{Key: "esc", Text: m.T("wizard.key.back")})
	}
	if _, form := m.page.(*page.Form); m.overlay == nil && !form && !m.front().Typing() {
		all = append(all, m.always(all)...)
	}
	for _, k := range all {
		if k.Key == "q" || k.Key == "?" {
			last = append(last, k)
		} else {
			keys = append(keys, k)
		}
	}
	return keys, last
}

// always are the keys that work on every page, less those in keys.
func (m *Model) always(keys []page.Key) []page.Key {
	var list []page.Key
	if m.several() && !m.bound() {
		list = append(list, page.Key{Key: "[ ]", Text: m.T("wizard.key.host")})
	}
	if m.panes() {
		list = append(list, page.Key{Key: "tab", Text: m.T("wizard.key.pane")})
	}
	list = append(list, page.Key{Key: "l", Text: m.T("wizard.key.log")},
		page.Key{Key: "q", Text: m.T("wizard.key.leave")}, page.Key{Key: "?", Text: m.T("wizard.key.help")})
	var rest []page.Key
	for _, k := range list {
		known := false
		for _, have := range keys {
			known = known || slices.Contains(strings.Fields(have.Key), k.Key)
		}
		if !known {
			rest = append(rest, k)
		}
	}
	return rest
}
