package page

import (
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/sanitize"
	"github.com/kehuo/provision/tui/tracker"
)

// Failure explains why a run ended early, and offers what can be done about it.
type Failure struct {
	*Common
	width, height int
	step          *tracker.Step // nil where no step failed
	err           error
	findings      []provision.Finding
	menu          menu
}

// NewFailure returns the page for a host that failed with err, at step if it is not nil; files are those that the person may
// want to edit, report tells whether one can be made.
func NewFailure(c *Common, host *tracker.Host, step *tracker.Step, err error, files []string, report bool) *Failure {
	f := &Failure{Common: c, step: step, err: err, menu: menu{Common: c}}
	if step != nil {
		f.findings = graveFirst(step.Findings)
	} else if host != nil {
		f.findings = graveFirst(host.Findings)
	}
	retry := c.T("wizard.fail.retry")
	if step != nil {
		retry = c.T("wizard.fail.retry-from", Number(step.ID))
	}
	f.menu.items = append(f.menu.items, item{"r", retry, RetryMsg{}})
	for i, file := range files {
		f.menu.items = append(f.menu.items, item{string("edvxyz"[i]), c.T("wizard.fail.edit", short(file)), EditMsg{file}})
		if i == 5 {
			break
		}
	}
	f.menu.items = append(f.menu.items, item{"l", c.T("wizard.fail.log"), LogMsg{}})
	if report {
		f.menu.items = append(f.menu.items, item{"s", c.T("wizard.fail.report"), ReportMsg{}})
	}
	f.menu.items = append(f.menu.items, item{"q", c.T("wizard.fail.leave"), LeaveMsg{}})
	return f
}

// short is the end of a path, enough to know the file by.
func short(file string) string {
	dir, name := filepath.Split(file)
	if parent := filepath.Base(dir); dir != "" && parent != "." && parent != "/" {
		return filepath.Join(parent, name)
	}
	return name
}

// SetSize implements Page.
func (f *Failure) SetSize(width, height int) { f.width, f.height = width, height }

// Typing implements Page.
func (f *Failure) Typing() bool { return false }

// Keys implements Page.
func (f *Failure) Keys() []Key {
	return []Key{f.key("enter", "take"), f.key("up down", "choose"), f.key("tab", "output"), f.key("l", "log"), f.key("q", "leave")}
}

// Update implements Page.
func (f *Failure) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok {
		return f.menu.update(k)
	}
	return nil
}

// View implements Page.
func (f *Failure) View() string {
	why := f.why()
	rows, at := f.menu.rows(f.width)
	if room := max(f.height-len(why)-1, f.height/3, 1); len(rows) > room { // the highlighted one stays in sight
		from := min(max(at-room/2, 0), len(rows)-room)
		rows = rows[from : from+room]
	}
	actions := append([]string{""}, rows...)
	space := max(f.height-len(actions), 1)
	if len(why) > space {
		why = append(why[:space-1], f.Theme.Faint.Render("..."))
	}
	return strings.Join(Rows(strings.Join(append(why, actions...), "\n"), f.height), "\n")
}

func (f *Failure) why() []string {
	t := f.Theme
	b := block{width: f.width}
	if f.step != nil {
		b.add(t.Bad.Bold(true), f.T("wizard.fail.title", Number(f.step.ID), f.T("step."+f.step.ID+".title")))
	} else {
		b.add(t.Bad.Bold(true), f.T("wizard.fail.title-run"))
	}
	said := ""
	if f.err != nil {
		said = sanitize.Lines(f.err.Error())
	}
	for _, finding := range f.findings[:min(len(f.findings), 2)] {
		b.gap()
		if finding.Severity == provision.SeverityUnknown && said != "" { // the error knows more than that
			b.add(t.Text, said)
			if strings.Contains(said, sanitize.Lines(finding.Evidence)) {
				finding.Evidence = ""
			}
		} else {
			b.add(t.Text, sanitize.Lines(finding.Cause))
		}
		if finding.Evidence != "" {
			b.gap()
			b.add(t.Warn, sanitize.Lines(finding.Evidence))
		}
		if finding.Fix != "" {
			b.gap()
			b.add(t.Good, sanitize.Lines(finding.Fix))
		}
	}
	if len(f.findings) == 0 {
		b.gap()
		b.add(t.Text, said)
	} else if said != "" && f.findings[0].Severity != provision.SeverityUnknown && f.height >= 20 {
		b.gap()
		b.add(t.Faint, said)
	}
	return b.rows
}

// graveFirst orders findings: those that explain a failure come first.
func graveFirst(findings []provision.Finding) []provision.Finding {
	var grave, others []provision.Finding
	for _, finding := range findings {
		if finding.Severity == provision.SeverityError || finding.Severity == provision.SeverityUnknown {
			grave = append(grave, finding)
		} else {
			others = append(others, finding)
		}
	}
	return append(grave, others...)
}
