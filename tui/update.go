package tui

import (
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/tracker"
)

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	m.sync()
	return m, cmd
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return nil
	case tea.KeyMsg:
		return m.key(msg)
	case tea.MouseMsg:
		return m.scroll(msg)
	case spin:
		m.steps.Spin()
		if m.active {
			return tick()
		}
		return nil
	case feed.Batch:
		m.take(msg)
		return nil
	case Asked:
		return m.ask(msg)
	case Deployed:
		return m.deployed(msg)
	case stopMsg:
		return m.leave()
	}
	if cmd, ok := m.intent(msg); ok {
		return cmd
	}
	return m.rest(msg)
}

// rest hands what the root does not know, a blinking cursor for example, to the pages.
func (m *Model) rest(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	if m.overlay != nil {
		cmds = append(cmds, m.overlay.Update(msg))
	}
	if m.page != nil {
		cmds = append(cmds, m.page.Update(msg))
	}
	return tea.Batch(append(cmds, m.watch.Update(msg))...)
}

func (m *Model) take(b feed.Batch) {
	for _, e := range b.Events {
		if _, again := e.Body.(provision.RunStarted); again {
			m.watch.Reset()
		}
		m.run.Apply(e)
		m.watch.Apply(e)
	}
	m.watch.Dropped(b.Dropped)
	m.watch.Hosts = len(m.run.Hosts) > 1
}

func (m *Model) ask(a Asked) tea.Cmd {
	m.asked = &a
	for i, h := range m.run.Hosts {
		if h.Name == a.Decision.Host {
			m.host = i
		}
	}
	m.focus, m.notice = onPage, ""
	if a.Decision.Kind == provision.DecidePlan && len(a.Decision.Changes) > 0 {
		m.page = page.NewPlan(m.Common, a.Decision, m.stepIDs())
		return nil
	}
	question, cmd := page.NewQuestion(m.Common, a.Decision)
	m.page = question
	return cmd
}

func (m *Model) stepIDs() []string {
	var ids []string
	if h := m.shown(); h != nil {
		for _, s := range h.Steps {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (m *Model) answer(a provision.Answer) {
	if m.asked == nil {
		return
	}
	if m.asked.Decision.Kind == provision.DecidePlan && a.Choice == provision.AnswerYes {
		m.begun = true
	}
	m.asked.Reply <- a
	m.asked, m.page, m.focus = nil, nil, onPage
}

func (m *Model) deployed(d Deployed) tea.Cmd {
	m.active, m.ended, m.asked = false, d.Finished, nil
	m.broken = d.Err
	if m.leaving || d.Err != nil || declined(d.Finished) {
		return tea.Quit
	}
	m.overlay, m.focus = nil, onPage
	if d.Finished.ExitCode == provision.ExitOK {
		m.page = page.NewDone(m.Common, d.Finished, m.shown(), m.behind())
		return nil
	}
	step, err := m.failed(d.Finished)
	files := []string{}
	if step != nil && m.config.Files != nil {
		files = m.config.Files(step.ID)
	}
	m.page = page.NewFailure(m.Common, step, err, files, m.config.Report != nil)
	return nil
}

func (m *Model) behind() []string {
	if m.config.Behind == nil {
		return []string{"gunicorn", "flask"}
	}
	return m.config.Behind
}

// failed turns to the first host that failed, and to the step that did.
func (m *Model) failed(f provision.RunFinished) (*tracker.Step, error) {
	for i, h := range m.run.Hosts {
		if r := f.Hosts[h.Name]; r.Err != nil {
			m.host = i
			if step := h.Failed(); step != nil {
				return step, step.Err
			}
			return nil, r.Err
		}
	}
	return nil, nil
}

// declined reports whether the run ended because the person did not want it.
func declined(f provision.RunFinished) bool {
	for _, r := range f.Hosts {
		if !errors.Is(r.Err, provision.ErrDeclined) {
			return false
		}
	}
	return len(f.Hosts) > 0
}

func (m *Model) leave() tea.Cmd {
	m.leaving = true
	m.act.cancel()
	return tea.Quit
}
