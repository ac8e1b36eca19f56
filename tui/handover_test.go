package tui

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

// next is a screen that the wizard goes on with.
type next struct{ notice, got string }

func (n next) Init() tea.Cmd { return nil }
func (n next) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyMsg); ok {
		n.got += k.String()
		return n, tea.Quit
	}
	return n, nil
}
func (n next) View() string { return "the cockpit: " + n.notice + n.got }

func cockpitStage(t *testing.T, err error) *stage {
	t.Helper()
	c := testConfig(english)
	c.Cockpit = func(_ context.Context, notice string, away *atomic.Bool, running *sync.WaitGroup) (tea.Model, error) {
		if away == nil || running == nil {
			t.Error("the cockpit cannot tell what it does")
		}
		return next{notice: notice}, err
	}
	return newStage(t, c, theme.Plain(), 80, 24)
}

func TestTheCockpitOpensWhereNothingIsToChange(t *testing.T) {
	s := cockpitStage(t, nil)
	s.finish(record(story.Options{Words: english, Satisfied: true}))
	if want := "the cockpit: " + english.T("lines.planned-nothing"); strings.TrimSpace(s.view()) != want {
		t.Fatalf("the screen is\n%s", s.view())
	}
	s.press("c")
	if !s.left || !strings.HasSuffix(strings.TrimSpace(s.view()), "c") {
		t.Errorf("keys do not reach it:\n%s", s.view())
	}
	s.send(stopMsg{})
	if s.model.act.ctx.Err() == nil || s.view() != "\n" {
		t.Errorf("a signal does not end it:\n%q", s.view())
	}
}

func TestTheEndLeadsToTheCockpit(t *testing.T) {
	s := cockpitStage(t, nil)
	s.finish(record(story.Options{Words: english}))
	if !strings.Contains(s.view(), "c "+english.T("wizard.key.cockpit")) {
		t.Errorf("the cockpit is not offered:\n%s", s.view())
	}
	s.press("c")
	if strings.TrimSpace(s.view()) != "the cockpit:" {
		t.Errorf("c does not open it:\n%s", s.view())
	}
}

func TestACockpitThatDoesNotOpenLeavesTheEnd(t *testing.T) {
	s := cockpitStage(t, errors.New("no such file"))
	s.finish(record(story.Options{Words: english, Satisfied: true}))
	if !strings.Contains(s.view(), english.T("wizard.done.unchanged")) {
		t.Errorf("the end is not shown:\n%s", s.view())
	}
	s.press("c")
	if !strings.Contains(s.view(), "no such file") {
		t.Errorf("it is not said why:\n%s", s.view())
	}
}

// A login that asked for a passphrase would ask again, and the cockpit cannot.
func TestTheCockpitDoesNotOpenByItselfAfterAQuestion(t *testing.T) {
	s := cockpitStage(t, nil)
	s.send(Asked{provision.Decision{Kind: provision.DecidePassphrase, Host: "aliyun"}, s.reply})
	s.press("enter")
	s.finish(record(story.Options{Words: english, Satisfied: true}))
	if !strings.Contains(s.view(), english.T("wizard.done.unchanged")) {
		t.Errorf("the end is not shown:\n%s", s.view())
	}
}
