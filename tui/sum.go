package tui

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/tracker"
)

// sum is what stays on the terminal after the wizard.
func (m *Model) sum(out io.Writer) {
	f := m.run.Finished
	if f == nil {
		return
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f.Hosts)) {
		b.WriteString(m.hostSum(name, f.Hosts[name]))
	}
	for _, line := range lines.LastingText(m.Words, f.Hosts) {
		b.WriteString(cells.Each(m.Theme.Warn, "", safetext.Text(line)))
	}
	if reached(*f) {
		b.WriteString(m.Theme.Good.Render(m.T("lines.done", f.Changed, language.Duration(f.Duration))) + "\n")
	} else {
		b.WriteString(m.Theme.Bad.Render(m.T("lines.failed", f.Changed, language.Duration(f.Duration))) + "\n")
	}
	if reached(*f) {
		b.WriteString(m.next())
	}
	if file := m.logFile(); file != "" {
		b.WriteString(m.Theme.Faint.Render(m.T("wizard.log.title", file)) + "\n")
	}
	_, _ = io.WriteString(out, b.String())
}

// next is where the site is, and the commands that are of use now.
func (m *Model) next() string {
	var b strings.Builder
	for _, h := range m.run.Hosts {
		if url := address(h); url != "" && !strings.Contains(b.String(), url+"\n") {
			b.WriteString(safetext.Line(url) + "\n")
		}
	}
	flag := ""
	if m.config.Inventory != "inventory.yaml" && m.config.Inventory != "" {
		flag = " -i " + m.config.Inventory
	}
	b.WriteString(m.T("wizard.sum.next") + "\n")
	var rows [][]string
	for _, command := range []string{"logs", "status", "rollback"} {
		rows = append(rows, []string{"  " + m.Theme.Strong.Render("provision "+command+flag), m.Theme.Faint.Render(m.T("wizard.sum.next." + command))})
	}
	return b.String() + cells.Table(rows)
}

// address is the site's page as it was asked for last, over https where it has that.
func address(h *tracker.Host) string {
	url := ""
	for _, check := range h.SiteChecks {
		if check.Location == "" && (url == "" || strings.HasPrefix(check.URL, "https")) {
			url = check.URL
		}
	}
	return url
}

// hostSum is how the run ended on a host; of a single one that is live the last line says enough.
func (m *Model) hostSum(name string, r provision.HostResult) string {
	t, several := m.Theme, m.several()
	var stopped *provision.StoppedError
	switch {
	case r.Err == nil && !several:
		return ""
	case r.Err == nil && r.Changed == 0:
		return t.Good.Render(m.T("wizard.sum.unchanged", safetext.Line(name))) + "\n"
	case r.Err == nil:
		return t.Good.Render(m.T("wizard.sum.live", safetext.Line(name), r.Changed)) + "\n"
	case errors.Is(r.Err, provision.ErrDeclined) && several:
		return t.Warn.Render(m.T("wizard.sum.declined", safetext.Line(name))) + "\n"
	case errors.As(r.Err, &stopped) && stopped.Interrupted:
		text := m.T("wizard.sum.stopped", name)
		if stopped.Left != nil {
			text += "\n" + m.Words.Error(stopped.Left)
		}
		return cells.Each(t.Bad, "", safetext.Text(text))
	}
	return m.failure(name, r.Err)
}

// failure is what the wizard explained of a failure: where it was, what it met, and the cause and cure of the first grave
// finding.
func (m *Model) failure(name string, err error) string {
	t, text := m.Theme, safetext.Text(m.Words.Error(err))
	said := text
	if !strings.HasPrefix(text, name) { // it names the host itself
		said = strings.TrimPrefix(safetext.Line(name)+": ", ": ") + text
	}
	h := m.run.Host(name)
	if h == nil {
		return cells.Each(t.Bad, "", said)
	}
	title, findings := "", h.Findings
	if step := h.Failed(); step != nil {
		title = cells.Each(t.Bad.Bold(true), "", m.T("wizard.fail.title", page.Number(step.ID), m.T("step."+step.ID+".title")))
		findings = step.Findings
	}
	if i := slices.IndexFunc(findings, provision.Finding.Grave); i >= 0 {
		return title + cells.Each(t.Bad, "", said) + m.explained(findings[i], text)
	}
	return title + cells.Each(t.Bad, "", said)
}

// explained is a finding's cause, where the error has not said it already, and its cure.
func (m *Model) explained(f provision.Finding, said string) string {
	text := ""
	if f.Severity == provision.SeverityError && !strings.Contains(said, safetext.Text(f.Cause)) {
		text = cells.Each(m.Theme.Text, "", safetext.Text(f.Cause))
	}
	if f.Fix != "" {
		text += cells.Each(m.Theme.Text, "", m.T("lines.labelled", m.T("lines.fix"), safetext.Text(f.Fix)))
	}
	return text
}
