package pane_test

import (
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/pane"
	"github.com/kehuo/provision/tui/theme"
)

func filled(follow bool, n int) *pane.Pane {
	p := pane.New(theme.Plain(), language.New(language.English), follow)
	p.SetSize(20, 5)
	for i := range n {
		p.Append(pane.Line{Text: fmt.Sprint("line ", i)})
	}
	return p
}

func press(p *pane.Pane, keys ...string) {
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		switch k {
		case "up":
			msg = tea.KeyMsg{Type: tea.KeyUp}
		case "down":
			msg = tea.KeyMsg{Type: tea.KeyDown}
		case "pgup":
			msg = tea.KeyMsg{Type: tea.KeyPgUp}
		case "enter":
			msg = tea.KeyMsg{Type: tea.KeyEnter}
		case "esc":
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		}
		p.Update(msg)
	}
}

func rows(p *pane.Pane) []string { return strings.Split(p.View(), "\n") }

func expect(t *testing.T, p *pane.Pane, first, last string) {
	t.Helper()
	got := rows(p)
	if got[0] != first || got[len(got)-1] != last {
		t.Errorf("the pane shows\n%s\nwant it from %q to %q", p.View(), first, last)
	}
}

func TestFollowsUntilItIsScrolled(t *testing.T) {
	p := filled(true, 100)
	expect(t, p, "line 95", "line 99")
	press(p, "up")
	p.Append(pane.Line{Text: "line 100"})
	expect(t, p, "line 94", "line 98")
	if p.Following() || p.Below() != 2 {
		t.Errorf("following %v, %d lines below", p.Following(), p.Below())
	}
	press(p, "down", "down")
	expect(t, p, "line 96", "line 100")
	if !p.Following() {
		t.Error("at the end it does not follow again")
	}
	press(p, "g")
	expect(t, p, "line 0", "line 4")
	press(p, "f")
	expect(t, p, "line 96", "line 100")
}

func TestLongLinesAreWrapped(t *testing.T) {
	p := pane.New(theme.Plain(), language.New(language.English), true)
	p.SetSize(10, 3)
	p.Append(pane.Line{Text: strings.Repeat("构", 12)})
	for _, row := range rows(p) {
		if ansi.StringWidth(row) > 10 {
			t.Errorf("%q is wider than the pane", row)
		}
	}
	if got := p.View(); got != "构构构构构\n构构构构构\n构构" {
		t.Errorf("got %q", got)
	}
	press(p, "up", "up", "up")
	p.Append(pane.Line{Text: "end"})
	if got := rows(p)[0]; got != "构构构构构" {
		t.Errorf("scrolled up, the first row is %q", got)
	}
}

func TestChineseIsWrappedBehindItsMarks(t *testing.T) {
	got := strings.Join(cells.Wrap("逐行执行 Dockerfile；没有变化的行直接使用缓存。", 26), "\n")
	if want := "逐行执行 Dockerfile；\n没有变化的行直接使用缓存。"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPlaceStaysWhileOldLinesGo(t *testing.T) {
	p := filled(true, 4990)
	press(p, "pgup", "pgup")
	before := p.View()
	for range 2000 {
		p.Append(pane.Line{Text: "later"})
	}
	if p.View() != before {
		t.Errorf("the lines in sight moved:\n%s", p.View())
	}
	for range 5000 {
		p.Append(pane.Line{Text: "much later"})
	}
	expect(t, p, "much later", "much later")
}

func TestMemoryIsBounded(t *testing.T) {
	p := pane.New(theme.Plain(), language.New(language.English), true)
	long := strings.Repeat("x", 100_000)
	for range 10_000 {
		p.Append(pane.Line{Text: long})
	}
	press(p, "g", "/")
	if got := rows(p)[0]; len(got) > 80 {
		t.Errorf("a row of %d bytes", len(got))
	}
}

func TestSearchFindsTheNewestFirst(t *testing.T) {
	p := filled(true, 100)
	press(p, "/", "E 4", "enter")
	if got := rows(p)[0]; got != "line 96" { // capital letters are looked for as such
		t.Errorf("a search without a match moved to %q", got)
	}
	press(p, "esc", "/", "line 4", "enter")
	found := func(when, want string) {
		t.Helper()
		if got := rows(p)[1]; got != want { // the first row is for what stands before it
			t.Errorf("%s: found %q, want %q", when, got, want)
		}
	}
	found("first", "line 49")
	press(p, "n")
	found("further up", "line 48")
	press(p, "N")
	found("back", "line 49")
	press(p, "N")
	found("around the end", "line 4")
	press(p, "esc", "f")
	expect(t, p, "line 95", "line 99")
}

func TestTheCommandStaysInSight(t *testing.T) {
	p := pane.New(theme.Plain(), language.New(language.English), true)
	p.KeepCommand()
	p.SetSize(20, 5)
	p.Append(pane.Line{Kind: pane.Command, Text: "docker build -t myweb ."})
	for i := range 10 {
		p.Append(pane.Line{Text: fmt.Sprint("line ", i)})
	}
	expect(t, p, "$ docker build -t...", "line 9")
	press(p, "g")
	expect(t, p, "$ docker build -t", "line 2")
}

func TestNothingFromTheHostLeavesThePane(t *testing.T) {
	p := pane.New(theme.Plain(), language.New(language.English), true)
	p.SetSize(30, 4)
	p.Append(pane.Line{Text: "a\x1b[2J\x1b[Hb\x1b]0;title\x07c\rd\n\x9b31me\u202ef"})
	if got := p.View(); strings.ContainsAny(got, "\x1b\r\a\u009b\u202e") || strings.Count(got, "\n") != 3 {
		t.Errorf("got %q", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	p := pane.New(theme.Plain(), language.New(language.English), true)
	p.SetSize(80, 24)
	line := pane.Line{Text: strings.Repeat("x", 99)}
	b.ReportAllocs()
	for b.Loop() {
		p.Append(line)
	}
}

// BenchmarkPicture is one picture's work at 20,000 lines a second and 30 pictures in that time: it has 33 ms.
func BenchmarkPicture(b *testing.B) {
	p := pane.New(theme.Coloured(), language.New(language.English), true)
	p.KeepCommand()
	p.SetSize(120, 40)
	line := pane.Line{Text: strings.Repeat("x", 150)}
	b.ReportAllocs()
	for b.Loop() {
		for range 20_000 / 30 {
			p.Append(line)
		}
		_ = p.View()
	}
}

func TestALineWiderThanThePaneIsReadRowByRow(t *testing.T) {
	p := pane.New(theme.Plain(), language.New(language.English), false)
	p.SetSize(8, 2)
	p.Append(pane.Line{Text: "one two three four five six"})
	if n := p.Below(); n != 1 {
		t.Errorf("%d below a line that is in sight in part", n)
	}
	for range 8 {
		press(p, "down")
		p.SetSize(8, 2) // whoever draws it tells it its size each time
	}
	if last := rows(p)[1]; !strings.Contains(last, "six") || p.Below() != 0 {
		t.Errorf("the last row in sight is %q, with %d below", last, p.Below())
	}
}
