package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
)

// handOver gives the screen to the cockpit, in the same program so that nothing flickers. notice is what it says at first.
func (m *Model) handOver(notice string) tea.Cmd {
	next, err := m.config.Cockpit(m.act.ctx, notice, m.act.away, m.act.wg)
	if err != nil {
		m.notice = m.Words.Error(err)
		return nil
	}
	begin := next.Init()
	var size tea.Cmd
	m.screen, size = next.Update(tea.WindowSizeMsg{Width: m.width, Height: m.height})
	return tea.Batch(begin, size, tea.EnableMouseCellMotion)
}

// handed is a message once the screen is the cockpit's.
func (m *Model) handed(msg tea.Msg) (cmd tea.Cmd) {
	if _, stopped := msg.(stopMsg); stopped {
		return m.leave()
	}
	m.screen, cmd = m.screen.Update(msg)
	return cmd
}

// idle reports whether the wizard has nothing to tell of a run: the site was live as wanted, the person was asked nothing (a key's
// passphrase, for example, which the cockpit cannot ask for), and reads nothing that must not go.
func (m *Model) idle(f provision.RunFinished) bool {
	for _, r := range f.Hosts {
		if r.Err != nil || r.Changed > 0 {
			return false
		}
	}
	return m.config.Cockpit != nil && len(f.Hosts) > 0 && !m.questioned && m.overlay == nil && m.focus == onPage && !m.watch.Typing()
}
