package keymap

import (
	"slices"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestNoKeyMeansTwoThings(t *testing.T) {
	meaning := map[string]Action{}
	for _, b := range Table() {
		for _, key := range b.Keys {
			if other, taken := meaning[key]; taken {
				t.Errorf("%s means %s and %s", key, other, b.Action)
			}
			meaning[key] = b.Action
			if Of(key) != b.Action || !slices.Contains(Keys(b.Action), key) {
				t.Errorf("%s is not found as %s", key, b.Action)
			}
		}
	}
}

func TestLettersThatComeTogetherAreTakenApart(t *testing.T) {
	var got string
	for _, k := range Split(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("4jp")}) {
		got += k.String() + " "
	}
	if got != "4 j p " {
		t.Errorf("got %q", got)
	}
	pasted := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("text"), Paste: true}
	if got := Split(pasted); len(got) != 1 {
		t.Errorf("what was pasted became %d keys", len(got))
	}
}
