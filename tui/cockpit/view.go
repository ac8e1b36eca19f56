package cockpit

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/tui/cells"
)

// clean is text from a host as it may be shown: harmless, one line, without the known secrets.
func (m *Model) clean(text string) string { return safetext.Line(m.hide(text)) }

// hostsTop is the first row of the hosts: below the title and the heads.
func (m *Model) hostsTop() int { return 2 }

// airy reports whether there is room for empty rows.
func (m *Model) airy() bool { return m.height >= 20 }

// hostRows is how many hosts are in sight: half of the screen, and one alone while a low one shows the pane.
func (m *Model) hostRows() int {
	most := max((m.height-4)/2, 1)
	if m.inPane && !m.airy() {
		most = 1
	} else if !m.airy() {
		most = max((m.height-4)/3, 1)
	}
	return max(min(len(m.listed), most), 1)
}

// paneRows is how many rows the pane has.
func (m *Model) paneRows() int {
	rows := m.height - m.hostsTop() - m.hostRows() - 2 // its title and the keys
	if m.airy() {
		rows -= 2
	}
	if m.trouble() != "" && m.view != viewHost { // there it stands in full
		rows--
	}
	return max(rows, 1)
}

// View implements tea.Model.
func (m *Model) View() string {
	m.top = min(max(m.top, m.at-m.hostRows()+1), m.at) // the chosen host is in sight
	m.top = max(min(m.top, len(m.listed)-m.hostRows()), 0)
	rows := []string{m.title()}
	if m.help != nil {
		m.help.SetSize(m.width, max(m.height-3, 1))
		rows = append(rows, "")
		rows = append(rows, strings.Split(m.help.View(), "\n")...)
	} else {
		rows = append(rows, m.table()...)
		if m.airy() {
			rows = append(rows, "")
		}
		rows = append(rows, m.tabs())
		if trouble := m.trouble(); trouble != "" && m.view != viewHost {
			rows = append(rows, m.theme.Warn.Render(cells.Cut(trouble, m.width)))
		}
		rows = append(rows, m.body()...)
	}
	rows = cells.Rows(rows, max(m.height-1, 1))
	for i := range rows {
		rows[i] = ansi.Truncate(rows[i], m.width, "")
	}
	return strings.Join(append(rows, ansi.Truncate(m.foot(), m.width, "")), "\n")
}

// title is the site, how many hosts are live, and the time.
func (m *Model) title() string {
	up := 0
	for _, h := range m.hosts {
		if live := h.Live(); !m.stale(h) && live != nil && live.Up() {
			up++
		}
	}
	text := m.theme.Strong.Render("provision dash") + "  " + m.clean(m.site) + "  "
	count := m.words.T("dash.count", up, len(m.hosts))
	if len(m.listed) > m.hostRows() {
		count += fmt.Sprintf("  %d-%d/%d", m.top+1, min(m.top+m.hostRows(), len(m.listed)), len(m.listed))
	}
	clock := m.now().Format(time.TimeOnly)
	return cells.Fit(text+m.theme.Faint.Render(count), m.width-len(clock)-1) + " " + m.theme.Faint.Render(clock)
}

// table is the head and the hosts in sight.
func (m *Model) table() []string {
	list, height := m.fitting(), m.hostRows()
	rows := []string{m.head(list)}
	for i := m.top; i < len(m.listed) && i < m.top+height; i++ {
		rows = append(rows, m.row(list, m.hosts[m.listed[i]], i == m.at))
	}
	if len(m.listed) == 0 {
		rows = append(rows, m.theme.Warn.Render("  "+m.words.T("dash.none-left", m.filter)))
	}
	return rows
}

// names are those of the panes, as they stand above them.
func (m *Model) names() []string {
	var list []string
	for i, key := range []string{"log", "requests", "releases", "containers", "host"} {
		text := fmt.Sprintf("%d %s", i+1, m.words.T("dash.view."+key))
		if view(i) == viewLog && m.level != levelAll {
			text += " (" + m.words.T("dash.level."+m.level) + ")"
		}
		list = append(list, text)
	}
	return list
}

// tabsTop is the row of the panes' names.
func (m *Model) tabsTop() int {
	top := m.hostsTop() + m.hostRows()
	if m.airy() {
		top++
	}
	return top
}

// tabAt is the pane whose name stands at a column; ok is false where none does.
func (m *Model) tabAt(x int) (v view, ok bool) {
	for i, text := range m.names() {
		width := pointerWidth + ansi.StringWidth(text)
		if x < width {
			return view(i), true
		}
		x -= width + 1
	}
	return 0, false
}

// tabs names the panes, the one that is shown with a pointer before it, and the host that it is about.
func (m *Model) tabs() string {
	var parts []string
	for i, text := range m.names() {
		switch {
		case view(i) != m.view:
			parts = append(parts, "  "+m.theme.Faint.Render(text))
		case m.inPane:
			parts = append(parts, m.theme.Accent.Render(m.theme.Pointer)+" "+m.theme.Chosen.Render(text))
		default:
			parts = append(parts, m.theme.Accent.Render(m.theme.Pointer)+" "+m.theme.Strong.Render(text))
		}
	}
	left, right := strings.Join(parts, " "), m.clean(m.chosen().Host)
	if url := m.url(m.chosen()); url != "" {
		right += "  " + m.clean(url)
	}
	room := m.width - ansi.StringWidth(left) - cells.Gutter
	if room < 4 {
		return left
	}
	return left + strings.Repeat(" ", cells.Gutter) + m.theme.Faint.Render(cells.Cut(right, room))
}

// trouble is what is wrong with the chosen host, in one line; empty for nothing.
func (m *Model) trouble() string {
	h := m.chosen()
	switch {
	case h.Err != nil:
		return m.line(m.words.Error(h.Err))
	case h.Facts != nil && h.Facts.DockerError != "":
		return m.line(h.Facts.DockerError)
	}
	if last, ok := h.Last(); ok && last.Err != nil {
		return m.line(m.words.Error(last.Err))
	}
	return ""
}

func (m *Model) line(text string) string { return m.clean(strings.Join(strings.Fields(text), " ")) }

// body is the pane.
func (m *Model) body() []string {
	h, height := m.chosen(), m.paneRows()
	var rows []string
	switch m.view {
	case viewLog:
		m.log.SetSize(m.width, height)
		switch {
		case m.followed.host != h.Host:
			rows = []string{m.theme.Faint.Render(m.words.T("dash.log.wait"))}
		case m.log.Empty() && m.level != levelAll:
			rows = []string{m.theme.Faint.Render(m.words.T("dash.log.none-such"))}
		case m.log.Empty() && !m.log.Searching():
			rows = []string{m.theme.Faint.Render(m.words.T("dash.log.empty"))}
		default:
			rows = strings.Split(m.log.View(), "\n")
		}
	case viewReleases:
		rows = m.releases(h, height)
	default:
		text := m.paneText()
		from := min(m.offset, max(len(text)-height, 0))
		rows = text[from:min(len(text), from+height)]
	}
	if m.airy() {
		rows = cells.Rows(rows, height)
	}
	return rows
}

// records are the host's history, the newest first.
func (m *Model) records(h survey.Reading) []state.Record {
	records := slices.Clone(h.History)
	slices.Reverse(records)
	return records
}

// releases are the rows of the history in sight.
func (m *Model) releases(h survey.Reading, height int) []string {
	records := m.records(h)
	if len(records) == 0 {
		return []string{m.theme.Faint.Render(m.words.T("dash.no-history"))}
	}
	at := min(m.record, len(records)-1)
	from := max(min(at-height/2, len(records)-height), 0)
	current := slices.IndexFunc(records, func(r state.Record) bool { return r.Release != "" && r.Release == h.Release() && r.Outcome == "ok" })
	var rows []string
	for i := from; i < len(records) && i < from+height; i++ {
		r := records[i]
		sign, pointer := m.theme.Good.Render(m.theme.Done), "  "
		if r.Outcome != "ok" {
			sign = m.theme.Bad.Render(m.theme.Failed)
		}
		style := m.theme.Text
		if i == at && m.inPane {
			pointer, style = m.theme.Accent.Render(m.theme.Pointer)+" ", m.theme.Chosen
		}
		rest := ""
		switch {
		case i == current:
			rest = m.theme.Good.Render(m.words.T("dash.current")) + "  "
		case r.Outcome != "ok":
			rest = m.line(r.Outcome) + "  "
		}
		row := pointer + sign + " " + style.Render(cells.Fit(m.clean(r.Release), 12)) + "  " + r.Time.In(m.now().Location()).Format("2006-01-02 15:04") + "  "
		rows = append(rows, row+rest+m.theme.Faint.Render(m.line(r.Who)+"  "+m.line(r.Command)))
	}
	return rows
}

// paneText are all rows of a pane that scrolls.
func (m *Model) paneText() []string {
	if m.view == viewRequests {
		return m.requests()
	}
	return m.text()
}

// url is where visitors find the site of a host, as it was asked last; empty before the first answer.
func (m *Model) url(h survey.Reading) string {
	last, _ := h.Last()
	asked, err := url.Parse(last.Answer.URL)
	if err != nil || asked.Host == "" {
		return ""
	}
	return asked.Scheme + "://" + asked.Host + "/"
}

// foot is the filter that is typed, what there is to say, or the keys.
func (m *Model) foot() string {
	switch {
	case m.question != nil:
		keys := m.theme.Key.Render("y") + " " + m.words.T("dash.key.yes") + "   " + m.theme.Key.Render("n") + " " + m.words.T("dash.key.no")
		text := cells.Cut(m.question.text, m.width-ansi.StringWidth(keys)-cells.Gutter)
		return m.theme.Warn.Render(text) + strings.Repeat(" ", cells.Gutter) + keys
	case m.commanding:
		return m.commandLine()
	case m.typing:
		return cells.Cut("/"+m.clean(m.filter)+m.theme.Match.Render(" "), m.width)
	case m.notice != "" && m.isWarning:
		return m.theme.Warn.Render(cells.Cut(m.line(m.notice), m.width))
	case m.notice != "":
		return m.theme.Accent.Render(cells.Cut(m.line(m.notice), m.width))
	}
	var parts []string
	room := m.width
	if m.filter != "" {
		parts = append(parts, m.theme.Accent.Render("/"+m.clean(m.filter)))
		room -= ansi.StringWidth(parts[0]) + 3
	}
	for _, k := range m.keys() {
		if room -= ansi.StringWidth(k.Key+" "+k.Text) + 3; room < -3 {
			break
		}
		parts = append(parts, m.theme.Key.Render(k.Key)+" "+m.theme.Faint.Render(k.Text))
	}
	return strings.Join(parts, "   ")
}
