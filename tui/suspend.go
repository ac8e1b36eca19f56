package tui

import tea "github.com/charmbracelet/bubbletea"

// suspend is ctrl+z.
func (m *Model) suspend() tea.Cmd {
	if !m.act.shell {
		m.notice = m.T("wizard.suspend.none")
		return nil
	}
	m.notice = ""
	return tea.Suspend
}
