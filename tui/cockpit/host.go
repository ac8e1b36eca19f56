package cockpit

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/tui/cells"
)

// text are the rows of the containers, or of what is known of the host.
func (m *Model) text() []string {
	h := m.chosen()
	if h.Facts == nil {
		return m.unread(h)
	}
	rows := m.facts(h)
	widest := 0
	for _, row := range rows {
		widest = max(widest, ansi.StringWidth(row[0]))
	}
	for _, row := range rows {
		row[1] = strings.Join(cells.Wrap(row[1], m.width-widest-cells.Gutter), "\n")
	}
	if m.view == viewContainers {
		rows = nil
		for _, c := range h.Facts.Containers {
			rows = append(rows, []string{m.clean(c.Name), m.clean(c.Status), m.clean(c.Release), m.clean(imageName(c.Image)), m.clean(c.Ports)})
		}
		if len(rows) == 0 {
			return []string{m.theme.Faint.Render(m.words.T("dash.no-containers"))}
		}
		head := []string{}
		for _, key := range []string{"container", "status", "release", "image", "ports"} {
			head = append(head, m.words.T("dash.head."+key))
		}
		rows = append([][]string{head}, rows...)
	}
	lines := strings.Split(strings.TrimRight(cells.Table(rows), "\n"), "\n")
	if m.view == viewContainers {
		lines[0] = m.theme.Faint.Render(lines[0])
	}
	return lines
}

// imageName is a container's image: a name, or an id as docker shows it.
func imageName(image string) string {
	if strings.HasPrefix(image, "sha256:") {
		return docker.ShortID(image)
	}
	return image
}

// unread is what stands there of a host that was never reached.
func (m *Model) unread(h survey.Reading) []string {
	if h.Err == nil {
		return []string{m.theme.Faint.Render(m.words.T("dash.connecting"))}
	}
	var rows []string
	for line := range strings.SplitSeq(m.words.Error(h.Err), "\n") {
		rows = append(rows, cells.Wrap(m.clean(line), m.width)...)
	}
	return rows
}

// facts are what is known of a host, as names and values.
func (m *Model) facts(h survey.Reading) (rows [][]string) {
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, []string{m.words.T("dash.fact." + key), m.clean(value)})
		}
	}
	add("trouble", m.trouble())
	add("target", h.Target)
	add("trip", language.Duration(h.Trip))
	add("known", m.words.T("dash.ago", m.words.Age(m.now().Sub(h.At))))
	p := h.Pulse
	if p.Up > 0 {
		add("up", m.words.Age(p.Up))
	}
	add("load", p.Load)
	if p.Total > 0 {
		add("memory", m.words.T("dash.of", strings.TrimSpace(percent(p.Memory)), language.Bytes(p.Total)))
	}
	if p.Disk >= 0 {
		add("disk", m.words.T("dash.used", strings.TrimSpace(percent(p.Disk)), language.Bytes(p.Free)))
	}
	if live := h.Live(); live != nil {
		add("image", docker.ShortID(live.Image))
		if live.RestartCount > 0 {
			add("restarts", fmt.Sprint(live.RestartCount))
		}
	}
	if last, ok := h.Last(); ok {
		add("server", last.Answer.Server)
		if c := last.Answer.Certificate; c != nil {
			add("certificate", m.words.T("dash.certificate", strings.Join(c.DNSNames, ", "), c.NotAfter.In(m.now().Location()).Format(time.DateOnly), probe.DaysLeft(c, m.now())))
		}
	}
	add("dns", m.visitors(h.Names))
	if wanted := m.wanted[h.Host]; wanted.Release != "" {
		add("wanted", wanted.Release)
	}
	if lock := survey.HolderOf(h.Facts.Lock); lock != nil {
		add("lock", m.words.T("status.held", lock.Who, lock.Purpose, m.words.Age(m.now().Sub(lock.Since))))
	}
	return rows
}

// visitors is where the DNS sends them.
func (m *Model) visitors(n survey.Names) string {
	switch {
	case n.At.IsZero() || n.Domain == "":
		return ""
	case n.Err != nil:
		return m.words.T("doctor.dns.unknown", n.Domain, n.Err)
	case n.Here():
		return m.words.T("doctor.dns", n.Domain)
	}
	return m.words.T("doctor.dns.elsewhere", n.Domain, strings.Join(n.Found, ", "), strings.Join(n.Own, ", "))
}
