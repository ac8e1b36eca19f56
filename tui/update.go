package tui

import (
	"errors"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/tracker"
)

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if m.screen != nil {
		return m, m.handed(msg)
	}
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
		return m.keysOf(msg)
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
	case tea.ResumeMsg:
		return m.catchMouse()
	case settled:
		m.fresh = m.fresh && msg.arrival != m.arrivals
		return nil
	case stopMsg:
		m.stopped = true
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
		m.watch.Apply(m.placed(e))
	}
	m.watch.Dropped(b.Dropped)
	if question, ok := m.overlay.(*page.Question); ok && m.stopping() {
		question.SetDetail(m.consequences()) // the run goes on while the question stands there
	}
}

// placed gives what happens between two steps, taking the lock for example, to the step before.
func (m *Model) placed(e provision.Event) provision.Event {
	if h := m.run.Host(e.Host); e.Step == "" && h != nil {
		e.Step = h.Steps[max(h.Current, 0)].ID
	}
	return e
}

func (m *Model) ask(a Asked) tea.Cmd {
	if m.leaving { // nobody looks any more: the end of the run is the answer, never a yes
		m.act.cancel()
		return nil
	}
	if answer, ok := m.again(a.Decision); ok {
		a.Reply <- answer
		m.changing = true
		return nil
	}
	m.asked, m.questioned = &a, true
	for i, h := range m.run.Hosts {
		if h.Name == a.Decision.Host {
			m.host = i
		}
	}
	if a.Decision.Kind == provision.DecidePlan && len(a.Decision.Changes) > 0 {
		plan := page.NewPlan(m.Common, a.Decision, m.stepIDs())
		plan.Several, plan.Form = m.several(), m.form != nil
		return m.arrive(plan)
	}
	question, cmd := page.NewQuestion(m.Common, a.Decision)
	return tea.Batch(cmd, m.arrive(question))
}

// held is who else is at work on a host: what the plan shows may change under it.
func (m *Model) held(host string) string {
	h := m.run.Host(host)
	if h == nil {
		return ""
	}
	for _, f := range h.Steps[0].Findings {
		if f.Code == "lock.held" {
			return f.Cause
		}
	}
	return ""
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
		m.changing = true
		m.remember(m.asked.Decision, a)
	}
	m.asked.Reply <- a
	m.asked, m.page, m.focus = nil, nil, onPage
}

// remember keeps which steps were approved on a host, for a retry.
func (m *Model) remember(d provision.Decision, a provision.Answer) {
	steps := a.Steps
	if steps == nil {
		for _, c := range d.Changes {
			steps = append(steps, c.Step)
		}
	}
	m.approved[d.Host] = append(m.approved[d.Host], steps...)
}

// again answers the plan of a retry that has nothing but steps that were approved before: to retry is to approve them.
func (m *Model) again(d provision.Decision) (provision.Answer, bool) {
	if d.Kind != provision.DecidePlan || len(d.Changes) == 0 {
		return provision.Answer{}, false
	}
	for _, c := range d.Changes {
		if !slices.Contains(m.approved[d.Host], c.Step) {
			return provision.Answer{}, false
		}
	}
	return provision.Answer{Choice: provision.AnswerYes, Steps: m.approved[d.Host]}, true
}

func (m *Model) deployed(d Deployed) tea.Cmd {
	m.active, m.ended, m.asked = false, d.Finished, nil
	m.run.Finished = &m.ended
	m.broken = d.Err
	if m.returning && d.Err == nil && !m.leaving && declined(d.Finished) {
		m.returning, m.run.Finished = false, nil
		return m.act.withdraw(m.form.Values())
	}
	if m.leaving || d.Err != nil || declined(d.Finished) {
		return tea.Quit
	}
	if m.stopping() { // there is nothing left to stop
		m.overlay = nil
	}
	if reached(d.Finished) {
		m.turnToLive()
		if m.idle(d.Finished) {
			if cmd := m.handOver(m.T("lines.planned-nothing")); m.screen != nil {
				return cmd
			}
		}
		done := page.NewDone(m.Common, d.Finished, m.shown(), m.behind())
		done.Cockpit = m.config.Cockpit != nil
		return m.arrive(done)
	}
	step, err := m.failed(d.Finished)
	return m.arrive(page.NewFailure(m.Common, m.shown(), step, err, m.files(step), m.config.Report != nil))
}

// files are those that a person may want to edit after a failure.
func (m *Model) files(step *tracker.Step) []page.File {
	switch {
	case m.config.Files == nil:
		return nil
	case step == nil:
		return m.config.Files("", nil)
	}
	return m.config.Files(step.ID, step.Findings)
}

func (m *Model) behind() []string {
	if m.config.Behind == nil {
		return nil
	}
	return m.config.Behind()
}

// failed turns to the first host that failed, and to the step that did.
func (m *Model) failed(f provision.RunFinished) (*tracker.Step, error) {
	for i, h := range m.run.Hosts {
		r := f.Hosts[h.Name]
		if r.Err != nil && !errors.Is(r.Err, provision.ErrDeclined) { // what was declined is no failure to explain
			m.host = i
			step := h.Failed()
			if step != nil && step.Err != nil {
				return step, step.Err
			}
			return step, r.Err
		}
	}
	for _, r := range f.Hosts { // it ended before it reached any host
		if r.Err != nil && !errors.Is(r.Err, provision.ErrDeclined) {
			return nil, r.Err
		}
	}
	return nil, nil
}

// reached reports whether the run did all that was wanted of it: what was declined was not.
func reached(f provision.RunFinished) bool {
	live := f.ExitCode == provision.ExitOK
	for _, r := range f.Hosts {
		if r.Err != nil && !errors.Is(r.Err, provision.ErrDeclined) {
			return false
		}
		live = live || r.Err == nil
	}
	return live
}

// turnToLive looks at a host that is live, where the one that is looked at was declined.
func (m *Model) turnToLive() {
	if h := m.shown(); h == nil || m.ended.Hosts[h.Name].Err == nil {
		return
	}
	m.host = slices.IndexFunc(m.run.Hosts, func(h *tracker.Host) bool { return m.ended.Hosts[h.Name].Err == nil })
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
