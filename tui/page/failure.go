package page

import (
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/tracker"
)

// Failure explains why a run ended early, and offers what can be done about it.
type Failure struct {
	*Common
	width, height int
	host          bool          // one was reached: there is output to look at
	step          *tracker.Step // nil where no step failed
	err           error
	findings      []provision.Finding
	why           *reader
	menu          menu
}

// NewFailure returns the page for a host that failed with err, at step if it is not nil; files are those that the person may
// want to edit, report tells whether one can be made.
func NewFailure(c *Common, host *tracker.Host, step *tracker.Step, err error, files []string, report bool) *Failure {
	f := &Failure{Common: c, host: host != nil, step: step, err: err, why: newReader(c), menu: menu{Common: c}}
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
func (f *Failure) SetSize(width, height int) {
	if f.width == width && f.height == height {
		return
	}
	f.width, f.height = width, height
	f.why.pane.SetSize(width, height) // lines take other rows at another width
	for o := causeFirst; o <= cureFirst; o++ {
		if f.fill(o); !f.cureIsHidden(o) {
			break
		}
	}
}

func (f *Failure) fill(o order) {
	f.why.fill(f.explanation(o))
	f.why.setSize(f.width, f.room())
}

// room is how many rows the explanation has between the title and the actions, of which it leaves some in sight.
func (f *Failure) room() int {
	return max(min(f.why.pane.Rows(f.height), f.most()), 1)
}

// most is how many rows there are for it.
func (f *Failure) most() int {
	actions, _ := f.menu.rows(f.width)
	return f.height - len(f.title()) - 1 - min(len(actions), max(f.height/3, 1))
}

// Typing implements Page.
func (f *Failure) Typing() bool { return false }

// Keys implements Page.
func (f *Failure) Keys() []Key {
	keys := append([]Key{f.key("enter", "take")}, f.why.keys()...)
	keys = append(keys, f.key("up down", "choose"))
	if f.host {
		keys = append(keys, f.key("tab", "output"))
	}
	return append(keys, f.key("l", "log"), f.key("q", "leave"))
}

// Update implements Page.
func (f *Failure) Update(msg tea.Msg) tea.Cmd {
	if scrolls(msg) {
		return f.why.pane.Update(msg)
	}
	if k, ok := msg.(tea.KeyMsg); ok {
		return f.menu.update(k)
	}
	return nil
}

// View implements Page.
func (f *Failure) View() string {
	rows := append(f.title(), f.why.view()...)
	rows = append(rows, "")
	return strings.Join(cells.Rows(strings.Join(append(rows, f.menu.window(f.width, f.height-len(rows))...), "\n"), f.height), "\n")
}

func (f *Failure) title() []string {
	b := block{width: f.width}
	if f.step != nil {
		b.add(f.Theme.Bad.Bold(true), f.T("wizard.fail.title", Number(f.step.ID), f.T("step."+f.step.ID+".title")))
	} else {
		b.add(f.Theme.Bad.Bold(true), f.T("wizard.fail.title-run"))
	}
	if f.height >= 12 {
		b.gap()
	}
	return b.rows
}

// graveFirst orders findings: those that explain a failure come first.
func graveFirst(findings []provision.Finding) []provision.Finding {
	var grave, others []provision.Finding
	for _, finding := range findings {
		if finding.Grave() {
			grave = append(grave, finding)
		} else {
			others = append(others, finding)
		}
	}
	return append(grave, others...)
}
