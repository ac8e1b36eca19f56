package tui

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

// stage is a model without a terminal: a test feeds it messages and looks at it. Commands that only say what a page intends
// are carried out at once; those that take time or touch the world are kept for the test to see.
type stage struct {
	t     *testing.T
	model *Model
	now   time.Time
	reply chan provision.Answer // of the last decision
	cmds  []tea.Cmd
	left  bool
	hasty bool // keys come at once when a page has appeared
}

// english has the words that tests look for, so that these may be reworded.
var english = language.New(language.English)

// firstWords are enough of the words of key to know them by, in whatever rows they stand.
func firstWords(key string) string { return strings.Join(strings.Fields(english.T(key))[:4], " ") }

var beginning = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func newStage(t *testing.T, c Config, look *theme.Theme, width, height int) *stage {
	t.Helper()
	if c.Words == nil {
		c.Words = language.New(language.English)
	}
	s := &stage{t: t, now: beginning, reply: make(chan provision.Answer, 1)}
	act := newActions(t.Context(), c, []string{"EDITOR=true"}, func(tea.Msg) {})
	s.model = newModel(c, look, func() time.Time { return s.now }, act)
	s.cmds = append(s.cmds, s.model.Init())
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	return s
}

func (s *stage) send(msg tea.Msg) {
	s.t.Helper()
	model, cmd := s.model.Update(msg)
	s.model = model.(*Model)
	if cmd != nil {
		s.cmds = append(s.cmds, cmd)
	}
	if k, key := msg.(tea.KeyMsg); key && cmd != nil && (k.Type != tea.KeyRunes || !s.model.front().Typing()) {
		s.follow(cmd)
	}
}

// follow carries out a command that a key gave rise to, if it is an intent or the end: those come at once.
func (s *stage) follow(cmd tea.Cmd) {
	came := make(chan tea.Msg, 1)
	go func() { came <- cmd() }()
	select {
	case msg := <-came:
		switch msg := msg.(type) {
		case tea.QuitMsg:
			s.left = true
		case page.AnswerMsg, page.StayMsg, page.LeaveMsg, page.CockpitMsg, page.NoticeMsg, page.LogMsg, page.RetryMsg, page.ReportMsg, page.SaveMsg, page.WriteMsg,
			logMsg, reportMsg, savedMsg:
			model, next := s.model.Update(msg)
			s.model = model.(*Model)
			if next != nil {
				s.cmds = append(s.cmds, next)
				s.follow(next)
			}
		}
	case <-time.After(time.Second): // a tick, a blinking cursor: not for now
	}
}

var named = map[string]tea.KeyType{"enter": tea.KeyEnter, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
	"esc": tea.KeyEsc, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "ctrl+c": tea.KeyCtrlC, "space": tea.KeySpace}

func (s *stage) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		s.settle()
		s.send(key(k))
	}
}

// settle lets the time go by after which a page that came by itself takes keys, and nobody is typing any more.
func (s *stage) settle() {
	if !s.hasty {
		s.send(settled{s.model.arrivals})
		s.model.pressed = time.Time{}
	}
}

func key(name string) tea.KeyMsg {
	switch kind, ok := named[name]; {
	case name == "space":
		return tea.KeyMsg{Type: kind, Runes: []rune{' '}}
	case ok:
		return tea.KeyMsg{Type: kind}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// record plays a story to its end, on a clock that goes on by 150 ms whenever it is looked at.
func record(o story.Options) []provision.Event {
	at := beginning
	o.Now = func() time.Time {
		at = at.Add(150 * time.Millisecond)
		return at
	}
	var events []provision.Event
	story.New(o).Deploy(context.Background(), func(e provision.Event) { events = append(events, e) }, provision.Headless{})
	return events
}

// play feeds events until one of which until is true, that one included. It returns the rest.
func (s *stage) play(events []provision.Event, until func(provision.Event) bool) []provision.Event {
	for i, e := range events {
		s.now = e.Time
		s.send(feed.Batch{Events: []provision.Event{e}})
		if until(e) {
			return events[i+1:]
		}
	}
	return nil
}

func (s *stage) ask(d provision.Decision) { s.send(Asked{d, s.reply}) }

// plan plays events up to the plan, and asks for its approval.
func (s *stage) plan(events []provision.Event) []provision.Event {
	var d provision.Decision
	rest := s.play(events, func(e provision.Event) bool {
		if ready, ok := e.Body.(provision.PlanReady); ok {
			d = provision.Decision{Kind: provision.DecidePlan, Host: e.Host, Changes: ready.Changes, Default: provision.AnswerYes,
				Options: []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}}}
			return true
		}
		return false
	})
	s.ask(d)
	return rest
}

// finish plays the rest of a run and tells the model that it returned.
func (s *stage) finish(events []provision.Event) {
	s.play(events, func(provision.Event) bool { return false })
	s.send(Deployed{Finished: events[len(events)-1].Body.(provision.RunFinished)})
}

func (s *stage) view() string {
	s.t.Helper()
	s.settle()
	view := s.model.View()
	rows := strings.Split(view, "\n")
	if len(rows) > s.model.height {
		s.t.Errorf("%d rows on a screen of %d", len(rows), s.model.height)
	}
	for i, row := range rows {
		if strings.HasSuffix(row, " ") {
			rows[i] = strings.TrimRight(row, " ")
		}
	}
	return strings.Join(rows, "\n") + "\n"
}

// more checks whether the screen tells of more in the direction of an arrow, however much that is.
func (s *stage) more(key, arrow string, want bool) {
	s.t.Helper()
	view, told := s.view(), false
	for n := range 20 {
		told = told || strings.Contains(view, english.T(key, arrow, n))
	}
	if told != want {
		s.t.Errorf("%s is on the screen: %t\n%s", key, told, view)
	}
}

// Conditions for play.
func stepIs(id string) func(provision.Event) bool {
	return func(e provision.Event) bool { return e.Step == id }
}

func progressOf(id string, done int64) func(provision.Event) bool {
	return func(e provision.Event) bool {
		p, ok := e.Body.(provision.StepProgress)
		return ok && e.Step == id && p.Done >= done
	}
}

func testConfig(words *language.Printer) Config {
	return Config{
		Words:     words,
		In:        os.Stdin,
		Inventory: "inventory.yaml",
		Deploy:    story.New(story.Options{Words: words}).Deploy,
		LogFile:   func() string { return "" },
		Behind:    func() []string { return []string{"gunicorn", "flask"} },
		Files: func(_ string, findings []provision.Finding) []page.File {
			list := []page.File{{Path: "site/requirements.txt"}, {Path: "site/Dockerfile"}}
			for _, f := range findings {
				list[0].Line = f.Line
			}
			return list
		},
		Report:     func(...string) (string, error) { return "provision 1.0, linux/amd64\nhost: [masked]\n", nil },
		SaveReport: func(string, string) error { return nil },
		ReportFile: "report.txt",
	}
}
