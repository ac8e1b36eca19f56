package prepare

import (
	"strings"
)

// around is how many lines are shown around a difference.
const around = 3

// Diff is what differs between two texts of a file, as a unified diff with a single hunk; empty where nothing does.
func Diff(path, before, after string) string {
	if before == after {
		return ""
	}
	a, b := split(before), split(after)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var d strings.Builder
	d.WriteString("--- " + path + "\n+++ " + path + "\n")
	write := func(mark string, lines []string) {
		for _, line := range lines {
			d.WriteString(mark + line + "\n")
		}
	}
	write(" ", a[max(0, start-around):start])
	write("-", a[start:len(a)-end])
	write("+", b[start:len(b)-end])
	write(" ", a[len(a)-end:min(len(a), len(a)-end+around)])
	return d.String()
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
