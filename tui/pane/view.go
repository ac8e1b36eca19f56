package pane

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// window lays out what is in sight, and tells the number of the last line in it.
func (p *Pane) window() (rows []string, last int) {
	space := p.content()
	at := p.start()
	last = p.ring.first - 1
	for n := at.line; n < p.ring.next && len(rows) < space; n++ {
		list := p.rows(n)
		if n == at.line {
			list = list[min(at.row, len(list)):]
		}
		list = list[:min(len(list), space-len(rows))]
		style := p.style(p.ring.at(n).Kind)
		for _, row := range list {
			rows = append(rows, p.find.mark(row, style))
		}
		last = n
	}
	if p.sticky && len(rows) == space && space > 3 {
		p.stick(rows, at)
	}
	return rows, last
}

// stick writes the command that the rows belong to over the first of them.
func (p *Pane) stick(rows []string, at position) {
	n, ok := p.ring.command(at.line)
	if at.row > 0 && p.ring.at(at.line).Kind == Command {
		n, ok = at.line, true
	}
	if ok {
		rows[0] = p.style(Command).Render(ansi.Truncate("$ "+p.ring.at(n).Text, p.width, "..."))
	}
}

func (p *Pane) style(k Kind) lipgloss.Style {
	switch k {
	case Error:
		return p.theme.Warn
	case Command:
		return p.theme.Accent
	case Note:
		return p.theme.Faint
	case Added:
		return p.theme.Added
	case Removed:
		return p.theme.Removed
	case Place:
		return p.theme.Place
	}
	return p.theme.Text
}

// View draws the pane: exactly as many rows as SetSize gave, none wider than that.
func (p *Pane) View() string {
	rows, _ := p.window()
	for len(rows) < p.content() {
		rows = append(rows, "")
	}
	if p.find.visible() {
		rows = append(rows, ansi.Truncate(p.found(), p.width, ""))
	}
	return strings.Join(rows[:p.height], "\n")
}
