package tui

import (
	"errors"
	"os/exec"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/tracker"
)

// intent carries out what a page asked for, and takes in what came back; ok is false for any other message.
func (m *Model) intent(msg tea.Msg) (cmd tea.Cmd, ok bool) {
	switch msg := msg.(type) {
	case page.AnswerMsg:
		return m.answered(msg.Answer), true
	case page.RetryMsg:
		return m.deploy(), true
	case page.EditMsg:
		return m.act.edit(msg.File), true
	case page.LogMsg:
		return m.openLog(), true
	case page.PagerMsg:
		return m.act.pager(m.logFile()), true
	case page.ReportMsg:
		return m.act.report(msg.Agreed), true
	case page.SaveMsg:
		return m.act.save(msg.Text), true
	case page.LeaveMsg:
		return m.leave(), true
	case page.CockpitMsg:
		return m.handOver(""), true
	case page.NoticeMsg:
		m.notice = msg.Text
		return nil, true
	case page.StayMsg:
		m.overlay = nil
		return nil, true
	case page.CheckMsg:
		return m.act.check(msg), true
	case page.LoginMsg:
		return m.act.login(msg.Values), true
	case page.FormMsg:
		return m.toForm(), true
	case page.WriteMsg:
		return m.act.write(msg.Values), true
	}
	return m.result(msg)
}

// result takes in what an action came to.
func (m *Model) result(msg tea.Msg) (cmd tea.Cmd, ok bool) {
	switch msg := msg.(type) {
	case editedMsg:
		if msg.err != nil {
			m.notice = m.T(editorFailed(msg.err), msg.err)
			return m.catchMouse(), true
		}
		return tea.Batch(m.catchMouse(), m.deploy()), true
	case pagedMsg:
		if msg.err != nil && !ran(msg.err) {
			m.notice = m.T("wizard.pager.failed", msg.err)
		}
		return m.catchMouse(), true
	case logMsg:
		return m.showLog(msg), true
	case reportMsg:
		if msg.err != nil {
			m.notice = m.Words.Error(msg.err)
			return nil, true
		}
		m.overlay = page.NewReport(m.Common, m.config.ReportFile, msg.text, msg.agreed)
		return nil, true
	case savedMsg:
		m.overlay, m.notice = nil, m.T("wizard.report.saved", m.config.ReportFile)
		if msg.err != nil {
			m.notice = m.Words.Error(msg.err)
		}
		return nil, true
	case page.WroteMsg:
		if msg.Err == nil {
			m.form, _ = m.page.(*page.Form)
			return m.deploy(), true
		}
	case withdrawnMsg:
		if msg.err != nil { // somebody has changed the file: the form would write over it
			m.form, m.notice = nil, m.Words.Error(msg.err)
			return m.deploy(), true
		}
		m.page, m.run, m.focus = m.form, tracker.Run{}, onPage
		return m.form.Again(), true
	}
	return nil, false
}

// editorFailed tells an editor that could not be run from one that ended with an error, by :cq in vim for example.
func editorFailed(err error) string {
	if ran(err) {
		return "wizard.editor.ended"
	}
	return "wizard.editor.failed"
}

// ran tells a program that ended with an error, by ctrl+c for example, from one that could not be run.
func ran(err error) bool {
	var ended *exec.ExitError
	return errors.As(err, &ended) && ended.ExitCode() != 126 && ended.ExitCode() != 127 // the shell's: not found, not to be run
}

// toForm says no to the plan, which ends the run, and goes back to the form then.
func (m *Model) toForm() tea.Cmd {
	if m.form == nil || m.asked == nil {
		return nil
	}
	m.returning = true
	m.answer(provision.Answer{Choice: provision.AnswerNo})
	return nil
}

// answered is the answer to the question on the screen: whether to stop, or the run's own.
func (m *Model) answered(a provision.Answer) tea.Cmd {
	if m.stopping() {
		m.overlay = nil
		if a.Choice == provision.AnswerYes {
			return m.leave()
		}
		return nil
	}
	if m.asked != nil && m.asked.Decision.Kind == provision.DecidePlan && a.Choice == provision.AnswerNo {
		m.decline()
		return nil
	}
	m.answer(a)
	return nil
}

func (m *Model) logFile() string {
	if m.config.LogFile != nil {
		if file := m.config.LogFile(); file != "" {
			return file
		}
	}
	return m.run.LogFile
}

func (m *Model) openLog() tea.Cmd {
	m.logs++
	m.overlay = page.NewLog(m.Common, m.logFile(), m.logs)
	return m.act.readLog(m.logFile(), m.logs)
}

// showLog fills the log page, and reads on while a run writes to it. A page that was scrolled keeps what it shows, and goes on
// with the newest when it follows again.
func (m *Model) showLog(msg logMsg) tea.Cmd {
	log, ok := m.overlay.(*page.Log)
	if !ok || log.Number != msg.number {
		return nil
	}
	if log.Follows() {
		log.SetPart(m.logText(msg), msg.cut)
	}
	if m.active {
		return m.act.readLogLater(m.logFile(), msg.number)
	}
	return nil
}

func (m *Model) logText(msg logMsg) string {
	switch {
	case msg.err != nil:
		return m.Words.Error(msg.err)
	case msg.text == "":
		return m.T("wizard.log.none")
	}
	return msg.text
}
