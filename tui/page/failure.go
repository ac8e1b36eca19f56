package page

import (
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/lines"
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
func NewFailure(c *Common, host *tracker.Host, step *tracker.Step, err error, files []File, report bool) *Failure {
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
	f.menu.items = append(f.menu.items, item{keymap.Key(keymap.Retry), retry, RetryMsg{}})
	keys := keymap.Keys(keymap.Edit)
	for i, file := range files[:min(len(files), len(keys))] {
		f.menu.items = append(f.menu.items, item{keys[i], c.T("wizard.fail.edit", lines.Place(short(file.Path), file.Line)), EditMsg{file}})
	}
	f.menu.items = append(f.menu.items, item{keymap.Key(keymap.Log), c.T("wizard.fail.log"), LogMsg{}})
	if report {
		f.menu.items = append(f.menu.items, item{keymap.Key(keymap.Report), c.T("wizard.fail.report"), ReportMsg{}})
	}
	f.menu.items = append(f.menu.items, item{keymap.Key(keymap.Leave), c.T("wizard.fail.leave"), LeaveMsg{}})
	return f
}

// File is a file of this machine that a person may want to edit, and the line to begin at; 0: the first.
type File struct {
	Path string
	Line int
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
	f.why.fill(f.explanation())
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

// Menu is what can be done, each with its key.
func (f *Failure) Menu() []Key {
	var keys []Key
	for _, it := range f.menu.items {
		keys = append(keys, Key{it.key, it.label})
	}
	return keys
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
	if f.height >= 16 {
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

// explanation is what is known about the failure: of each finding its cause, the line that shows it, and the cure; last what the
// step said itself.
func (f *Failure) explanation() []pane.Line {
	said := f.said()
	if len(f.findings) == 0 {
		return paragraph(pane.Output, said)
	}
	first := f.findings[0]
	var more [][]pane.Line
	if len(f.findings) > 1 {
		second := f.findings[1]
		more = append(more, f.cause(second), f.evidence(second, said), f.cure(second))
	}
	if !f.saysNothing(first) && f.height >= 20 && !repeats(said, first) { // it adds little
		more = append(more, paragraph(pane.Note, said))
	}
	return joined(append(f.fitted(f.cause(first), f.evidence(first, said), f.cure(first), len(more) > 0), more...))
}

// fitted are cause, evidence and cure, all of them in sight: where there is too little room for that, what is told of the first two
// is shortened, and stands whole below the cure. A row tells of what is out of sight.
func (f *Failure) fitted(cause, evidence, cure []pane.Line, more bool) [][]pane.Line {
	room := f.most()
	if more {
		room--
	}
	if f.count(joined([][]pane.Line{cause, evidence, cure})) <= room {
		return [][]pane.Line{cause, evidence, cure}
	}
	if !more {
		room--
	}
	rows := max(room-f.count(cure), 1)
	shown := min(f.count(evidence), max(rows-f.count(cause), 1))
	if rows < 2 {
		shown = 0
	}
	short, cut := f.firstRows(cause, max(rows-shown, 1))
	quoted, rest := f.firstRows(evidence, shown)
	return [][]pane.Line{append(append(short, quoted...), cure...), cut, rest}
}

// firstRows are lines in so many rows at most, and all of them again where that is not all: the first sentence, if that fits.
func (f *Failure) firstRows(list []pane.Line, rows int) (short, whole []pane.Line) {
	if f.count(list) <= rows || len(list) == 0 {
		return list, nil
	}
	if rows == 0 {
		return nil, list
	}
	if sentence, rest := firstSentence(list); f.count(sentence) <= rows {
		return sentence, rest
	}
	wrapped := cells.Wrap(safetext.Line(list[0].Text), f.width)
	for i, row := range wrapped[:min(len(wrapped), rows)] {
		if i == rows-1 {
			row = cells.Cut(strings.Join(append(wrapped[i:], ".."), " "), f.width)
		}
		short = append(short, pane.Line{Kind: list[0].Kind, Text: row})
	}
	return short, list
}

// repeats reports whether an error says no more than the finding that explains it.
func repeats(said string, finding provision.Finding) bool {
	return finding.Evidence != "" && strings.Contains(said, strings.TrimSpace(finding.Evidence)) ||
		strings.Contains(said, strings.TrimSpace(finding.Cause))
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

// evidence is the line that shows it, with its place in the site's files, where neither the cause nor the error has said it.
func (f *Failure) evidence(finding provision.Finding, said string) []pane.Line {
	if finding.Evidence == "" || f.saysNothing(finding) && strings.Contains(said, finding.Evidence) || strings.Contains(finding.Cause, finding.Evidence) {
		return nil
	}
	list := paragraph(pane.Error, finding.Evidence)
	if finding.File != "" {
		list[0].Text = f.T("lines.labelled", lines.Place(finding.File, finding.Line), list[0].Text)
	}
	return list
}

func (f *Failure) cure(finding provision.Finding) []pane.Line {
	if finding.Fix == "" {
		return nil
	}
	return paragraph(pane.Added, f.T("lines.labelled", f.T("lines.fix"), finding.Fix))
}
