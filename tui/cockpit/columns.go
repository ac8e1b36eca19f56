package cockpit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/tui/cells"
)

// column is a column of the hosts.
type column struct {
	key   string // of its head: dash.column.KEY
	width int    // in cells; its head may need more
	rank  int    // where there is no room for all, those of the highest rank go first
	cell  func(*Model, survey.Reading) (string, lipgloss.Style)
}

func columns() []column {
	return []column{
		{"host", 4, 0, (*Model).name},
		{"state", 11, 1, (*Model).state},
		{"release", 12, 6, (*Model).release},
		{"age", 7, 8, (*Model).age},
		{"answer", 10, 2, (*Model).answer},
		{"latency", sparkWidth, 10, (*Model).spark},
		{"cpu", 4, 3, func(m *Model, h survey.Reading) (string, lipgloss.Style) { return m.share(h.Pulse.CPU, h) }},
		{"memory", 4, 4, func(m *Model, h survey.Reading) (string, lipgloss.Style) { return m.share(h.Pulse.Memory, h) }},
		{"disk", 4, 5, func(m *Model, h survey.Reading) (string, lipgloss.Style) { return m.share(h.Pulse.Disk, h) }},
		{"certificate", 6, 7, (*Model).certificate},
		{"dns", 5, 11, (*Model).dns},
		{"source", 7, 9, (*Model).drift},
	}
}

// fitting are the columns that there is room for, wide enough for their heads. A column that is too wide leaves its place to
// those of a higher rank.
func (m *Model) fitting() []column {
	list := columns()
	for _, h := range m.hosts {
		list[0].width = max(list[0].width, min(ansi.StringWidth(m.clean(h.Host)), longestName))
	}
	list[0].width = min(list[0].width, m.width/4)
	for i := range list {
		list[i].width = max(list[i].width, ansi.StringWidth(m.words.T("dash.column."+list[i].key)))
	}
	room := m.width - pointerWidth + cells.Gutter
	fits := map[string]bool{}
	for _, c := range slices.SortedFunc(slices.Values(list), func(a, b column) int { return cmp.Compare(a.rank, b.rank) }) {
		if c.width+cells.Gutter <= room {
			room -= c.width + cells.Gutter
			fits[c.key] = true
		}
	}
	return slices.DeleteFunc(list, func(c column) bool { return !fits[c.key] })
}

const (
	pointerWidth = 2
	longestName  = 24
)

// head is the row above the hosts.
func (m *Model) head(list []column) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, cells.Fit(m.words.T("dash.column."+c.key), c.width))
	}
	return m.theme.Faint.Render(strings.TrimRight("  "+strings.Join(parts, "  "), " "))
}

// row is a host's. What is not known from now stands there faintly.
func (m *Model) row(list []column, h survey.Reading, chosen bool) string {
	var parts []string
	for _, c := range list {
		text, style := c.cell(m, h)
		if m.stale(h) && c.key != "host" && c.key != "state" {
			style = m.theme.Faint
		}
		if chosen && c.key == "host" {
			style = m.theme.Chosen
		}
		text = cells.Fit(text, c.width)
		trimmed := strings.TrimRight(text, " ")
		parts = append(parts, style.Render(trimmed)+text[len(trimmed):])
	}
	pointer := "  "
	if chosen {
		pointer = m.theme.Accent.Render(m.theme.Pointer) + " "
	}
	return strings.TrimRight(pointer+strings.Join(parts, "  "), " ")
}

// stale reports whether what is known of a host is not from now.
func (m *Model) stale(h survey.Reading) bool {
	return h.Link != survey.LinkUp || m.now().Sub(h.At) > m.patience
}

func (m *Model) name(h survey.Reading) (string, lipgloss.Style) { return m.clean(h.Host), m.theme.Text }

func (m *Model) state(h survey.Reading) (string, lipgloss.Style) {
	live := h.Live()
	switch {
	case h.Link == survey.LinkOpening:
		return m.words.T("dash.connecting"), m.theme.Faint
	case h.At.IsZero():
		return m.words.T("dash.unreachable"), m.theme.Bad
	case h.Link == survey.LinkDown:
		return m.words.T("dash.lost", m.words.Age(m.now().Sub(h.At))), m.theme.Bad
	case m.stale(h):
		return m.words.T("dash.silent-for", m.words.Age(m.now().Sub(h.At))), m.theme.Warn
	case h.Facts == nil || h.Facts.DockerError != "":
		return m.words.T("dash.unknown"), m.theme.Warn
	case live == nil:
		return m.words.T("dash.absent"), m.theme.Warn
	case live.Up():
		return m.words.T("dash.running"), m.theme.Good
	}
	return m.clean(live.State.Status), m.theme.Bad
}

func (m *Model) release(h survey.Reading) (string, lipgloss.Style) {
	return m.clean(h.Release()), m.theme.Text
}

// age is for how long the container has run.
func (m *Model) age(h survey.Reading) (string, lipgloss.Style) {
	live := h.Live()
	if live == nil || !live.State.Running {
		return "", m.theme.Text
	}
	return m.words.Age(m.now().Sub(live.State.StartedAt)), m.theme.Text
}

func (m *Model) answer(h survey.Reading) (string, lipgloss.Style) {
	last, ok := h.Last()
	switch {
	case !ok:
		return "", m.theme.Text
	case last.Answer.Status == 0:
		return m.words.T("dash.no-answer"), m.theme.Bad
	case last.Err != nil:
		return answered(last), m.theme.Bad
	}
	return answered(last), m.theme.Text
}

func answered(a survey.Answered) string {
	return strconv.Itoa(a.Answer.Status) + " " + language.Duration(a.Answer.Duration)
}

// sparkWidth is how many answers the sparkline shows.
const sparkWidth = 12

// spark draws how long the last answers took, the longest of them as high as it goes; one that was wrong is a cross.
func (m *Model) spark(h survey.Reading) (string, lipgloss.Style) {
	asked := h.Asked[max(0, len(h.Asked)-sparkWidth):]
	var slowest time.Duration
	for _, a := range asked {
		slowest = max(slowest, a.Answer.Duration)
	}
	var b strings.Builder
	for _, a := range asked {
		if a.Err != nil || slowest == 0 {
			b.WriteString(m.theme.Failed)
			continue
		}
		levels := m.theme.Levels
		b.WriteString(levels[min(int(float64(a.Answer.Duration)/float64(slowest)*float64(len(levels))), len(levels)-1)])
	}
	return b.String(), m.theme.Accent
}

// mostShare is from where on a share is set off: little is left.
const mostShare = 0.9

func (m *Model) share(share float64, h survey.Reading) (string, lipgloss.Style) {
	switch {
	case h.At.IsZero() || share < 0:
		return "", m.theme.Text
	case share >= mostShare:
		return percent(share), m.theme.Warn
	}
	return percent(share), m.theme.Text
}

func percent(share float64) string { return fmt.Sprintf("%3.0f%%", share*100) }

// days is how many days the certificate is good for; ok is false where none was seen.
func (m *Model) days(h survey.Reading) (days int, ok bool) {
	for _, a := range slices.Backward(h.Asked) {
		if a.Answer.Certificate != nil {
			return probe.DaysLeft(a.Answer.Certificate, m.now()), true
		}
	}
	return 0, false
}

func (m *Model) certificate(h survey.Reading) (string, lipgloss.Style) {
	days, ok := m.days(h)
	if !ok {
		return "", m.theme.Text
	}
	return m.words.T("dash.days", days), m.verdict(survey.CertificateVerdict(days))
}

func (m *Model) verdict(v provision.Severity) lipgloss.Style {
	switch v {
	case provision.SeverityError:
		return m.theme.Bad
	case provision.SeverityWarning:
		return m.theme.Warn
	}
	return m.theme.Text
}

// dns is whether visitors are sent to the host.
func (m *Model) dns(h survey.Reading) (string, lipgloss.Style) {
	switch n := h.Names; {
	case n.At.IsZero() || n.Domain == "":
		return "", m.theme.Text
	case n.Err != nil:
		return m.words.T("dash.dns.none"), m.theme.Warn
	case n.Here():
		return m.words.T("dash.dns.here"), m.theme.Text
	}
	return m.words.T("dash.dns.elsewhere"), m.theme.Warn
}

// drift is whether the source here is what is live.
func (m *Model) drift(h survey.Reading) (string, lipgloss.Style) {
	switch drifted, known := m.wanted[h.Host].Drifted(h.Facts); {
	case !known:
		return "", m.theme.Text
	case drifted:
		return m.words.T("dash.differs"), m.theme.Warn
	}
	return m.words.T("dash.same"), m.theme.Text
}
