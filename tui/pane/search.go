package pane

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/kehuo/provision/tui/theme"
)

// search looks for text in a pane. A query in small letters finds capital ones too.
type search struct {
	theme  *theme.Theme
	input  textinput.Model
	typing bool
	query  string
	missed bool
}

func newSearch(t *theme.Theme) search {
	input := textinput.New()
	input.Prompt = "/"
	input.Cursor.Style = t.Match
	input.PlaceholderStyle = t.Faint
	return search{theme: t, input: input}
}

func (s *search) visible() bool { return s.typing || s.query != "" }

func (s *search) view() string {
	if s.typing {
		return s.input.View()
	}
	if s.missed {
		return s.theme.Warn.Render("/" + s.query + "  -")
	}
	return s.theme.Faint.Render("/" + s.query + "  n N esc")
}

func (s *search) fold(text string) string {
	for _, r := range s.query {
		if unicode.IsUpper(r) {
			return text
		}
	}
	return strings.ToLower(text)
}

func (s *search) matches(text string) bool {
	return s.query != "" && strings.Contains(s.fold(text), s.query)
}

// mark renders a row and sets off what the search finds in it.
func (s *search) mark(row string, style lipgloss.Style) string {
	folded := s.fold(row)
	if s.query == "" || len(folded) != len(row) || !strings.Contains(folded, s.query) {
		return style.Render(row)
	}
	var b strings.Builder
	for row != "" {
		i := strings.Index(folded, s.query)
		if i < 0 {
			b.WriteString(style.Render(row))
			break
		}
		if i > 0 {
			b.WriteString(style.Render(row[:i]))
		}
		end := i + len(s.query)
		b.WriteString(s.theme.Match.Render(row[i:end]))
		row, folded = row[end:], folded[end:]
	}
	return b.String()
}

// Typing reports whether keys are letters of a search now.
func (p *Pane) Typing() bool { return p.find.typing }

// Searching reports whether a search is shown.
func (p *Pane) Searching() bool { return p.find.visible() }

func (p *Pane) updateSearch(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "esc":
		p.find.typing, p.find.query = false, ""
		p.find.input.Blur()
		return nil
	case "enter":
		p.find.typing = false
		p.find.input.Blur()
		p.find.query = p.find.input.Value()
		p.next(-1)
		return nil
	}
	var cmd tea.Cmd
	p.find.input, cmd = p.find.input.Update(msg)
	return cmd
}

// next goes to the next match, upwards for a negative direction, from the first line in sight, around the end.
func (p *Pane) next(direction int) {
	if p.find.query == "" {
		return
	}
	n := p.ring.next - p.ring.first
	at := p.start().line
	if p.follow && direction < 0 { // the newest first
		at = p.ring.next
	}
	for i := 1; i <= n; i++ {
		line := p.ring.first + ((at-p.ring.first+direction*i)%n+n)%n
		if p.find.matches(p.ring.at(line).Text) {
			p.top, p.follow, p.find.missed = position{line, 0}, false, false
			return
		}
	}
	p.find.missed = true
}
