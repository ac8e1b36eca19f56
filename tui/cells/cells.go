// Package cells lays text out in the cells of a terminal, by the width that characters have there and whatever their styles.
package cells

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// Wrap breaks text into rows of at most width cells, at spaces and behind the marks of Chinese where it can; names with
// hyphens stay whole.
func Wrap(text string, width int) []string {
	const solid = "\u2011" // a hyphen that does not break, of the same width
	text = strings.ReplaceAll(text, "-", solid)
	return strings.Split(strings.ReplaceAll(ansi.Wrap(text, max(width, 1), "，、。：；？！）"), solid, "-"), "\n")
}

// Cut makes text at most width cells wide.
func Cut(text string, width int) string { return ansi.Truncate(text, max(width, 0), "..") }

// Fit makes text exactly width cells wide.
func Fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	text = Cut(text, width)
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// Rows cuts or fills rows to height.
func Rows(rows []string, height int) []string {
	for len(rows) < height {
		rows = append(rows, "")
	}
	return rows[:max(height, 0)]
}

// Stack is Rows as text.
func Stack(rows []string, height int) string { return strings.Join(Rows(rows, height), "\n") }

// Gutter is the empty space between two columns.
const Gutter = 2

// Columns puts two columns side by side, the left one width cells wide.
func Columns(left []string, width int, right []string, height int) string {
	rows := make([]string, max(height, 0))
	for i := range rows {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		rows[i] = strings.TrimRight(Fit(l, width)+strings.Repeat(" ", Gutter)+r, " ")
	}
	return strings.Join(rows, "\n")
}

// Table aligns the cells of rows; further lines of a last cell stand below its first one. The text must be safe already.
func Table(rows [][]string) string {
	var width []int
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], ansi.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		indent := 0
		for i, cell := range row[:len(row)-1] {
			b.WriteString(cell + strings.Repeat(" ", width[i]-ansi.StringWidth(cell)+Gutter))
			indent += width[i] + Gutter
		}
		b.WriteString(Hang(row[len(row)-1], strings.Repeat(" ", indent)) + "\n")
	}
	return b.String()
}

// Hang puts the further lines of text behind indent.
func Hang(text, indent string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+indent)
}

// Each renders each line of text by itself, behind indent: a style of several lines at once fills them up to the longest.
func Each(style lipgloss.Style, indent, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(indent + style.Render(line) + "\n")
	}
	return b.String()
}
