package tui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
)

func TestTheFormGoesToTheFirstWrongField(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 80, 24)
	form := s.model.page.(*page.Form)
	for range setup.FirstQuestions() {
		s.press("enter")
	}
	s.send(page.CheckedMsg{Number: 1})
	s.press("enter")
	s.shows("▸ ✗ Host", english.T("wizard.form.empty"))
	s.press("a")
	s.send(page.CheckedMsg{Number: 1, Fields: map[string]page.Checked{"address": {Err: errors.New("an old check")}}})
	if strings.Contains(s.view(), "an old check") {
		t.Error("the check of what stood there before is shown")
	}
	if got := form.Values()["address"]; got != "a" {
		t.Errorf("the host is %q", got)
	}
}

func TestTheFormKeepsWhatWasTyped(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.press("m", "e")
	s.send(page.SuggestionsMsg{"address": {"aliyun", "tencent"}, "domain": {"kevinhuo.cool"}})
	values := s.model.page.(*page.Form).Values()
	if values["address"] != "me" || values["domain"] != "kevinhuo.cool" {
		t.Errorf("the form holds %v", values)
	}
	s.press("tab")
	if got := s.model.page.(*page.Form).Values()["address"]; got != "aliyun" {
		t.Errorf("tab offers %q", got)
	}
	s.press("tab", "tab")
	if got := s.model.page.(*page.Form).Values()["address"]; got != "aliyun" {
		t.Errorf("around the end tab offers %q", got)
	}
}

func TestTheFormAsksBeforeItForgetsWhatWasTyped(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.press("m", "esc")
	s.shows(english.T("wizard.form.leave"))
	s.press("down", "esc")
	if s.left {
		t.Fatal("the second esc was not the next key, and leaves")
	}
	s.press("esc")
	if !s.left {
		t.Error("esc does not leave when it comes again")
	}
	s = newStage(t, c, theme.Plain(), 80, 24)
	s.press("esc")
	if !s.left {
		t.Error("esc does not leave a form that nothing was typed into")
	}
}

func TestTheFirstTextTakesThePlaceOfADefault(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	form := func(keys ...tea.KeyMsg) string {
		s := newStage(t, c, theme.Plain(), 80, 24)
		s.press("down", "down", "down", "down") // the folder of the site, "."
		for _, k := range keys {
			s.send(k)
		}
		return s.model.page.(*page.Form).Values()["source"]
	}
	for want, keys := range map[string][]tea.KeyMsg{
		"/srv/site": {{Type: tea.KeyRunes, Runes: []rune("/srv/site"), Paste: true}},
		"~/s":       {key("~"), key("/"), key("s")},
		"./x":       {{Type: tea.KeyEnd}, key("/"), key("x")}, // who moves in it wants to change it
		"..":        {key("."), key(".")},
	} {
		if got := form(keys...); got != want {
			t.Errorf("the folder is %q, want %q", got, want)
		}
	}
}

func TestTheFormSaysWhatIsOutOfSightAndWhatEnterDoes(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 40, 12)
	s.more("wizard.more-down", "↓", true)
	s.shows("enter next")
	s.lacks(english.T("wizard.more-up", "↑", 6))
	for range setup.FirstQuestions() {
		s.press("down")
	}
	s.more("wizard.more-up", "↑", true)
	s.shows("▸   "+english.T("wizard.form.write", "inventory.yaml"), "enter "+english.T("wizard.key.write"))
	s.more("wizard.more-down", "↓", false)
}

// What was found stands there for as long as it fits what the person typed: an alias says its own user and key.
func TestTheFormLeavesWhatAnAliasSays(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.send(page.SuggestionsMsg{"address": {"aliyun"}, "identity": {"~/.ssh/id_ed25519"}, "certificate": {"a.pem"}, "key": {"a.key"}})
	holds := func(want map[string]string) {
		t.Helper()
		values := s.model.page.(*page.Form).Values()
		for field, value := range want {
			if values[field] != value {
				t.Errorf("with the host %q %s is %q, want %q", values["address"], field, values[field], value)
			}
		}
	}
	holds(map[string]string{"user": "", "identity": "", "certificate": "a.pem", "key": "a.key"})
	s.press("2")
	holds(map[string]string{"user": "kevin", "identity": "~/.ssh/id_ed25519"})
	s.press(strings.Split("down down down down down down down", " ")...)
	s.send(tea.KeyMsg{Type: tea.KeyCtrlU})
	holds(map[string]string{"certificate": "", "key": ""})
}

// What follows from other answers follows them while they are typed, but for what the person typed there.
func TestTheFormFollowsTheAnswers(t *testing.T) {
	c := testConfig(nil)
	c.Form = setup.Setup{}
	s := newStage(t, c, theme.Plain(), 80, 24)
	form := s.model.page.(*page.Form)
	s.press("h")
	s.send(page.CheckedMsg{Number: 2, Offers: setup.Offers{"directory": {"/home/deploy/dev/shop"}}})
	if got := form.Values()["directory"]; got != "/home/deploy/dev/shop" {
		t.Errorf("the folder is %q", got)
	}
	s.press("down", "down", "down", "down", "down", "x")
	s.send(page.CheckedMsg{Number: 4, Offers: setup.Offers{"directory": {"/home/other/dev/shop"}}})
	if got := form.Values()["directory"]; got != "x" {
		t.Errorf("what was typed is now %q", got)
	}
}

// filled is a form where everything was found and is right.
func filled(t *testing.T) *stage {
	t.Helper()
	c := testConfig(nil)
	c.Form = setup.Setup{}
	c.Login = func(context.Context, setup.Answers) error { return nil }
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.send(page.SuggestionsMsg{"address": {"aliyun"}, "identity": {"~/.ssh/id_ed25519"}, "source": {"."}, "directory": {"/home/kevin/dev/myweb"}})
	s.send(page.CheckedMsg{Number: 2})
	return s
}

func TestTheLoginIsTriedOnceForTheSameAnswers(t *testing.T) {
	s := filled(t)
	form := s.model.page.(*page.Form)
	s.shows(english.T("wizard.form.login.trying"))
	values := form.Values()
	s.send(page.LoginTriedMsg{Values: values})
	s.shows("✓ " + english.T("wizard.form.login.works"))
	s.send(page.LoginTriedMsg{Values: setup.Answers{"address": "another"}, Err: errors.New("late")})
	s.lacks("late")
	for range setup.FirstQuestions() {
		s.press("up")
	}
	s.press("x")
	s.lacks(english.T("wizard.form.login.works"), english.T("wizard.form.login.trying")) // it is still being typed
	s.press("enter", "enter", "enter", "enter")
	s.send(page.CheckedMsg{Number: 3})
	s.shows(english.T("wizard.form.login.trying"))
	s.send(page.LoginTriedMsg{Values: form.Values(), Err: errors.New("connection refused")})
	s.shows(english.T("wizard.form.login.fails", "connection refused"))
	s.send(page.LoginTriedMsg{Values: form.Values(), Err: &provision.UnansweredError{}})
	s.shows(english.T("wizard.form.login.asks"))
}

func TestTheHeaderCountsFieldsAndNotTheButton(t *testing.T) {
	s := filled(t)
	s.send(tea.WindowSizeMsg{Width: 40, Height: 12})
	n := len(setup.FirstQuestions())
	s.lacks(english.T("wizard.form.at", n, n))
	s.press("up")
	s.shows(english.T("wizard.form.at", n, n))
}
