package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/tui/page"
)

// settling is how long a page that came by itself takes no action from somebody who was typing when it came: the keys that are
// on their way were meant for what stood there before. The footer names the keys as soon as they work.
const settling = time.Second / 2

// settled is the message that this time is over for the arrival of that number.
type settled struct{ arrival int }

// typed notes that somebody is typing. After enter, the person waits for what comes of it.
func (m *Model) typed(k tea.KeyMsg) {
	m.pressed = m.Common.Now()
	if k.Type == tea.KeyEnter {
		m.pressed = time.Time{}
	}
}

// arrive puts a page on the screen that nobody called for. What is being read or searched stays before it, and the header tells.
func (m *Model) arrive(p page.Page) tea.Cmd {
	m.focus = onPage
	if m.overlay == nil && m.watch.Typing() {
		m.focus = onWatch
	}
	m.page = p
	if m.front() != p {
		m.waiting = true
		return nil
	}
	m.arrivals++
	m.fresh, m.notice = m.Common.Now().Sub(m.pressed) < settling, ""
	if !m.fresh {
		return nil
	}
	arrival := m.arrivals
	return tea.Tick(settling, func(time.Time) tea.Msg { return settled{arrival} })
}

// tooSoon reports whether a key would act on a page that has only just come. Text that is typed is kept, but not sent.
func (m *Model) tooSoon(k tea.KeyMsg) bool {
	if !m.fresh || m.front() != m.page {
		return false
	}
	switch k.Type {
	case tea.KeyEnter:
		return true
	case tea.KeyRunes, tea.KeySpace:
		return !m.front().Typing()
	}
	return false
}

// hidden is what the header says of a page that came while something else is being read.
func (m *Model) hidden() string {
	switch m.page.(type) {
	case *page.Failure:
		return m.T("wizard.hidden.failed", m.now())
	case *page.Done:
		return m.T("wizard.hidden.other", m.T("wizard.done.title"))
	}
	return m.T("wizard.hidden.other", m.now())
}
