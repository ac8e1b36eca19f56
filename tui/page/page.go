// Package page holds the pages of the wizard. A page draws what it was told and turns keys into intents, messages that the
// wizard's root carries out; it reads and writes nothing itself.
package page

import (
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/theme"
)

// Page is a part of the screen. SetSize comes before the first View, and View keeps to that size.
type Page interface {
	Update(tea.Msg) tea.Cmd
	View() string
	SetSize(width, height int)
	Keys() []Key  // what works here, the most important first
	Typing() bool // whether letters are text now and not keys
}

// frame is a page's size. Most pages take no text.
type frame struct{ width, height int }

// SetSize implements Page.
func (f *frame) SetSize(width, height int) { f.width, f.height = width, height }

// Typing implements Page.
func (f *frame) Typing() bool { return false }

// Key is a key and what it does, for the line of help.
type Key struct{ Key, Text string }

// Common is what all pages share.
type Common struct {
	Words *language.Printer
	Theme *theme.Theme
	Now   func() time.Time
}

// T returns the words of key.
func (c *Common) T(key string, args ...any) string { return c.Words.T(key, args...) }

// key is a Key with its words.
func (c *Common) key(key, words string) Key { return Key{key, c.T("wizard.key." + words)} }

// arrows is the key of both arrows, with its words.
func (c *Common) arrows(words string) Key { return c.key(c.Theme.Arrows, words) }

// searching are the keys while somebody types what to look for: all others are letters.
func (c *Common) searching() []Key { return []Key{c.key("enter", "find"), c.key("esc", "cancel")} }

// has reports whether there are words for key.
func (c *Common) has(key string) bool { return c.Words.Has(key) }

// StepTitle is a step's title, short where it would not fit otherwise.
func (c *Common) StepTitle(id string) string {
	if short := "step." + id + ".short"; c.has(short) {
		return c.T(short)
	}
	return c.T("step." + id + ".title")
}

// Numbered is a step's number, in a column of its own, and title.
func Numbered(id, title string) string { return fmt.Sprintf("%2s %s", Number(id), title) }

// Number is the number in a step's id: "7" of "07-build".
func Number(id string) string {
	number, _, _ := strings.Cut(id, "-")
	return strings.TrimLeft(number, "0")
}

// block is text under construction, row by row.
type block struct {
	rows  []string
	width int
}

func (b *block) add(style lipgloss.Style, text string) {
	for _, paragraph := range strings.Split(text, "\n") {
		for _, row := range cells.Wrap(paragraph, b.width) {
			b.rows = append(b.rows, style.Render(row))
		}
	}
}

// raw adds a row that has its styles already.
func (b *block) raw(row string) { b.rows = append(b.rows, ansi.Truncate(row, b.width, "..")) }

func (b *block) gap() { b.rows = append(b.rows, "") }

func (b *block) view(height int) string {
	return cells.Stack(b.rows, height)
}

// intent is a command that does nothing but to say msg.
func intent(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// The intents: what a page asks the root to do.
type (
	// AnswerMsg answers the decision that was asked.
	AnswerMsg struct{ Answer provision.Answer }
	// RetryMsg starts the run again; it goes on where it failed.
	RetryMsg struct{}
	// EditMsg opens File in the person's editor, at its line, and then the run starts again.
	EditMsg struct{ File File }
	// LogMsg shows the log file.
	LogMsg struct{}
	// PagerMsg opens the log file in the person's pager.
	PagerMsg struct{}
	// ReportMsg makes the report, with what Agreed names left unmasked, and shows it.
	ReportMsg struct{ Agreed []string }
	// SaveMsg writes the report that is shown.
	SaveMsg struct{ Text string }
	// NoticeMsg says Text in the footer until the next key.
	NoticeMsg struct{ Text string }
	// LeaveMsg ends the wizard.
	LeaveMsg struct{}
	// CockpitMsg ends the wizard for the cockpit.
	CockpitMsg struct{}
	// StayMsg goes back to what was on the screen before.
	StayMsg struct{}
	// CheckMsg asks to check what the form holds now. Number grows with every one.
	CheckMsg struct {
		Number int
		Values setup.Answers
		Offers setup.Offers // as the form has them
	}
	// LoginMsg asks to try the login with what the form holds.
	LoginMsg struct{ Values setup.Answers }
	// FormMsg goes back from the plan to the form; nothing is carried out.
	FormMsg struct{}
	// WriteMsg asks to write the inventory.
	WriteMsg struct{ Values setup.Answers }
)
