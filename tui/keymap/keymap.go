// Package keymap holds the keys of the screens where no text is typed: each means one action, on every screen that has it.
package keymap

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// Action is what a key stands for; empty for nothing.
type Action string

// The actions.
const (
	Take      Action = "take" // what is highlighted
	Back      Action = "back"
	Leave     Action = "leave"
	Pane      Action = "pane" // the other one
	Up        Action = "up"
	Down      Action = "down"
	PageUp    Action = "page-up"
	PageDown  Action = "page-down"
	Top       Action = "top"
	Follow    Action = "follow" // to the end, and on with what comes
	Search    Action = "search"
	Next      Action = "next" // match of the search
	Previous  Action = "previous"
	Toggle    Action = "toggle" // a step of the plan
	All       Action = "all"    // of them, or none
	Before    Action = "before" // the host
	After     Action = "after"
	Retry     Action = "retry"
	Edit      Action = "edit" // a file that a failure is about: the first, the second, ...
	Report    Action = "report"
	Addresses Action = "addresses"
	Log       Action = "log"
	Pager     Action = "pager"
	Cockpit   Action = "cockpit"
	Mouse     Action = "mouse"
	Labels    Action = "labels" // commands in full
	Help      Action = "help"
)

// Binding is an action and the keys that stand for it, the one to show first.
type Binding struct {
	Action Action
	Keys   []string
}

// Table is every key.
func Table() []Binding {
	return []Binding{
		{Take, []string{"enter"}},
		{Back, []string{"esc"}},
		{Leave, []string{"q"}},
		{Pane, []string{"tab"}},
		{Up, []string{"up", "k"}},
		{Down, []string{"down", "j"}},
		{PageUp, []string{"pgup", "b", "ctrl+u"}},
		{PageDown, []string{"pgdown", "ctrl+d"}},
		{Top, []string{"home", "g"}},
		{Follow, []string{"f", "end", "G"}},
		{Search, []string{"/"}},
		{Next, []string{"n"}},
		{Previous, []string{"N"}},
		{Toggle, []string{"space", " "}},
		{All, []string{"a"}},
		{Before, []string{"["}},
		{After, []string{"]"}},
		{Retry, []string{"r"}},
		{Edit, []string{"e", "2", "3", "4", "5", "6"}},
		{Report, []string{"s"}},
		{Addresses, []string{"u"}},
		{Log, []string{"l"}},
		{Pager, []string{"o"}},
		{Cockpit, []string{"c"}},
		{Mouse, []string{"m"}},
		{Labels, []string{"v"}},
		{Help, []string{"?"}},
	}
}

// Of is what a key stands for.
func Of(key string) Action {
	for _, b := range Table() {
		if slices.Contains(b.Keys, key) {
			return b.Action
		}
	}
	return ""
}

// Keys are those of an action.
func Keys(a Action) []string {
	for _, b := range Table() {
		if b.Action == a {
			return b.Keys
		}
	}
	return nil
}

// Key is the one of them to show.
func Key(a Action) string { return Keys(a)[0] }

// Split takes letters apart that were typed quickly, or came over a slow link, as one message. What is pasted is text.
func Split(k tea.KeyMsg) []tea.KeyMsg {
	if k.Type != tea.KeyRunes || k.Paste || len(k.Runes) < 2 {
		return []tea.KeyMsg{k}
	}
	var keys []tea.KeyMsg
	for _, r := range k.Runes {
		keys = append(keys, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt})
	}
	return keys
}
