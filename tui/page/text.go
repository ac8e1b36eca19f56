package page

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/pane"
)

// Text shows a text to read: the log, a report, the help.
type Text struct {
	*Common
	frame
	title string
	pane  *pane.Pane
	keys  []Key
	act   func(keymap.Action) tea.Msg // what further keys mean
}

func newText(c *Common, title string, follow bool, keys []Key, act func(keymap.Action) tea.Msg) *Text {
	return &Text{Common: c, title: title, pane: pane.New(c.Theme, c.Words, follow), keys: keys, act: act}
}

// Log shows the log file. It is a page of its own kind: what is read from the file must not come to stand in another text.
type Log struct {
	*Text
	Number int // of the opening: what was read for an earlier one is not for this
}

// NewLog returns the page of the log file; its lines come by SetText.
func NewLog(c *Common, file string, number int) *Log {
	keys := []Key{c.key("/", "search"), c.arrows("scroll"), c.key("o", "pager"), c.key("esc", "back")}
	log := &Log{newText(c, c.T("wizard.log.title", file), true, keys, func(action keymap.Action) tea.Msg {
		if action == keymap.Pager {
			return PagerMsg{}
		}
		return nil
	}), number}
	log.pane.Elsewhere("wizard.search.in-file")
	return log
}

// SetPart is SetText for what may be the last part of the log only.
func (l *Log) SetPart(text string, cut bool) {
	l.SetText(text)
	l.pane.SetCut(cut)
	l.layout()
}

// NewReport returns the page that shows a report before it is written.
func NewReport(c *Common, file, text string, agreed []string) *Text {
	keys := []Key{c.key("enter", "save"), c.key("u", "addresses"), c.arrows("scroll"), c.key("esc", "back")}
	t := newText(c, c.T("wizard.report.title", file), false, keys, func(action keymap.Action) tea.Msg {
		switch action {
		case keymap.Take:
			return SaveMsg{text}
		case keymap.Addresses:
			if len(agreed) > 0 {
				return ReportMsg{}
			}
			return ReportMsg{Agreed: []string{Addresses}}
		}
		return nil
	})
	t.SetText(text)
	return t
}

// Addresses is what a person can agree to leave unmasked in a report: names and addresses of hosts, and domains.
const Addresses = "addresses"

// NewHelp returns the page that explains the keys.
func NewHelp(c *Common) *Text {
	t := newText(c, c.T("wizard.help.title"), false, []Key{c.key("esc", "back"), c.arrows("scroll")}, func(action keymap.Action) tea.Msg {
		if action == keymap.Take || action == keymap.Help {
			return StayMsg{}
		}
		return nil
	})
	t.SetText(c.T("wizard.help.text", c.Theme.Done, c.Theme.Same, c.Theme.Failed, c.Theme.Waiting, c.Theme.Arrows))
	return t
}

// SetText replaces the text.
func (t *Text) SetText(text string) {
	following := t.pane.Following()
	t.pane.SetText(pane.Output, text)
	if following {
		t.pane.Follow()
	}
}

// SetSize implements Page.
func (t *Text) SetSize(width, height int) {
	t.width, t.height = width, height
	t.layout()
}

// Typing implements Page.
func (t *Text) Typing() bool { return t.pane.Typing() }

// Keys implements Page.
func (t *Text) Keys() []Key {
	if t.Typing() {
		return t.searching()
	}
	return t.keys
}

// Update implements Page.
func (t *Text) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && !t.pane.Typing() {
		action := keymap.Of(k.String())
		if action == keymap.Leave || action == keymap.Back && !t.pane.Searching() {
			return intent(StayMsg{})
		}
		if msg := t.act(action); msg != nil {
			return intent(msg)
		}
	}
	return t.pane.Update(msg)
}

// View implements Page.
func (t *Text) View() string {
	return strings.Join(t.head(), "\n") + "\n\n" + t.pane.View()
}

func (t *Text) layout() { t.pane.SetSize(t.width, max(t.height-len(t.head())-1, 1)) }

// head is the title, in two rows where it is long, and with it that the text is not all there is: nobody should look in vain
// for what is not here.
func (t *Text) head() []string {
	part := ""
	if t.pane.Partial() {
		part = t.T("wizard.log.tail")
	}
	if part != "" && ansi.StringWidth(t.title+" "+part) <= t.width {
		return []string{t.Theme.Strong.Render(t.title) + " " + t.Theme.Warn.Render(part)}
	}
	b := block{width: t.width}
	b.add(t.Theme.Strong, t.title)
	if part != "" {
		return []string{cells.Cut(b.rows[0], t.width), t.Theme.Warn.Render(cells.Cut(part, t.width))}
	}
	return b.rows[:min(len(b.rows), 2)]
}

// Follows reports whether the newest lines are in sight, and should stay so when there are newer ones.
func (t *Text) Follows() bool { return t.pane.Following() }
