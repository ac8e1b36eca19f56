package state

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Record is one line of the history: a run that changed something, or tried to.
type Record struct {
	Time       time.Time `json:"time"` // when it ended
	Who        string    `json:"who"`  // user@machine
	Command    string    `json:"command"`
	Release    string    `json:"release,omitempty"`
	Outcome    string    `json:"outcome"` // "ok", or the error's sentence
	Changed    int       `json:"changed"`
	DurationMS int64     `json:"duration_ms"`
	Hooks      []Hook    `json:"hooks,omitempty"` // those that it ran, in their order
}

// Hook is what became of a hook.
type Hook struct {
	Name       string `json:"name"`    // before_build, before_switch or after_switch
	Outcome    string `json:"outcome"` // "ok", or the error's sentence
	DurationMS int64  `json:"duration_ms"`
}

// line is the record as the history keeps it, and as the session that holds the lock takes it.
func (r Record) line() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings, numbers and a time always marshal
	}
	return string(text) + "\n"
}

// Append adds a record to the history of a site whose state folder is there.
func Append(directory string, r Record) shell.Text {
	return recordScript.With(Dir(directory), strings.TrimSuffix(r.line(), "\n"))
}

// fileLimit is how much is read of a file in the state folder, in bytes. The scripts stop there as well.
const fileLimit = 1 << 20

// History prints the history, the oldest record first, for [ParseHistory].
func History(directory string) shell.Text { return historyScript.With(Dir(directory)) }

// ParseHistory reads what History printed. A line that a full disk cut short, or that no run wrote, is passed over.
func ParseHistory(text []byte) []Record {
	var records []Record
	for line := range bytes.Lines(text[max(0, len(text)-fileLimit):]) {
		var r Record
		if json.Unmarshal(line, &r) != nil || r.Changed < 0 || r.DurationMS < 0 {
			continue
		}
		for _, field := range []*string{&r.Who, &r.Command, &r.Release, &r.Outcome} {
			*field = safetext.Clean(*field)
		}
		for i := range r.Hooks {
			r.Hooks[i].Name, r.Hooks[i].Outcome = safetext.Clean(r.Hooks[i].Name), safetext.Clean(r.Hooks[i].Outcome)
		}
		records = append(records, r)
	}
	return records
}
