package cockpit

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/pane"
)

// keysOf takes keys one by one: those that are typed quickly, or come over a slow link, come together. What is pasted is no keys.
func (m *Model) keysOf(k tea.KeyMsg) tea.Cmd {
	letters := m.typing || m.commanding || m.log.Typing()
	switch {
	case k.Paste && !letters:
		return nil
	case letters:
		return m.key(k)
	}
	var cmds []tea.Cmd
	for _, one := range keymap.Split(k) {
		cmds = append(cmds, m.key(one))
	}
	return tea.Sequence(cmds...)
}

func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	key := k.String()
	m.notice = ""
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case m.question != nil:
		return m.decide(key)
	case m.help != nil:
		return m.helpKey(k)
	case m.commanding:
		return m.command(k)
	case m.typing:
		m.letter(k)
		return nil
	case m.searching() && (m.log.Typing() || key == "esc"):
		return m.log.Update(k)
	}
	switch key {
	case "tab":
		m.inPane = !m.inPane
	case "esc":
		m.back()
	case "left", "h":
		m.open((m.view + views - 1) % views)
	case "right", "l":
		m.open((m.view + 1) % views)
	case "[":
		m.choose(m.at - 1)
	case "]":
		m.choose(m.at + 1)
	case ":":
		m.commanding = true
	case "/":
		if m.inPane && m.view == viewLog {
			return m.log.Search()
		}
		m.typing, m.inPane = true, false
	default:
		if cmd, known := m.act(key); known {
			return cmd
		}
		return m.move(k)
	}
	return nil
}

// searching reports whether keys may be those of the log's search.
func (m *Model) searching() bool { return m.inPane && m.view == viewLog && m.log.Searching() }

// back is esc: out of the pane, then out of the filter.
func (m *Model) back() {
	if !m.inPane {
		m.filter = ""
		m.list()
	}
	m.inPane = false
}

func (m *Model) open(v view) {
	if m.view != v {
		m.view, m.offset, m.record = v, 0, 0
	}
}

// letter takes a key for the filter.
func (m *Model) letter(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyEnter:
		m.typing = false
	case tea.KeyEsc:
		m.typing, m.filter = false, ""
	case tea.KeyBackspace:
		if letters := []rune(m.filter); len(letters) > 0 {
			m.filter = string(letters[:len(letters)-1])
		}
	case tea.KeyRunes, tea.KeySpace:
		m.filter += string(k.Runes)
	default:
		return
	}
	m.list()
}

// move scrolls or chooses, in whichever part has the keys.
func (m *Model) move(k tea.KeyMsg) tea.Cmd {
	key := k.String()
	switch {
	case !m.inPane:
		if key == "enter" {
			m.inPane = true
			return nil
		}
		m.choose(moved(key, m.at, len(m.listed), m.hostRows()))
	case m.view == viewLog:
		return m.log.Update(k)
	case m.view == viewReleases:
		if key == "enter" {
			m.rollback()
			return nil
		}
		m.record = min(max(moved(key, m.record, len(m.chosen().History), m.paneRows()), 0), max(len(m.chosen().History)-1, 0))
	default:
		m.scroll(moved(key, m.offset, len(m.paneText()), m.paneRows()))
	}
	return nil
}

// moved is a place in a list after a key: a page is what is in sight.
func moved(key string, at, length, page int) int {
	switch key {
	case "up", "k":
		return at - 1
	case "down", "j":
		return at + 1
	case "pgup", "ctrl+u":
		return at - max(page-1, 1)
	case "pgdown", " ", "ctrl+d":
		return at + max(page-1, 1)
	case "home", "g":
		return 0
	case "end", "G":
		return length - 1
	}
	return at
}

func (m *Model) scroll(to int) { m.offset = min(max(to, 0), max(len(m.paneText())-m.paneRows(), 0)) }

// ask asks whether to run a command on a host. The answer is a key of its own: one that is held down a moment too long, enter
// for example, gives none.
func (m *Model) ask(text, host string, args ...string) {
	m.question = &question{text, host, args}
}

func (m *Model) decide(key string) tea.Cmd {
	q := m.question
	switch key {
	case "y", "Y":
		m.question = nil
		return m.world.run(q.host, true, q.args...)
	case "n", "N", "q", "esc":
		m.question = nil
	}
	return nil
}

// rollback asks whether to take the chosen host back to the release of the chosen record.
func (m *Model) rollback() {
	h := m.chosen()
	records := m.records(h)
	if m.record >= len(records) {
		return
	}
	release := records[m.record].Release
	if release == "" {
		m.tell("dash.record-without")
		return
	}
	m.rollBack(release)
}

func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	overHosts := msg.Y < m.hostsTop()+m.hostRows()
	switch {
	case m.help != nil:
		return m.help.Update(msg)
	case m.question != nil: // it is about what was chosen
	case msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress:
		if v, named := m.tabAt(msg.X); named && msg.Y == m.tabsTop() {
			m.open(v)
		} else if row := msg.Y - m.hostsTop(); row >= 0 && row < m.hostRows() {
			m.inPane = false
			m.choose(m.top + row)
		} else if row >= m.hostRows() {
			m.inPane = true
		}
	case msg.Button != tea.MouseButtonWheelUp && msg.Button != tea.MouseButtonWheelDown:
	case overHosts || m.view == viewReleases:
		step := 1
		if msg.Button == tea.MouseButtonWheelUp {
			step = -1
		}
		if overHosts {
			m.choose(m.at + step)
		} else {
			m.record = min(max(m.record+step, 0), max(len(m.chosen().History)-1, 0))
		}
	case m.view == viewLog:
		return m.log.Update(msg)
	case msg.Button == tea.MouseButtonWheelUp:
		m.scroll(m.offset - 3)
	default:
		m.scroll(m.offset + 3)
	}
	return nil
}

func (m *Model) openHelp() {
	m.help = pane.New(m.theme, m.words, false)
	m.help.SetText(pane.Output, m.words.T("dash.help", cells.Fit(m.theme.Arrows, 11)))
	m.help.Top()
}

func (m *Model) helpKey(k tea.KeyMsg) tea.Cmd {
	switch key := k.String(); {
	case m.help.Typing():
	case key == "q" || key == "?" || key == "enter" || key == "esc" && !m.help.Searching():
		m.help = nil
		return nil
	}
	return m.help.Update(k)
}

// keys are those that work here, the most important first.
func (m *Model) keys() []page.Key {
	key := func(key, words string) page.Key { return page.Key{Key: key, Text: m.words.T("dash.key." + words)} }
	switch {
	case m.help != nil:
		return []page.Key{key("esc", "back"), key(m.theme.Arrows, "scroll"), key("/", "search")}
	case m.commanding:
		return []page.Key{key("enter", "run"), key("tab", "complete"), key("esc", "cancel")}
	case m.typing, m.searching() && m.log.Typing():
		return []page.Key{key("enter", "find"), key("esc", "cancel")}
	}
	list := []page.Key{key("q", "quit"), key("?", "help")}
	switch {
	case !m.inPane:
		list = append(list, key("enter", "pane"), key("/", "filter"))
	case m.view == viewLog:
		list = append(list, key("esc", "back"), key("/", "search"), key("L", "level"), key("f", "follow"))
	case m.view == viewReleases:
		list = append(list, key("esc", "back"), key("enter", "rollback"))
	default:
		list = append(list, key("esc", "back"))
	}
	return append(list, key("1-5", "view"), key(":", "command"), key("e", "shell"), key("o", "open"), key("y", "copy"), key("p", "plan"), key("d", "deploy"), key("R", "rollback-last"))
}
