package page

import (
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/pane"
	"github.com/kehuo/provision/tui/tracker"
)

// Failure explains why a run ended early, and offers what can be done about it.
type Failure struct {
	*Common
	frame
	host     bool          // one was reached: there is output to look at
	step     *tracker.Step // nil where no step failed
	err      error
	findings []provision.Finding
	why      *reader
	menu     menu
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

// Keys implements Page.
func (f *Failure) Keys() []Key {
	keys := append([]Key{f.key("enter", "take")}, f.why.keys()...)
	keys = append(keys, f.arrows("choose"))
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
	return cells.Stack(append(rows, f.menu.window(f.width, f.height-len(rows))...), f.height)
}

func (f *Failure) title() []string {
	b := block{width: f.width}
	if f.step != nil {
		b.add(f.Theme.Bad.Bold(true), f.T("wizard.fail.title", Number(f.step.ID), f.T("step."+f.step.ID+".title")))
	} else {
		b.add(f.Theme.Bad.Bold(true), f.T("wizard.fail.title-run"))
	}
	if provision.ExitCode(f.err) == provision.ExitKeptOld {
		b.add(f.Theme.Strong, f.T("wizard.fail.kept-old"))
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

// paragraph is lines of one kind.
func paragraph(kind pane.Kind, text string) []pane.Line {
	var list []pane.Line
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		list = append(list, pane.Line{Kind: kind, Text: strings.TrimSuffix(line, "\r")})
	}
	return list
}

// order is how the first finding is told where there is little room: the cure has to be in sight, and as much of the cause as
// there is place for above it.
type order int

const (
	causeFirst    order = iota // the cause, the cure
	sentenceFirst              // the first sentence of the cause, the cure, the rest
	startFirst                 // as many rows of that sentence as there is room for, the cure, the cause
	cureFirst                  // the cure, the cause
)

// explanation is what is known about the failure: of each finding its cause, the cure and the line that shows it, and last
// what the step said itself.
func (f *Failure) explanation(o order) []pane.Line {
	said := f.said()
	var parts [][]pane.Line
	for i, finding := range f.findings[:min(len(f.findings), 2)] {
		if i == 0 {
			parts = append(parts, f.first(o)...)
		} else {
			parts = append(parts, f.cause(finding), f.cure(finding))
		}
		if !f.saysNothing(finding) || !strings.Contains(said, finding.Evidence) {
			parts = append(parts, paragraph(pane.Error, finding.Evidence))
		}
	}
	if len(f.findings) == 0 {
		parts = append(parts, paragraph(pane.Output, said))
	} else if first := f.findings[0]; !f.saysNothing(first) && f.height >= 20 && !repeats(said, first) { // it adds little
		parts = append(parts, paragraph(pane.Note, said))
	}
	return joined(parts)
}

// repeats reports whether an error says no more than the finding that explains it.
func repeats(said string, finding provision.Finding) bool {
	return finding.Evidence != "" && strings.Contains(said, strings.TrimSpace(finding.Evidence)) ||
		strings.Contains(said, strings.TrimSpace(finding.Cause))
}

// first is the first finding in the given order; the cause and the cure of one part stand close together.
func (f *Failure) first(o order) [][]pane.Line {
	finding := f.findings[0]
	cause, cure := f.cause(finding), f.cure(finding)
	switch o {
	case sentenceFirst:
		sentence, rest := firstSentence(cause)
		return [][]pane.Line{append(sentence, cure...), rest}
	case startFirst:
		return [][]pane.Line{append(f.start(cause, cure), cure...), cause}
	case cureFirst:
		return [][]pane.Line{cure, cause}
	}
	return [][]pane.Line{cause, cure}
}

// start is the beginning of the cause, in the rows that the cure leaves.
func (f *Failure) start(cause, cure []pane.Line) []pane.Line {
	sentence, _ := firstSentence(cause)
	rows := cells.Wrap(safetext.Line(sentence[0].Text), f.width)
	room := max(f.most()-1-f.count(cure), 1)
	var list []pane.Line
	for i, row := range rows[:min(len(rows), room)] {
		if i == room-1 && len(rows) > room {
			row = cells.Cut(strings.Join(rows[i:], " "), f.width)
		}
		list = append(list, pane.Line{Kind: cause[0].Kind, Text: row})
	}
	return list
}

// count is how many rows lines take.
func (f *Failure) count(list []pane.Line) int {
	rows := 0
	for _, line := range list {
		rows += len(cells.Wrap(safetext.Line(line.Text), f.width))
	}
	return rows
}

// firstSentence parts a paragraph behind its first sentence.
func firstSentence(list []pane.Line) (sentence, rest []pane.Line) {
	first := list[0]
	for _, end := range []string{". ", "。"} {
		if i := strings.Index(first.Text, end); i >= 0 {
			i += len(strings.TrimSpace(end))
			if left := strings.TrimSpace(first.Text[i:]); left != "" {
				rest = []pane.Line{{Kind: first.Kind, Text: left}}
			}
			first.Text = first.Text[:i]
			break
		}
	}
	return []pane.Line{first}, append(rest, list[1:]...)
}

// joined puts an empty line between parts that are not empty.
func joined(parts [][]pane.Line) []pane.Line {
	var list []pane.Line
	for _, part := range parts {
		if len(part) == 0 || len(part) == 1 && part[0].Text == "" {
			continue
		}
		if len(list) > 0 {
			list = append(list, pane.Line{})
		}
		list = append(list, part...)
	}
	return list
}

func (f *Failure) said() string {
	return f.Words.Error(f.err)
}

// saysNothing reports whether the error knows more than a finding that knows no cause.
func (f *Failure) saysNothing(finding provision.Finding) bool {
	return finding.Severity == provision.SeverityUnknown && f.err != nil
}

func (f *Failure) cause(finding provision.Finding) []pane.Line {
	if f.saysNothing(finding) {
		return paragraph(pane.Output, f.said())
	}
	return paragraph(pane.Output, finding.Cause)
}

func (f *Failure) cure(finding provision.Finding) []pane.Line {
	if finding.Fix == "" {
		return nil
	}
	return paragraph(pane.Added, f.T("lines.labelled", f.T("lines.fix"), finding.Fix))
}

// cureIsHidden reports whether the cure of the first finding ends below what is in sight when it is told in that order.
func (f *Failure) cureIsHidden(o order) bool {
	if !f.why.tall || len(f.findings) == 0 || f.findings[0].Fix == "" {
		return false
	}
	parts := f.first(o)
	if o == causeFirst {
		parts = parts[:2]
	} else {
		parts = parts[:1] // with the cure at its end
	}
	return f.count(joined(parts)) > f.room()-1
}
