package cockpit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/kehuo/provision/provision/survey/sitelog"
	"github.com/kehuo/provision/tui/cells"
)

// The columns of the requests, in cells.
const (
	classWidth  = 6
	numberWidth = 11
)

// requests are the rows of the pane: requests a minute by class of status, and the last that failed.
func (m *Model) requests() []string {
	if m.traffic.None() {
		var rows []string
		for line := range strings.SplitSeq(m.words.T("dash.requests.none"), "\n") {
			rows = append(rows, cells.Wrap(line, m.width)...)
		}
		for i := range rows {
			rows[i] = m.theme.Faint.Render(rows[i])
		}
		return rows
	}
	head := cells.Fit("", classWidth)
	for _, key := range []string{"now", "before", "hour"} {
		head += cells.Fit(m.words.T("dash.requests."+key), numberWidth)
	}
	minutes := min(max(m.width-classWidth-3*numberWidth, 0), sitelog.Minutes)
	rows := []string{m.theme.Faint.Render(strings.TrimRight(head+cells.Cut(m.words.T("dash.requests.minutes", minutes), minutes), " "))}
	for class := range sitelog.Classes {
		rows = append(rows, m.class(class, minutes))
	}
	failed := m.traffic.Failed()
	if len(failed) == 0 {
		return rows
	}
	rows = append(rows, "", m.theme.Faint.Render(m.words.T("dash.requests.failed")))
	for _, r := range failed {
		status := m.classStyle(r.Class()).Render(strconv.Itoa(r.Status))
		rows = append(rows, cells.Cut(r.At.In(m.now().Location()).Format(time.TimeOnly)+"  "+status+"  "+m.clean(r.Text), m.width))
	}
	return rows
}

// class is the row of a class of status.
func (m *Model) class(class, minutes int) string {
	counts := m.traffic.Counts(class, m.now())
	sum := 0
	for _, n := range counts {
		sum += n
	}
	text := cells.Fit(fmt.Sprintf("%dxx", class+2), classWidth)
	for _, n := range []int{counts[sitelog.Minutes-1], counts[sitelog.Minutes-2], sum} {
		text += cells.Fit(strconv.Itoa(n), numberWidth)
	}
	style := m.theme.Faint
	if sum > 0 {
		style = m.classStyle(class)
	}
	return strings.TrimRight(style.Render(text)+m.bars(counts[sitelog.Minutes-minutes:]), " ")
}

// classStyle sets off what went wrong.
func (m *Model) classStyle(class int) lipgloss.Style {
	switch class {
	case 3:
		return m.theme.Bad
	case 2:
		return m.theme.Warn
	}
	return m.theme.Text
}

// bars draws counts, the most at full height; none at all is empty.
func (m *Model) bars(counts []int) string {
	most := slices.Max(append([]int{0}, counts...))
	levels := m.theme.Levels
	var b strings.Builder
	for _, n := range counts {
		if n == 0 {
			b.WriteString(" ")
			continue
		}
		b.WriteString(levels[min(n*len(levels)/most, len(levels)-1)])
	}
	return m.theme.Accent.Render(strings.TrimRight(b.String(), " "))
}
