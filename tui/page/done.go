package page

import (
	"errors"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/tracker"
)

// Done draws a request's way through the finished site and back, with what was measured at each station.
type Done struct {
	*Common
	frame
	finished provision.RunFinished
	host     *tracker.Host
	behind   []string // what answers behind nginx, from the outside in; empty: not known

	Cockpit bool // it can be gone to from here
}

// NewDone returns the page; behind names what stands behind nginx in the container, and is empty where that is not known.
func NewDone(c *Common, f provision.RunFinished, host *tracker.Host, behind []string) *Done {
	return &Done{Common: c, finished: f, host: host, behind: behind}
}

// SetHost draws another host's site.
func (d *Done) SetHost(h *tracker.Host) { d.host = h }

// Keys implements Page.
func (d *Done) Keys() []Key {
	keys := []Key{d.key("enter q", "leave"), d.key("tab", "steps"), d.key("l", "log")}
	if d.Cockpit {
		keys = append(keys, d.key("c", "cockpit"))
	}
	return keys
}

// Update implements Page.
func (d *Done) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch action := keymap.Of(k.String()); {
	case action == keymap.Take:
		return intent(LeaveMsg{})
	case action == keymap.Cockpit && d.Cockpit:
		return intent(CockpitMsg{})
	}
	return nil
}

// View implements Page.
func (d *Done) View() string {
	b := block{width: d.width}
	title := "wizard.done.title"
	changed := d.finished.Changed
	shown := d.finished.Hosts
	if d.host != nil && len(d.finished.Hosts) > 1 {
		result := d.finished.Hosts[d.host.Name]
		if errors.Is(result.Err, provision.ErrDeclined) {
			b.add(d.Theme.Warn, d.T("wizard.done.declined"))
			return b.view(d.height)
		}
		changed = result.Changed
		shown = map[string]provision.HostResult{d.host.Name: result}
	}
	if changed == 0 {
		title = "wizard.done.unchanged"
	}
	b.add(d.Theme.Good.Bold(true), d.T(title))
	for _, line := range lines.LastingText(d.Words, shown) { // nobody is told that all is well without it
		b.add(d.Theme.Warn, safetext.Line(line))
	}
	b.add(d.Theme.Faint, d.T("lines.done", changed, language.Duration(d.finished.Duration)))
	b.gap()
	stations := d.stations()
	roomy := d.height >= len(stations)*2+len(b.rows)+1
	for i, s := range stations {
		d.station(&b, s)
		if last := i == len(stations)-1; roomy && !last {
			b.raw(d.row(d.Theme.Faint.Render(d.Theme.Down), s.then, ""))
		}
	}
	if d.height > len(b.rows)+2 {
		b.gap()
		b.add(d.Theme.Faint, d.T("wizard.path.back"))
	}
	return b.view(d.height)
}

// station is a place that the request comes by.
type station struct {
	name  string
	what  string
	then  string // how it goes on from there
	took  string
	style lipgloss.Style
}

func (d *Done) station(b *block, s station) {
	b.raw(d.row(d.Theme.Strong.Render(s.name), s.style.Render(safetext.Line(s.what)), s.took))
}

// row is the name, what was seen there, and how long it took at the right.
func (d *Done) row(name, what, took string) string {
	const left, right = 18, 8
	middle := max(d.width-left-right-2, 10)
	return cells.Fit("  "+name, left) + cells.Fit(what, middle) + "  " + strings.Repeat(" ", max(right-ansi.StringWidth(took), 0)) + d.Theme.Faint.Render(took)
}

func (d *Done) stations() []station {
	http, plain := d.measured(provision.VantageHTTP, provision.VantageHostHTTP)
	https, tls := d.measured(provision.VantageHTTPS, provision.VantageHostHTTPS)
	asked, class := https, 3 // with TLS, port 80 is there to redirect
	if !tls {
		asked, class = http, 2
	}
	list := []station{{name: d.T("wizard.path.browser"), what: asked.URL, style: d.Theme.Text}}
	if plain {
		then := ""
		if tls && http.Location != "" {
			then = d.faint("wizard.path.again")
		}
		list = append(list, station{d.T("wizard.path.port", 80), d.status(http), then, took(http), d.verdict(http, class)})
	}
	if tls {
		list = append(list, station{d.T("wizard.path.port", 443), d.status(https), d.certificate(https), took(https), d.verdict(https, 2)})
	}
	return append(list, d.inside(tls)...)
}

// inside are the stations in the container: the server that named itself, and what stands behind it where that is known.
func (d *Done) inside(tls bool) []station {
	near, ok := d.measured(provision.VantageHostHTTP, provision.VantageHTTP)
	if tls {
		near, ok = d.measured(provision.VantageHostHTTPS, provision.VantageHTTPS)
	}
	product, _, _ := strings.Cut(near.Server, "/")
	if !ok || product == "" {
		return nil
	}
	list := []station{{safetext.Line(product), "Server: " + near.Server, "", took(near), d.Theme.Good}}
	if product != "nginx" || len(d.behind) == 0 {
		return list
	}
	list[0].then = d.faint("wizard.path.inside")
	for i, name := range d.behind {
		key := "wizard.path.passes"
		if i == len(d.behind)-1 {
			key = "wizard.path.answers"
		}
		list = append(list, station{name: name, what: d.T(key), style: d.Theme.Text})
	}
	return list
}

func (d *Done) faint(key string, args ...any) string { return d.Theme.Faint.Render(d.T(key, args...)) }

// measured is what was measured at the first of the stations that has something.
func (d *Done) measured(stations ...string) (m provision.SiteCheck, ok bool) {
	if d.host == nil {
		return m, false
	}
	for _, s := range stations {
		for _, m := range d.host.SiteChecks {
			if m.Vantage == s {
				return m, true
			}
		}
	}
	return m, false
}

func (d *Done) status(m provision.SiteCheck) string {
	if m.Status == 0 {
		return d.T("lines.no-answer")
	}
	if m.Location != "" {
		return d.T("wizard.path.redirect", m.Status, m.Location)
	}
	return strconv.Itoa(m.Status)
}

// verdict colours a status that begins with the figure it should begin with.
func (d *Done) verdict(m provision.SiteCheck, class int) lipgloss.Style {
	if m.Status/100 == class {
		return d.Theme.Good
	}
	return d.Theme.Warn
}

func (d *Done) certificate(m provision.SiteCheck) string {
	if m.CertificateDays == 0 {
		return ""
	}
	text := d.T("lines.certificate-days", m.CertificateDays)
	if m.CertificateDays < 30 {
		return d.Theme.Warn.Render(text)
	}
	return d.Theme.Faint.Render(text)
}

func took(m provision.SiteCheck) string { return language.Duration(m.Duration) }
