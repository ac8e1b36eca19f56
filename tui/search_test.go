package tui

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

func opened(t *testing.T, width int, msg logMsg) *stage {
	t.Helper()
	s := newStage(t, testConfig(nil), theme.Plain(), width, 24)
	s.play(record(story.Options{}), stepIs("01-login"))
	s.press("l")
	msg.number = 1
	s.send(msg)
	return s
}

func TestALogThatIsNotAllThereSaysSo(t *testing.T) {
	for name, msg := range map[string]logMsg{
		"the file's end":  {text: "a line\n", cut: true},
		"more than fits":  {text: strings.Repeat("a line\n", 6000)},
		"both, and again": {text: strings.Repeat("a line\n", 6000), cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, 80, msg)
			s.shows("Log: myweb.log (the last part; o opens all)")
			s.press("/", "z", "enter")
			s.shows("/z  not in the part shown; o opens all")
			opened(t, 40, msg).shows("Log: myweb.log\n(the last part; o opens all)")
		})
	}
	s := opened(t, 80, logMsg{text: "a line\n"})
	s.lacks("the last part")
	s.press("/", "z", "enter")
	s.shows("/z  not found")
	s.lacks("not in the part shown")
}

func TestWhileASearchIsTypedItsKeysAreNamedAlone(t *testing.T) {
	s, _ := building(t)
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
	s.press("S", "t", "e", "p", "enter")
	s.shows("/Step  n next  N previous  esc end")
	s = opened(t, 80, logMsg{text: "a line\n"})
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
	s = plainStage(t)
	s.plan(record(story.Options{}))
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
}
