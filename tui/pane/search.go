package pane

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/bubbles/cursor"
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
	at     int  // line of the last match
	up     bool // which way it goes
	missed bool
}

func newSearch(t *theme.Theme) search {
	input := textinput.New()
	input.Prompt = "/"
	input.Cursor.SetMode(cursor.CursorStatic)
	input.PlaceholderStyle = t.Faint
	input.PromptStyle, input.TextStyle, input.Cursor.Style = t.Text, t.Text, t.Text
	return search{theme: t, input: input}
}

func (s *search) visible() bool { return s.typing || s.query != "" }

// found is the row that tells how the search went.
func (p *Pane) found() string {
	s := &p.find
	switch {
	case s.typing:
		return s.input.View()
	case s.missed && p.Partial() && p.elsewhere != "":
		return p.theme.Warn.Render("/" + s.query + "  " + p.words.T(p.elsewhere))
	case s.missed:
		return p.theme.Warn.Render("/" + s.query + "  " + p.words.T("wizard.search.none"))
	}
	return p.theme.Faint.Render("/" + s.query + "  " + p.words.T("wizard.search.keys"))
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
		p.find.up = p.follow // the newest first where the newest are in sight
		p.next(false)
		return nil
	}
	var cmd tea.Cmd
	p.find.input, cmd = p.find.input.Update(msg)
	return cmd
}

// next goes to the next match, around the end; back is the other way.
func (p *Pane) next(back bool) {
	if p.find.query == "" {
		return
	}
	direction := 1
	if p.find.up != back {
		direction = -1
	}
	n := p.ring.next - p.ring.first
	at := p.find.at
	switch {
	case p.follow:
		at = p.ring.next
	case at < p.ring.first || at >= p.ring.next:
		at = p.start().line
	}
	for i := 1; i <= n; i++ {
		line := p.ring.first + ((at-p.ring.first+direction*i)%n+n)%n
		if p.find.matches(p.ring.at(line).Text) {
			p.top, p.follow, p.find.missed, p.find.at = position{line, 0}, false, false, line
			p.move(-p.content() / 3) // with what stands before it
			return
		}
	}
	p.find.missed = true
}
