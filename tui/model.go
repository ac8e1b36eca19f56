package tui

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
)

// focus is where keys go.
type focus int

const (
	onPage  focus = iota // the question, the failure, the end; the output while there is none of these
	onSteps              // the list of steps
	onWatch              // the output, while a page covers it
)

// Model is the wizard's root, the only tea.Model: it moves between pages and carries out their intents.
type Model struct {
	*page.Common
	config        Config
	act           actions
	width, height int

	run      tracker.Run
	host     int // which of run.Hosts is looked at
	active   bool
	changing bool // a plan was approved: from here on things change
	ended    provision.RunFinished
	approved map[string][]string // by host, the steps that were approved since the wizard began
	declined map[string]bool     // the hosts whose plan was declined in this run

	steps   *page.Steps
	watch   *page.Watch
	page    page.Page // covers the output, or the whole body; nil: the output
	logs    int       // how many times the log was opened
	overlay page.Page // help, log, report, the question whether to stop; nil: none
	focus   focus
	asked   *Asked
	notice  string
	mouse   bool
	leaving bool

	form      *page.Form // that the inventory of this run came from; nil: it was there before
	returning bool       // to the form, as soon as the run has ended
	stopped   bool       // by a signal or by its context, not by a key

	arrivals int       // how many pages came by themselves
	fresh    bool      // the last of them has only just come, before the eyes of somebody who was typing
	pressed  time.Time // when the last key was, enter apart
	waiting  bool      // it is behind what is being read

	questioned bool      // the person was asked something, be it in an earlier try
	screen     tea.Model // the cockpit, once it has the screen; nil: not yet
	broken     error     // an internal error that ended the wizard
}

// Asked is the message that a decision waits for its answer on Reply, which takes one without blocking.
type Asked struct {
	Decision provision.Decision
	Reply    chan<- provision.Answer
}

// Deployed is the message that Config.Deploy returned. Err is set when it panicked.
type Deployed struct {
	Finished provision.RunFinished
	Err      error
}

// spin is the message that shows the spinner's next frame and the time that went by.
type spin struct{}

// interval of the spinner.
const spinning = time.Second / 10

func newModel(c Config, look *theme.Theme, now func() time.Time, act actions) *Model {
	common := &page.Common{Words: c.Words, Theme: look, Now: now}
	m := &Model{Common: common, config: c, act: act, steps: page.NewSteps(common), watch: page.NewWatch(common), mouse: true,
		approved: map[string][]string{}}
	if c.Form != nil {
		m.page = page.NewForm(common, c.Inventory, setup.FirstQuestions())
	}
	return m
}

// Init implements tea.Model.
func (m *Model) Init() tea.Cmd {
	if form, ok := m.page.(*page.Form); ok {
		return tea.Batch(form.Start(), m.act.suggest())
	}
	return m.deploy()
}

// deploy starts the run, or starts it again. While one is under way there is no second: two enters may come at once.
func (m *Model) deploy() tea.Cmd {
	if m.active {
		return nil
	}
	m.page, m.overlay, m.focus, m.notice = nil, nil, onPage, ""
	m.active, m.changing = true, false
	m.run = tracker.Run{} // a try that ends before any host is reached must not be shown with the picture of the last
	m.declined = map[string]bool{}
	m.watch.Reset()
	m.steps.Follow()
	return tea.Batch(m.act.deploy(), tick())
}

// shown is the host that is looked at, nil before the run has begun.
func (m *Model) shown() *tracker.Host {
	if len(m.run.Hosts) == 0 {
		return nil
	}
	return m.run.Hosts[min(m.host, len(m.run.Hosts)-1)]
}

// several reports whether there is more than one host to move between.
func (m *Model) several() bool { return len(m.run.Hosts) > 1 }

// sync shows the chosen step of the chosen host, in the space that there is.
func (m *Model) sync() {
	host := m.shown()
	m.steps.SetHost(host)
	if host == nil {
		m.watch.Show("", nil)
	} else {
		m.watch.Show(host.Name, m.steps.Chosen())
	}
	switch p := m.page.(type) {
	case *page.Done:
		p.SetHost(host)
	case *page.Plan: // the question may come before the events do
		p.Held = m.held(p.Host())
	}
	m.waiting = m.waiting && m.page != nil && m.front() != m.page
	m.layout()
}

// whole reports whether p takes the whole body and not the right column only.
func whole(p page.Page) bool {
	switch p := p.(type) {
	case *page.Question:
		return p.Whole()
	case *page.Plan, *page.Done, *page.Form, *page.Text, *page.Log:
		return true
	}
	return false
}

// front is the page that keys go to.
func (m *Model) front() page.Page {
	switch {
	case m.overlay != nil:
		return m.overlay
	case m.focus == onSteps:
		return m.steps
	case m.page != nil && m.focus == onPage:
		return m.page
	}
	return m.watch
}

// cycle moves the keys to the next pane.
func (m *Model) cycle() {
	order := []focus{onPage, onSteps}
	if m.page != nil {
		order = append(order, onWatch)
	}
	m.focus = order[(slices.Index(order, m.focus)+1)%len(order)]
}

// bound reports whether the screen speaks of one host, by a question or a failure: its name must not change above it.
func (m *Model) bound() bool {
	_, failed := m.page.(*page.Failure)
	return failed || m.asked != nil
}

func (m *Model) changeHost(by int) {
	if n := len(m.run.Hosts); n > 0 && !m.bound() {
		m.host = (m.host + by + n) % n
	}
}

// settling is how long a page that came by itself takes no action from somebody who was typing when it came: the keys that are
// on their way were meant for what stood there before. The footer names the keys as soon as they work.
const settling = time.Second / 2

// settled is the message that this time is over for the arrival of that number.
type settled struct{ arrival int }

// typed notes that somebody is typing. After enter, the person waits for what comes of it.
func (m *Model) typed(k tea.KeyMsg) {
	m.pressed = m.Common.Now()
	if k.Type == tea.KeyEnter {
		m.pressed = time.Time{}
	}
}

// arrive puts a page on the screen that nobody called for. What is being read or searched stays before it, and the header tells.
func (m *Model) arrive(p page.Page) tea.Cmd {
	m.focus = onPage
	if m.overlay == nil && m.watch.Typing() {
		m.focus = onWatch
	}
	m.page = p
	if m.front() != p {
		m.waiting = true
		return nil
	}
	m.arrivals++
	m.fresh, m.notice = m.Common.Now().Sub(m.pressed) < settling, ""
	if !m.fresh {
		return nil
	}
	arrival := m.arrivals
	return tea.Tick(settling, func(time.Time) tea.Msg { return settled{arrival} })
}

// tooSoon reports whether a key would act on a page that has only just come. Text that is typed is kept, but not sent.
func (m *Model) tooSoon(k tea.KeyMsg) bool {
	if !m.fresh || m.front() != m.page {
		return false
	}
	switch k.Type {
	case tea.KeyEnter:
		return true
	case tea.KeyRunes, tea.KeySpace:
		return !m.front().Typing()
	}
	return false
}

// hidden is what the header says of a page that came while something else is being read.
func (m *Model) hidden() string {
	switch m.page.(type) {
	case *page.Failure:
		return m.T("wizard.hidden.failed", m.now())
	case *page.Done:
		return m.T("wizard.hidden.other", m.T("wizard.done.title"))
	case *page.Plan:
		return m.T("wizard.hidden.other", m.T("wizard.now.plan"))
	}
	return m.T("wizard.hidden.other", m.now())
}
