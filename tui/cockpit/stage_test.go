package cockpit

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/tui/theme"
)

// stage is a cockpit without a terminal and without hosts: a test tells it readings and presses keys.
type stage struct {
	t     *testing.T
	model *Model
	clock time.Time
	board *board
	add   func(lines string) // to the log that is followed
	done  []string           // what was asked of the world
}

var beginning = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

const secret = "hunter2hunter2"

func newStage(t *testing.T, words *language.Printer, look *theme.Theme, width, height int, hosts ...string) *stage {
	t.Helper()
	s := &stage{t: t, clock: beginning}
	c := Config{Words: words, Site: "myweb", Hide: func(text string) string { return strings.ReplaceAll(text, secret, "[secret]") }}
	for _, name := range hosts {
		c.Watches = append(c.Watches, &survey.Watch{Host: name})
	}
	s.board = newBoard(c.Hide)
	s.model = newModel(c, look, func() time.Time { return s.clock }, s)
	s.model.Init()
	s.done = nil
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	wanted := wantedMsg{}
	for _, name := range hosts {
		wanted[name] = survey.Wanted{Release: "4bfb63fa1314", Tree: "tree", Spec: "spec"}
	}
	s.send(wanted)
	return s
}

func (s *stage) did(format string, args ...any) tea.Cmd {
	s.done = append(s.done, fmt.Sprintf(format, args...))
	return func() tea.Msg { return nil }
}

// The stage is the model's world.
func (s *stage) news() news { return s.board.take() }
func (s *stage) follow(host, container string) {
	s.did("follow %s %s", host, container)
	s.add = s.board.begin()
}
func (s *stage) wanted() tea.Cmd                      { return s.did("wanted") }
func (s *stage) shell(host, container string) tea.Cmd { return s.did("shell %s %s", host, container) }
func (s *stage) browse(url string) tea.Cmd            { return s.did("browse %s", url) }
func (s *stage) copy(url string) tea.Cmd              { return s.did("copy %s", url) }
func (s *stage) reconnect(host string)                { s.did("reconnect %s", host) }
func (s *stage) run(host string, pause bool, args ...string) tea.Cmd {
	return s.did("run %s %s (%t)", host, strings.Join(args, " "), pause)
}

func (s *stage) send(msg tea.Msg) tea.Cmd {
	_, cmd := s.model.Update(msg)
	return cmd
}

// tell brings readings, and what a log says.
func (s *stage) tell(lines []string, readings ...survey.Reading) {
	for _, r := range readings {
		s.board.put(r)
	}
	s.send(tick{})
	s.send(tick{}) // the choice has rested
	for _, line := range lines {
		s.add(line)
	}
	s.send(tick{})
}

var keys = map[string]tea.KeyType{"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
	"end": tea.KeyEnd, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace, "ctrl+c": tea.KeyCtrlC, "right": tea.KeyRight}

func (s *stage) press(names ...string) (last tea.Cmd) {
	for _, name := range names {
		k := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
		if kind, ok := keys[name]; ok {
			k = tea.KeyMsg{Type: kind}
		}
		last = s.send(k)
	}
	return last
}

// view is the screen, each row ended.
func (s *stage) view() string {
	var b strings.Builder
	for row := range strings.SplitSeq(s.model.View(), "\n") {
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return b.String()
}

// did is what was asked of the world since the last time.
func (s *stage) asked() string {
	text := strings.Join(s.done, "; ")
	s.done = nil
	return text
}

// reading is a made-up host on which all is well.
func reading(host string) survey.Reading {
	live := &docker.Container{ID: "c-" + host, Name: "/myweb_https", Image: "sha256:5a7fdce6bde2b3badfe4262d4cf4916c1b6c7f63a31228443314e2506df928f4"}
	live.State = docker.State{Status: "running", Running: true, StartedAt: beginning.Add(-75 * time.Hour)}
	live.Config.Labels = map[string]string{docker.LabelRelease: "4bfb63fa1314", docker.LabelTree: "tree", docker.LabelSpec: "spec"}
	r := survey.Reading{Host: host, Link: survey.LinkUp, At: beginning.Add(-2 * time.Second), Target: "kevin@203.0.113.10", Trip: 31 * time.Millisecond,
		Pulse: survey.Pulse{CPU: 0.07, Memory: 0.41, Disk: 0.58, Total: 4 << 30, Free: 17e9, Load: "0.21", Up: 41 * 24 * time.Hour},
		Facts: (&facts.Facts{}).WithDocker(facts.Docker{Root: "/var/lib/docker", Container: live, Containers: []facts.Listed{
			{Name: "myweb_https", Image: live.Image, Status: "Up 3 days", Ports: "0.0.0.0:443->443/tcp, 0.0.0.0:80->80/tcp", Release: "4bfb63fa1314"},
			{Name: "myweb_https-91b1e6f1c2aa", Image: "myweb_image:91b1e6f1c2aa", Status: "Exited (0) 3 days ago", Release: "91b1e6f1c2aa"},
		}}),
		History: []state.Record{
			{Time: beginning.Add(-190 * time.Hour), Who: "kevin@laptop", Command: "provision --yes", Release: "91b1e6f1c2aa", Outcome: "ok", Changed: 5},
			{Time: beginning.Add(-76 * time.Hour), Who: "kevin@laptop", Command: "provision --yes", Release: "4bfb63fa1314",
				Outcome: "https://kevinhuo.cool/ answers 500, not 200", Changed: 2},
			{Time: beginning.Add(-75 * time.Hour), Who: "kevin@laptop", Command: "provision deploy", Release: "4bfb63fa1314", Outcome: "ok", Changed: 3},
		}}
	r.Names = survey.Names{At: beginning, Domain: "kevinhuo.cool", Found: []string{"203.0.113.10"}, Own: []string{"203.0.113.10"}}
	for i, ms := range []int{84, 91, 80, 230, 120, 84, 79, 84} {
		r.Asked = append(r.Asked, survey.Answered{At: beginning.Add(time.Duration(i-8) * 10 * time.Second), Answer: probe.Answer{
			URL: "https://kevinhuo.cool/", Status: 200, Server: "nginx/1.14.1", Duration: time.Duration(ms) * time.Millisecond,
			Certificate: &x509.Certificate{DNSNames: []string{"kevinhuo.cool", "www.kevinhuo.cool"}, NotAfter: beginning.Add(87*24*time.Hour + time.Minute)},
		}})
	}
	return r
}

// wrong is one that answers 500, with other files than the source here.
func wrong(host string) survey.Reading {
	r := reading(host)
	r.Facts.Container.Config.Labels[docker.LabelTree] = "another"
	r.Pulse.CPU, r.Pulse.Disk = 0.97, 0.93
	r.Names.Own = []string{"203.0.113.20"}
	last := r.Asked[len(r.Asked)-1]
	last.Answer.Status = 500
	last.Err = provision.Fail("probe.status", last.Answer.URL, 500, 200)
	last.Answer.Certificate = &x509.Certificate{DNSNames: []string{"kevinhuo.cool"}, NotAfter: beginning.Add(9*24*time.Hour + time.Minute)}
	r.Asked = append(r.Asked, last)
	return r
}

// lost is one whose link has died.
func lost(host string) survey.Reading {
	r := reading(host)
	r.Link, r.At, r.Err = survey.LinkDown, beginning.Add(-40*time.Second), errors.New("the connection to "+host+" was lost")
	return r
}
