package page

import "strings"

// ListWidth is how wide the list of steps is on a screen of that width; 0 where there is no room for one.
func ListWidth(width int) int {
	switch {
	case width < 64:
		return 0
	case width < 100:
		return 34
	}
	return 44
}

// gutter is the empty space between two columns.
const gutter = 2

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
		rows[i] = strings.TrimRight(Fit(l, width)+strings.Repeat(" ", gutter)+r, " ")
	}
	return strings.Join(rows, "\n")
}
