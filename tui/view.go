package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/tracker"
)

// The least size that something can be shown in.
const (
	leastWidth  = 24
	leastHeight = 6
)

// margin is the empty space at both sides where there is room for it.
func (m *Model) margin() int {
	if m.width >= 64 {
		return 1
	}
	return 0
}

func (m *Model) inner() int { return m.width - 2*m.margin() }

// body is how many rows are between the header and the footer.
func (m *Model) body() int { return m.height - m.header() - m.footer() }

func (m *Model) header() int {
	switch {
	case m.height < 16:
		return 1
	case m.now() == "" && !m.waiting:
		return 2
	}
	return 3
}

func (m *Model) footer() int {
	if m.height >= 16 {
		return 2
	}
	return 1
}

func (m *Model) listWidth() int { return page.ListWidth(m.inner()) }

// titled reports whether a page names the step itself, so that the row with the step above it would say the same.
func (m *Model) titled(p page.Page) bool {
	_, failure := p.(*page.Failure)
	return failure
}

// layout gives each part its space.
func (m *Model) layout() {
	width, height := m.inner(), m.body()
	list := m.listWidth()
	right, rightHeight := width-list-2, height
	if list == 0 {
		right, rightHeight = width, max(height-1, 1)
	}
	m.steps.SetSize(list, height-m.otherHosts())
	m.watch.SetSize(right, rightHeight)
	for _, p := range []page.Page{m.page, m.overlay} {
		switch {
		case p == nil:
		case whole(p), list == 0 && m.titled(p):
			p.SetSize(width, height)
		default:
			p.SetSize(right, rightHeight)
		}
	}
}

// View implements tea.Model.
func (m *Model) View() string {
	if m.screen != nil && !m.leaving {
		return m.screen.View()
	}
	if m.leaving && !m.active {
		return ""
	}
	if m.leaving {
		return ansi.Truncate(m.T("wizard.stopping"), m.width, "")
	}
	if m.width == 0 {
		return m.T("wizard.starting")
	}
	if m.width < leastWidth || m.height < leastHeight {
		return ansi.Truncate(m.T("wizard.small"), m.width, "")
	}
	rows := m.head()
	rows = append(rows, strings.Split(m.middle(), "\n")...)
	foot := m.foot()
	rows = append(cells.Rows(rows, m.height-len(foot)), foot...)
	pad := strings.Repeat(" ", m.margin())
	for i, row := range rows {
		if row != "" {
			rows[i] = pad + ansi.Truncate(row, m.inner(), "")
		}
	}
	return strings.Join(rows, "\n")
}

// middle is the body: a page that takes all of it, or the steps with what belongs to them at their right.
func (m *Model) middle() string {
	if m.overlay != nil && whole(m.overlay) {
		return m.overlay.View()
	}
	var right page.Page = m.watch
	if m.page != nil && m.focus == onPage {
		right = m.page
	}
	if m.overlay != nil {
		right = m.overlay
	}
	if whole(right) {
		return right.View()
	}
	list := m.listWidth()
	if list == 0 && m.titled(right) {
		return right.View()
	}
	if list == 0 {
		return m.narrow() + "\n" + right.View()
	}
	m.steps.Focus(m.focus == onSteps)
	left := strings.Split(m.steps.View(), "\n")
	left = append(left[:min(len(left), m.body()-m.otherHosts())], m.others()...)
	return cells.Columns(left, list, strings.Split(right.View(), "\n"), m.body())
}

// narrow is the list of steps in one row, where there is no room for it.
func (m *Model) narrow() string {
	if step := m.steps.Chosen(); step != nil {
		return m.Theme.Chosen.Render(cells.Cut(m.T("wizard.working", page.Number(step.ID), page.Number(m.lastID()), m.StepTitle(step.ID)), m.inner()))
	}
	return ""
}

func (m *Model) lastID() string {
	ids := m.stepIDs()
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

// otherHosts is how many rows below the steps tell of the hosts, where there are several.
func (m *Model) otherHosts() int {
	if n := len(m.run.Hosts); n > 1 {
		return min(n+1, max(m.body()/3, 2))
	}
	return 0
}

func (m *Model) others() []string {
	if m.otherHosts() == 0 {
		return nil
	}
	rows, widest := []string{""}, 0
	for _, h := range m.run.Hosts {
		widest = min(max(widest, ansi.StringWidth(h.Name)), m.listWidth()/2)
	}
	from := min(max(m.host-m.otherHosts()+2, 0), len(m.run.Hosts)-m.otherHosts()+1)
	for i := from; i < len(m.run.Hosts) && len(rows) < m.otherHosts(); i++ {
		h := m.run.Hosts[i]
		pointer, style := "  ", m.Theme.Faint
		if i == m.host {
			pointer, style = m.Theme.Accent.Render(m.Theme.Pointer)+" ", m.Theme.Text
		}
		rows = append(rows, pointer+style.Render(cells.Cut(cells.Fit(h.Name, widest)+"  "+m.where(h), m.listWidth()-3)))
	}
	return rows
}

// where is a host's place in its steps, in few words.
func (m *Model) where(h *tracker.Host) string {
	if s := h.Failed(); s != nil {
		return m.T("wizard.now.failed", page.Number(s.ID))
	}
	if m.declined[h.Name] {
		return m.T("wizard.now.declined")
	}
	if h.Current < 0 {
		return m.T("wizard.now.connect")
	}
	return page.Number(h.Steps[h.Current].ID) + " " + m.StepTitle(h.Steps[h.Current].ID)
}

// head is the program, the site and the host, and how long it has taken; below it what happens now.
func (m *Model) head() []string {
	t := m.Theme
	title := t.Strong.Render("provision")
	if m.run.Site != "" {
		title += "  " + safetext.Line(m.run.Site)
		if h := m.shown(); h != nil {
			title += t.Faint.Render(" -> ") + safetext.Line(h.Name)
		}
	}
	if m.waiting && m.header() == 1 { // there is no other row for it
		title = t.Warn.Render(m.hidden())
	}
	clock := m.clock()
	first := cells.Fit(title, m.inner()-len(clock)-1) + " " + t.Faint.Render(clock)
	if m.header() == 1 {
		return []string{first}
	}
	if m.waiting {
		return []string{first, t.Warn.Render(cells.Cut(m.hidden(), m.inner())), ""}
	}
	if now := m.now(); now != "" {
		return []string{first, t.Accent.Render(cells.Cut(now, m.inner())), ""}
	}
	return []string{first, ""}
}

func (m *Model) clock() string {
	switch {
	case m.run.Started.IsZero():
		return ""
	case m.run.Finished != nil:
		return language.Clock(m.run.Finished.Duration)
	}
	return language.Clock(m.run.Elapsed(m.Common.Now()).Truncate(time.Second))
}

// now is what happens at this moment, in one line; empty where the page itself begins with that.
func (m *Model) now() string {
	switch p := m.page.(type) {
	case *page.Form, *page.Done:
		return ""
	case *page.Plan:
		if summary := p.Summary(); summary != "" && !p.Several {
			return m.T("lines.labelled", m.T("wizard.now.plan"), summary)
		}
		return m.T("wizard.now.plan")
	case *page.Question:
		return m.T("wizard.now.question")
	case *page.Failure:
		if !m.waiting && m.listWidth() == 0 && m.front() == m.page {
			return "" // there it is near enough to the page's own title
		}
		if h := m.shown(); h != nil && h.Failed() != nil {
			return m.T("wizard.now.failed", page.Number(h.Failed().ID))
		}
		return m.T("wizard.now.failed-run")
	}
	h := m.shown()
	if h == nil {
		return m.T("wizard.now.connect")
	}
	s := h.Running()
	if s == nil && m.declined[h.Name] {
		return m.T("wizard.now.declined")
	}
	if s == nil {
		return m.T("wizard.now.between")
	}
	text := m.T("wizard.working", page.Number(s.ID), page.Number(m.lastID()), m.StepTitle(s.ID))
	if p := s.Progress; p.Unit == provision.UnitBytes && p.Total > 0 {
		text += "  " + m.T("wizard.percent", language.Percent(p.Done, p.Total))
	} else if p.Unit == provision.UnitSteps && p.Total > 0 {
		text += "  " + m.T("lines.progress.step-of", language.Amount(p.Done, p.Unit), language.Amount(p.Total, p.Unit))
	}
	return text
}
