package tui

import (
	"os"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/startup"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
)

// Bubble Tea is initialised by now: see package startup.
var _ = startup.Done()

func environment(env []string) []string {
	if env == nil {
		return os.Environ()
	}
	return env
}

// stepName is a step's number and title: "7 Build the image".
func stepName(words *language.Printer, id string) string {
	number, _, _ := strings.Cut(id, "-")
	if len(number) == 2 && number[0] == '0' {
		number = " " + number[1:]
	}
	return number + " " + words.T("step."+id+".title")
}

// progressLine is a bar, the figures, the rate and the time left; without a bar while the total is unknown.
func progressLine(words *language.Printer, t *theme.Theme, s *tracker.Step, now time.Time, width int) string {
	p := s.Progress
	var parts []string
	if p.Total > 0 {
		parts = append(parts, t.Accent.Render(t.Gauge(p.Done, p.Total, width)))
	}
	parts = append(parts, lines.ProgressText(words, p))
	if p.Unit == provision.UnitBytes {
		if rate := s.Rate.PerSecond(now); rate > 0 {
			parts = append(parts, t.Faint.Render(words.T("wizard.rate", language.Bytes(int64(rate)))))
		}
		if left, ok := s.Rate.Left(now, p.Done, p.Total); ok {
			parts = append(parts, t.Faint.Render(words.T("wizard.left", language.Clock(left))))
		}
	}
	return strings.Join(parts, "  ")
}

// lookup finds a variable in an environment, the last one where it is set twice.
func lookup(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(env[i], name+"="); ok {
			return value
		}
	}
	return ""
}
