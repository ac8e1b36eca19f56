package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/page"
)

// keysOf takes keys one by one where they are not text. What is pasted is no keys.
func (m *Model) keysOf(k tea.KeyMsg) tea.Cmd {
	switch {
	case m.front().Typing():
		return m.key(k)
	case k.Paste:
		return nil
	}
	var cmds []tea.Cmd
	for _, one := range keymap.Split(k) {
		cmds = append(cmds, m.key(one))
	}
	return tea.Sequence(cmds...)
}

func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	m.typed(k)
	key := k.String()
	if key == "ctrl+c" {
		m.notice = ""
		return m.interrupt()
	}
	if key == "ctrl+z" {
		return m.suspend()
	}
	if m.tooSoon(k) {
		return nil
	}
	m.notice = ""
	action := keymap.Of(key)
	if action == keymap.Leave && m.stopping() {
		return m.leave()
	}
	front := m.front()
	if m.overlay != nil || front.Typing() {
		return front.Update(k)
	}
	switch action {
	case keymap.Help:
		m.overlay = page.NewHelp(m.Common)
	case keymap.Log:
		return m.openLog()
	case keymap.Leave:
		return m.quit()
	case keymap.Mouse:
		return m.toggleMouse()
	case keymap.Before:
		m.changeHost(-1)
	case keymap.After:
		m.changeHost(1)
	case keymap.Pane:
		if !m.panes() {
			return front.Update(k)
		}
		m.cycle()
	case keymap.Search:
		if m.focus == onSteps {
			m.focus = onPage
			if m.page != nil {
				m.focus = onWatch
			}
		}
		return m.front().Update(k)
	case keymap.Retry:
		if _, failed := m.page.(*page.Failure); failed {
			return m.deploy()
		}
		return front.Update(k)
	default:
		return m.press(front, k)
	}
	return nil
}

// press gives a key to the page in front. In another pane, enter and esc do no more than to come back to the page that it
// covers: nobody takes what is not on the screen.
func (m *Model) press(front page.Page, k tea.KeyMsg) tea.Cmd {
	if action := keymap.Of(k.String()); (action == keymap.Take || action == keymap.Back) && m.aside() {
		m.focus = onPage
		return nil
	}
	return front.Update(k)
}

// panes reports whether there are panes to go around: a plan and the form have parts of their own, and before the run has
// begun there is nothing beside a question.
func (m *Model) panes() bool {
	if m.shown() == nil {
		return false
	}
	switch m.page.(type) {
	case *page.Plan, *page.Form:
		return m.focus != onPage
	}
	return true
}

// aside reports whether the keys go to a pane while there is a page to come back to.
func (m *Model) aside() bool { return m.overlay == nil && m.page != nil && m.focus != onPage }

// scroll gives the mouse wheel to what can be scrolled.
func (m *Model) scroll(msg tea.MouseMsg) tea.Cmd {
	if m.overlay != nil {
		return m.overlay.Update(msg)
	}
	if m.page != nil && m.focus == onPage {
		return m.page.Update(msg)
	}
	return m.watch.Update(msg)
}

func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	m.notice = m.T("wizard.mouse.wizard")
	if !m.mouse {
		m.notice = m.T("wizard.mouse.terminal")
		return tea.DisableMouse
	}
	return m.catchMouse()
}

// catchMouse takes the mouse for the wizard if it is to have it: another program in the terminal lets it go.
func (m *Model) catchMouse() tea.Cmd {
	if !m.mouse {
		return nil
	}
	return tea.EnableMouseCellMotion
}

// interrupt is ctrl+c: it asks once, and leaves when it comes again or where nothing is under way.
func (m *Model) interrupt() tea.Cmd {
	if !m.active || m.stopping() {
		return m.leave()
	}
	return m.askToStop()
}

// stopping reports whether the question is on the screen whether to stop.
func (m *Model) stopping() bool {
	question, ok := m.overlay.(*page.Question)
	return ok && question.Decision().Kind == provision.DecideInterrupt
}

// quit is q: it leaves, and asks before where something is being changed.
func (m *Model) quit() tea.Cmd {
	switch {
	case !m.active:
		return m.leave()
	case m.asked != nil && m.asked.Decision.Kind == provision.DecidePlan:
		m.decline()
		return nil
	case !m.changing:
		return m.leave()
	}
	return m.askToStop()
}

// decline says no to the plan on the screen. That ends the run where there is one host; the others of several go on, and
// their questions are still to come.
func (m *Model) decline() {
	m.leaving = !m.several()
	m.declined[m.asked.Decision.Host] = true
	m.answer(provision.Answer{Choice: provision.AnswerNo})
}

func (m *Model) askToStop() tea.Cmd {
	d := provision.Decision{
		Kind:    provision.DecideInterrupt,
		Detail:  m.consequences(),
		Options: []provision.Option{{ID: provision.AnswerNo}, {ID: provision.AnswerYes}},
		Default: provision.AnswerNo,
	}
	question, cmd := page.NewQuestion(m.Common, d)
	m.overlay = question
	return cmd
}

// consequences says, for each host that works, what stops and what goes on without us.
func (m *Model) consequences() string {
	if !m.changing {
		return m.T("step.01-login.interrupt")
	}
	var text []string
	for _, h := range m.run.Hosts {
		s := h.Running()
		if s == nil {
			continue // done, or between two steps: nothing is cut short there
		}
		words := "wizard.quit.stops"
		if own := "step." + s.ID + ".interrupt"; m.Words.Has(own) {
			words = own
		}
		text = append(text, m.T("wizard.quit.question", h.Name), m.T(words))
	}
	if len(text) == 0 {
		return m.T("wizard.quit.stops")
	}
	return strings.Join(text, "\n")
}

// suspend is ctrl+z.
func (m *Model) suspend() tea.Cmd {
	if !m.act.shell {
		m.notice = m.T("wizard.suspend.none")
		return nil
	}
	m.notice = ""
	return tea.Suspend
}

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
