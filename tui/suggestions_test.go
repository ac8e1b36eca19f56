package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
)

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
