package cockpit

import (
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/provision/survey/sitelog"
	"github.com/kehuo/provision/tui/pane"
	"github.com/kehuo/provision/tui/theme"
)

// view is one of the panes below the hosts.
type view int

const (
	viewLog view = iota
	viewRequests
	viewReleases
	viewContainers
	viewHost
	views // how many there are
)

// refresh is how often the screen takes what the watches have learnt.
const refresh = 250 * time.Millisecond

type tick struct{}

func later() tea.Cmd { return tea.Tick(refresh, func(time.Time) tea.Msg { return tick{} }) }

// Model is the cockpit; it is a tea.Model.
type Model struct {
	words  *language.Printer
	theme  *theme.Theme
	now    func() time.Time
	world  world
	site   string
	hide   func(string) string
	wanted wantedMsg

	hosts  []survey.Reading // in the order of the inventory
	listed []int            // of these, those that the filter lets through
	at     int              // the chosen one, in listed
	top    int              // the first one in sight
	filter string
	typing bool // letters are the filter's

	commanding bool   // letters are the command's
	typed      string // of it

	view    view
	inPane  bool            // keys go to the pane
	log     *pane.Pane      // of the chosen host
	level   string          // from which on its lines are shown
	traffic sitelog.Traffic // that it tells of
	help    *pane.Pane      // nil: not shown
	offset  int             // the first row in sight of the containers and of the host's facts
	record  int             // the chosen one of the releases, the newest is 0

	followed  followed // whose log it is
	wish      followed // whose it is to be, if that stays so until the next tick
	notice    string
	isWarning bool
	question  *question // nil: nothing is asked

	patience      time.Duration // a host that was heard of longer ago is silent
	width, height int
}

// followed is a container whose log is followed; the zero value is none.
type followed struct{ host, container string }

// question is a command that waits for a yes.
type question struct {
	text, host string
	args       []string
}

func newModel(c Config, look *theme.Theme, now func() time.Time, w world) *Model {
	m := &Model{words: c.Words, theme: look, now: now, world: w, site: c.Site, hide: c.Hide, width: 80, height: 24,
		log: pane.New(look, c.Words, true), level: levelAll, notice: c.Notice}
	for i, one := range c.Watches {
		m.patience = max(m.patience, 3*max(one.Interval, survey.WatchInterval))
		m.hosts = append(m.hosts, survey.Reading{Host: one.Host})
		m.listed = append(m.listed, i)
	}
	return m
}

// Init implements tea.Model.
func (m *Model) Init() tea.Cmd { return tea.Batch(later(), m.world.wanted()) }

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		m.take(m.world.news())
		m.followChosen()
		return m, later()
	case tea.KeyMsg:
		return m, m.keysOf(msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	case wantedMsg:
		m.wanted = msg
	case returnedMsg:
		m.say(msg.err)
		return m, tea.Batch(m.world.wanted(), tea.EnableMouseCellMotion)
	case noticeMsg:
		m.say(msg.err)
	default:
		return m, m.log.Update(msg)
	}
	return m, nil
}

// say shows an error in the footer until the next key.
func (m *Model) say(err error) {
	if err != nil {
		m.notice, m.isWarning = m.clean(m.words.Error(err)), true
	}
}

// tell shows what was done, in the footer, until the next key.
func (m *Model) tell(key string, args ...any) { m.notice, m.isWarning = m.words.T(key, args...), false }

func (m *Model) take(n news) {
	for i, h := range m.hosts {
		if r, ok := n.readings[h.Host]; ok {
			m.hosts[i] = r
		}
	}
	m.list()
	for _, line := range n.lines {
		if strings.Contains(line, probe.UserAgent) { // our own questions are no visitors
			continue
		}
		m.log.Append(pane.Line{Text: line})
		if r, ok := sitelog.ParseRequest(line); ok {
			m.traffic.Add(r, m.now())
		}
	}
}

// list applies the filter; the chosen host stays chosen where it is still there.
func (m *Model) list() {
	chosen := m.chosen().Host
	m.listed = m.listed[:0]
	for i, h := range m.hosts {
		text, _ := m.state(h)
		if m.filter == "" || strings.Contains(strings.ToLower(h.Host+" "+h.Release()+" "+text), strings.ToLower(m.filter)) {
			m.listed = append(m.listed, i)
		}
	}
	m.at = max(slices.IndexFunc(m.listed, func(i int) bool { return m.hosts[i].Host == chosen }), 0)
}

// chosen is the host that panes and keys are about; the zero value where the filter leaves none.
func (m *Model) chosen() survey.Reading {
	if m.at >= len(m.listed) {
		return survey.Reading{}
	}
	return m.hosts[m.listed[m.at]]
}

// choose moves the choice to a place in the list.
func (m *Model) choose(at int) {
	at = min(max(at, 0), max(len(m.listed)-1, 0))
	if at != m.at {
		m.at, m.offset, m.record = at, 0, 0
	}
}

// followChosen follows the log of the chosen host once the choice has rested: whoever moves through fifty hosts asks none of
// those in between.
func (m *Model) followChosen() {
	h := m.chosen()
	if h.Host == m.followed.host && !m.ofLog() { // it goes on while another pane is looked at
		return
	}
	wish := followed{host: h.Host}
	if live := h.Live(); live != nil && m.ofLog() {
		wish.container = live.ID
	}
	if wish != m.wish {
		m.wish = wish
		return
	}
	switch {
	case wish == m.followed:
		return
	case wish.host != m.followed.host:
		m.log.Clear()
		m.log.Only(m.wantedLines())
		m.traffic = sitelog.Traffic{}
	case wish.container != "" && !m.log.Empty():
		m.log.Append(pane.Line{Kind: pane.Note, Text: m.words.T("dash.log.next", m.clean(h.Release()))})
	}
	m.followed = wish
	m.traffic.Begin()
	m.world.follow(wish.host, wish.container)
}

// ofLog reports whether the pane shows what the log tells.
func (m *Model) ofLog() bool { return m.view == viewLog || m.view == viewRequests }
