package page

import (
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/pane"
)

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
