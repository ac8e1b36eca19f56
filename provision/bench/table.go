package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of a table: a work, and how long it took the program and the one it is compared with.
type row struct {
	work         string
	against      string
	ours, theirs []time.Duration
	goal         float64       // the ratio to reach
	floor        time.Duration // what the link alone costs: round trips, and bytes over its rate
	trips        int64         // round trips in sequence
	sent         int64         // bytes to the host
	memory       int64         // the program's peak, in bytes
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

func (r row) ratio() float64 { return median(r.ours).Seconds() / median(r.theirs).Seconds() }

// print writes rows as a table that Markdown takes as well.
func print(w io.Writer, rows []row) error {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	head := []string{"work", "against", "theirs", "provision", "ratio", "to reach", "floor", "round trips", "sent", "peak memory"}
	line := func(cells []string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, "\t| ")) }
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, r := range rows {
		goal := fmt.Sprintf("%.2f yes", r.goal)
		switch {
		case r.goal == 0:
			goal = "-"
		case r.ratio() > r.goal:
			goal = fmt.Sprintf("%.2f NO", r.goal)
		}
		line([]string{r.work, r.against, seconds(median(r.theirs)), seconds(median(r.ours)), fmt.Sprintf("%.2f", r.ratio()),
			goal, seconds(r.floor), fmt.Sprint(r.trips), mebi(r.sent), memory(r.memory)})
	}
	return out.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func mebi(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
