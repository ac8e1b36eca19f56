package cockpit

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/provision/survey/sitelog"
	"github.com/kehuo/provision/tui/pane"
)

// action is what can be done by its key, or by its name on the command line.
type action struct {
	name, key string
	do        func(m *Model, argument string) tea.Cmd
	arguments func(m *Model) []string // that can be completed; nil: it takes none
}

// actions are all of them. What is about a host is about the chosen one.
func actions() []action {
	return []action{
		{"log", "1", show(viewLog), nil},
		{"requests", "2", show(viewRequests), nil},
		{"releases", "3", show(viewReleases), nil},
		{"containers", "4", show(viewContainers), nil},
		{"host", "5", show(viewHost), nil},
		{"shell", "e", (*Model).openShell, nil},
		{"open", "o", (*Model).openURL, nil},
		{"copy", "y", (*Model).copyURL, nil},
		{"plan", "p", (*Model).plan, nil},
		{"deploy", "d", (*Model).deploy, nil},
		{"rollback", "R", (*Model).rollBack, (*Model).earlier},
		{"reconnect", "r", (*Model).reconnect, nil},
		{"level", "L", (*Model).setLevel, func(*Model) []string { return levelNames() }},
		{"filter", "", (*Model).setFilter, func(*Model) []string { return nil }},
		{"goto", "", (*Model).choseHost, (*Model).hostNames},
		{"help", "?", func(m *Model, _ string) tea.Cmd { m.openHelp(); return nil }, nil},
		{"quit", "q", func(*Model, string) tea.Cmd { return tea.Quit }, nil},
	}
}

// act does what a key means; known is false for a key that means nothing here.
func (m *Model) act(key string) (cmd tea.Cmd, known bool) {
	for _, a := range actions() {
		if a.key != "" && a.key == key {
			return a.do(m, ""), true
		}
	}
	return nil, false
}

func show(v view) func(*Model, string) tea.Cmd {
	return func(m *Model, _ string) tea.Cmd {
		m.open(v)
		return nil
	}
}

func (m *Model) openShell(string) tea.Cmd {
	h := m.chosen()
	if live := h.Live(); live != nil && live.Up() {
		return m.world.shell(h.Host, live.ID)
	}
	if h.Host != "" {
		m.tell("dash.no-container", h.Host)
	}
	return nil
}

func (m *Model) openURL(string) tea.Cmd { return m.withURL("dash.opened", m.world.browse) }

func (m *Model) copyURL(string) tea.Cmd { return m.withURL("dash.copied", m.world.copy) }

// withURL does something with the URL of the chosen host's site, and says that it does.
func (m *Model) withURL(words string, do func(url string) tea.Cmd) tea.Cmd {
	h := m.chosen()
	url := m.url(h)
	switch {
	case h.Host == "":
		return nil
	case url == "":
		m.tell("dash.no-url", h.Host)
		return nil
	}
	m.tell(words, url)
	return do(url)
}

func (m *Model) plan(string) tea.Cmd { return m.run(true, "plan") }

func (m *Model) deploy(string) tea.Cmd { return m.run(false, "deploy") }

// run runs another command of the program on the chosen host.
func (m *Model) run(pause bool, command string) tea.Cmd {
	if h := m.chosen(); h.Host != "" {
		return m.world.run(h.Host, pause, command)
	}
	return nil
}

func (m *Model) reconnect(string) tea.Cmd {
	switch h := m.chosen(); {
	case h.Host == "":
	case h.Link == survey.LinkUp:
		m.tell("dash.connected", h.Host)
	default:
		m.tell("dash.reconnecting", h.Host)
		m.world.reconnect(h.Host)
	}
	return nil
}

// rollBack asks whether to take the chosen host back, to a release or to the previous one.
func (m *Model) rollBack(release string) tea.Cmd {
	switch h := m.chosen(); {
	case h.Host == "":
	case release == "":
		m.ask(m.words.T("dash.ask-last", m.clean(h.Host)), h.Host, "rollback", "--yes")
	case release == h.Release():
		m.tell("dash.is-current", m.clean(release))
	default:
		m.ask(m.words.T("dash.ask-release", m.clean(h.Host), m.clean(release)), h.Host, "rollback", "--yes", "--", release)
	}
	return nil
}

// earlier are the releases of the chosen host that are not live, the newest first.
func (m *Model) earlier() []string {
	var list []string
	h := m.chosen()
	for _, r := range m.records(h) {
		if r.Release != "" && r.Release != h.Release() && r.Release == m.clean(r.Release) && !slices.Contains(list, r.Release) {
			list = append(list, r.Release)
		}
	}
	return list
}

func (m *Model) setFilter(text string) tea.Cmd {
	m.filter = text
	m.list()
	return nil
}

func (m *Model) choseHost(name string) tea.Cmd {
	at := slices.IndexFunc(m.listed, func(i int) bool { return m.hosts[i].Host == name })
	if at < 0 {
		m.tell("dash.no-host", name)
		return nil
	}
	m.choose(at)
	return nil
}

func (m *Model) hostNames() []string {
	var names []string
	for _, i := range m.listed {
		names = append(names, m.hosts[i].Host)
	}
	return names
}

// The levels of the log that can be shown, by their names on the command line.
const (
	levelAll     = "all"
	levelWarning = "warning" // and graver
	levelError   = "error"
)

func levelNames() []string { return []string{levelAll, levelWarning, levelError} }

// setLevel shows the lines of the log from a level on; the next one where none is named.
func (m *Model) setLevel(name string) tea.Cmd {
	at := slices.Index(levelNames(), name)
	switch {
	case name == "":
		at = (slices.Index(levelNames(), m.level) + 1) % len(levelNames())
	case at < 0:
		m.tell("dash.no-level", name, strings.Join(levelNames(), ", "))
		return nil
	}
	m.level = levelNames()[at]
	m.open(viewLog)
	m.log.Only(m.wantedLines())
	return nil
}

// wantedLines tells which lines of the log are of the level that is shown; nil: all.
func (m *Model) wantedLines() func(pane.Line) bool {
	if m.level == levelAll {
		return nil
	}
	levelOf, warnings := sitelog.Levels(), m.level == levelWarning
	return func(l pane.Line) bool {
		if l.Kind == pane.Note {
			return true
		}
		level := levelOf(l.Text)
		return level == provision.SeverityError || warnings && level == provision.SeverityWarning
	}
}
