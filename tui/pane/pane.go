package pane

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/theme"
)

// Pane is a window on lines. The zero value is not usable: see New.
type Pane struct {
	theme         *theme.Theme
	words         *language.Printer
	ring          ring
	keep          func(Line) bool // which lines are shown; nil: all
	all           *ring           // where not all are; nil: ring
	width, height int
	follow        bool
	top           position // where the window starts when it does not follow
	find          search
	sticky        bool
	labels        bool   // commands are shown in full
	elsewhere     string // the key of the words that say where the lines are that the pane does not hold; empty: nowhere
	cut           bool   // there is more than the pane was given
}

// position is a row of a line, counted from 0; lines wider than the pane have several.
type position struct{ line, row int }

// New returns an empty pane. One that follows shows the newest lines until it is scrolled.
func New(t *theme.Theme, words *language.Printer, follow bool) *Pane {
	return &Pane{theme: t, words: words, follow: follow, width: 80, height: 24, find: newSearch(t)}
}

// KeepCommand makes the pane show the command that the lines in sight belong to, when it is no longer in sight itself.
func (p *Pane) KeepCommand() { p.sticky = true }

// ShowLabels shows commands in full, or without the labels that are only of use to us.
func (p *Pane) ShowLabels(on bool) { p.labels = on }

// Elsewhere names the words that say where the lines are that the pane does not hold.
func (p *Pane) Elsewhere(key string) { p.elsewhere = key }

// Partial reports whether there are lines that the pane does not hold.
func (p *Pane) Partial() bool { return p.cut || p.ring.first > 0 }

// SetCut tells that the pane was given a part only.
func (p *Pane) SetCut(cut bool) { p.cut = cut }

// SetSize tells the pane how many cells it has.
func (p *Pane) SetSize(width, height int) {
	if width = max(width, 1); width != p.width {
		p.top.row = 0 // the rows of a line are others now
	}
	p.width, p.height = width, max(height, 1)
	p.find.input.Width = max(p.width-4, 1)
}

// Append adds lines at the end. It is cheap: nothing is laid out before it is in sight.
func (p *Pane) Append(lines ...Line) {
	for _, l := range lines {
		p.add(l)
	}
}

// SetText replaces what the pane holds by the lines of text.
func (p *Pane) SetText(kind Kind, text string) {
	p.Clear()
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.add(Line{kind, strings.TrimSuffix(line, "\r")})
	}
}

// Clear empties the pane.
func (p *Pane) Clear() {
	p.ring, p.top, p.cut = ring{}, position{}, false
	if p.all != nil {
		p.all = &ring{}
	}
}

// Empty reports whether the pane holds nothing.
func (p *Pane) Empty() bool { return p.ring.next == p.ring.first }

// Following reports whether the newest lines are in sight.
func (p *Pane) Following() bool { return p.follow }

// Follow goes to the end and stays there.
func (p *Pane) Follow() { p.follow = true }

// Top goes to the first line.
func (p *Pane) Top() { p.top, p.follow = position{p.ring.first, 0}, false }

// Below is how many lines come after the last one in sight; of a last line that is in sight in part, the rest counts.
func (p *Pane) Below() int {
	if p.follow || !p.start().less(p.end()) {
		return 0
	}
	_, last := p.window()
	return max(p.ring.next-1-last, 1)
}

// Rows is how many rows all lines take, or limit if they take more.
func (p *Pane) Rows(limit int) int {
	rows := 0
	for n := p.ring.first; n < p.ring.next && rows < limit; n++ {
		rows += len(p.rows(n))
	}
	return min(rows, limit)
}

// rows are the rows of a line as they stand in the pane, without style.
func (p *Pane) rows(n int) []string {
	line := p.ring.at(n)
	text := p.text(line)
	if line.Kind == Command {
		text = "$ " + text
	}
	if ansi.StringWidth(text) <= p.width {
		return []string{text}
	}
	return cells.Wrap(text, p.width)
}

// text is a line as it is shown.
func (p *Pane) text(line Line) string {
	if line.Kind == Command && !p.labels {
		return docker.Unlabelled(line.Text)
	}
	return line.Text
}

// start is where the window begins.
func (p *Pane) start() position {
	end := p.end()
	if p.follow || end.less(p.top) {
		return end
	}
	if p.top.line < p.ring.first {
		return position{p.ring.first, 0}
	}
	return p.top
}

func (p position) less(q position) bool { return p.line < q.line || p.line == q.line && p.row < q.row }

// end is where the window begins when the last line stands on its last row.
func (p *Pane) end() position {
	space := p.content()
	for n := p.ring.next - 1; n >= p.ring.first; n-- {
		rows := len(p.rows(n))
		if rows >= space {
			return position{n, rows - space}
		}
		space -= rows
	}
	return position{p.ring.first, 0}
}

// content is how many rows are for lines: the search takes one.
func (p *Pane) content() int {
	if p.find.visible() {
		return max(p.height-1, 1)
	}
	return p.height
}

// move scrolls by rows, down when positive.
func (p *Pane) move(rows int) {
	at := p.start()
	for ; rows < 0; rows++ {
		switch {
		case at.row > 0:
			at.row--
		case at.line > p.ring.first:
			at.line--
			at.row = len(p.rows(at.line)) - 1
		}
	}
	for ; rows > 0 && at.less(p.end()); rows-- {
		if at.row+1 < len(p.rows(at.line)) {
			at.row++
		} else {
			at = position{at.line + 1, 0}
		}
	}
	p.top = at
	p.follow = false
}

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
		rows[0] = p.style(Command).Render(ansi.Truncate("$ "+p.text(p.ring.at(n)), p.width, "..."))
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

// wheel is how many rows a turn of the mouse wheel moves.
const wheel = 3

// Update scrolls and searches.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		if p.find.typing {
			return p.updateSearch(msg)
		}
		return p.key(msg.String())
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			p.move(-wheel)
		case tea.MouseButtonWheelDown:
			p.down(wheel)
		}
	default:
		if p.find.typing {
			var cmd tea.Cmd
			p.find.input, cmd = p.find.input.Update(msg)
			return cmd
		}
	}
	return nil
}

func (p *Pane) key(key string) tea.Cmd {
	switch keymap.Of(key) {
	case keymap.Up:
		p.move(-1)
	case keymap.Down:
		p.down(1)
	case keymap.PageUp:
		p.move(1 - p.content())
	case keymap.PageDown:
		p.down(p.content() - 1)
	case keymap.Top:
		p.Top()
	case keymap.Follow:
		p.follow = true
	case keymap.Next:
		p.next(false)
	case keymap.Previous:
		p.next(true)
	case keymap.Back:
		p.find.query = ""
	case keymap.Search:
		return p.Search()
	}
	return nil
}

// Search starts to ask for what to look for.
func (p *Pane) Search() tea.Cmd {
	p.find.typing, p.find.missed = true, false
	p.find.input.SetValue("")
	return p.find.input.Focus()
}

// down scrolls down; at the end the pane follows again.
func (p *Pane) down(rows int) {
	p.move(rows)
	p.follow = !p.start().less(p.end())
}
