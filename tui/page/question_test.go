package page

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/theme"
)

func TestAPastedPasswordLosesItsLineEnd(t *testing.T) {
	c := &Common{Words: language.New(language.English), Theme: theme.Plain(), Now: time.Now}
	q, _ := NewQuestion(c, provision.Decision{Kind: provision.DecidePassword, Question: "Password", Secret: true})
	q.SetSize(60, 10)
	q.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("open sesame \r\n"), Paste: true})
	if q.text != "open sesame " {
		t.Errorf("the password is %q", q.text)
	}
}

func TestARemarkDoesNotTakeTheWholeScreen(t *testing.T) {
	c := &Common{Words: language.New(language.English), Theme: theme.Plain(), Now: time.Now}
	for detail, whole := range map[string]bool{"": false, "That was not accepted. Try again.": false, "one\ntwo": false, "one\ntwo\nthree": true} {
		q, _ := NewQuestion(c, provision.Decision{Kind: provision.DecidePassphrase, Detail: detail, Secret: true})
		if q.Whole() != whole {
			t.Errorf("with the detail %q the question takes the whole screen: %t", detail, !whole)
		}
	}
}
