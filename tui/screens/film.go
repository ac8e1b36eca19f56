package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// frame is a screen and how long it stands, in milliseconds.
type frame struct {
	rows []string
	ms   int
}

// parseFrames reads a recorded run: screens, each behind a form feed and the milliseconds that it stands.
func parseFrames(text string) ([]frame, error) {
	var frames []frame
	for _, part := range strings.Split(text, "\f")[1:] {
		digits, screen, _ := strings.Cut(part, "\n")
		ms, err := strconv.Atoi(digits)
		if err != nil || ms <= 0 {
			return nil, fmt.Errorf("%q is not how long a screen stands", digits)
		}
		frames = append(frames, frame{strings.Split(strings.TrimRight(screen, "\n"), "\n"), ms})
	}
	if len(frames) == 0 {
		return nil, fmt.Errorf("there are no screens")
	}
	return frames, nil
}

// line is a row of a screen in its place; what is the same in several screens is drawn once.
type line struct {
	row  int
	text string
}

// film draws a recorded run as SVG that plays by itself, again and again. Where it does not play, its last screen stands.
func film(text string) (string, error) {
	frames, err := parseFrames(text)
	if err != nil {
		return "", err
	}
	total, columns, rows := 0, 0, 0
	seen := map[line][][2]int{} // from when to when it is in sight
	for _, f := range frames {
		rows = max(rows, len(f.rows))
		for i, text := range f.rows {
			columns = max(columns, ansi.StringWidth(text))
			at := line{i, text}
			if times := seen[at]; len(times) > 0 && times[len(times)-1][1] == total {
				times[len(times)-1][1] = total + f.ms
			} else if strings.TrimSpace(ansi.Strip(text)) != "" || strings.Contains(text, "\x1b[7m") {
				seen[at] = append(times, [2]int{total, total + f.ms})
			}
		}
		total += f.ms
	}
	lines := make([]line, 0, len(seen))
	for at := range seen {
		lines = append(lines, at)
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(a.row-b.row, seen[a][0][0]-seen[b][0][0], strings.Compare(a.text, b.text))
	})
	var drawn strings.Builder
	for _, at := range lines {
		drawn.WriteString(shown(seen[at], total))
		drawRow(&drawn, at.text, float64(margin+rowHeight*at.row+fontSize))
		drawn.WriteString("</g>\n")
	}
	return sheet(columns, rows, drawn.String()), nil
}

// shown begins a group that is in sight at those times of total.
func shown(times [][2]int, total int) string {
	values, keys := []string{"hidden"}, []string{"0"}
	last := "hidden"
	for _, t := range times {
		if t[0] == 0 {
			values, keys = nil, nil
		}
		values, keys = append(values, "visible"), append(keys, share(t[0], total))
		if last = "visible"; t[1] < total {
			values, keys, last = append(values, "hidden"), append(keys, share(t[1], total)), "hidden"
		}
	}
	group := `<g visibility="` + last + `">`
	if len(values) == 1 {
		return group // all the time
	}
	return group + fmt.Sprintf(`<animate attributeName="visibility" calcMode="discrete" values="%s" keyTimes="%s" dur="%gs" repeatCount="indefinite"/>`,
		strings.Join(values, ";"), strings.Join(keys, ";"), float64(total)/1000) + "\n"
}

func share(at, total int) string { return strconv.FormatFloat(float64(at)/float64(total), 'f', 4, 64) }
