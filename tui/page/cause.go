package page

import (
	"strings"

	"github.com/kehuo/provision/provision"
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

// explanation is what is known about the failure: of each finding its cause, the cure and the line that shows it, and last
// what the step said itself. cureFirst turns the first finding around.
func (f *Failure) explanation(cureFirst bool) []pane.Line {
	said := f.said()
	var parts [][]pane.Line
	for i, finding := range f.findings[:min(len(f.findings), 2)] {
		cause, cure := f.cause(finding), f.cure(finding)
		if cureFirst && i == 0 {
			cause, cure = cure, cause
		}
		parts = append(parts, cause, cure)
		if !f.saysNothing(finding) || !strings.Contains(said, finding.Evidence) {
			parts = append(parts, paragraph(pane.Error, finding.Evidence))
		}
	}
	if len(f.findings) == 0 {
		parts = append(parts, paragraph(pane.Output, said))
	} else if !f.saysNothing(f.findings[0]) && f.height >= 20 { // it adds little, and the output has it too
		parts = append(parts, paragraph(pane.Note, said))
	}
	return joined(parts)
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
	if f.err == nil {
		return ""
	}
	return f.err.Error()
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
	return paragraph(pane.Added, f.T("lines.fix")+": "+finding.Fix)
}

// cureIsHidden reports whether the cure of the first finding would end below what is in sight: then it has to come first.
func (f *Failure) cureIsHidden() bool {
	if !f.why.tall || len(f.findings) == 0 || f.findings[0].Fix == "" {
		return false
	}
	rows := 0
	for _, line := range joined([][]pane.Line{f.cause(f.findings[0]), f.cure(f.findings[0])}) {
		rows += len(Wrap(line.Text, f.width))
	}
	return rows > f.room()-1
}
