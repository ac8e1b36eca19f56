package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
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
}

// historyLines is how many records are kept; older ones are dropped.
const historyLines = 500

// Line is the record as the history keeps it, and as the script that holds the lock takes it: one line.
func (r Record) Line() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings, numbers and a time always marshal
	}
	return string(text) + "\n"
}

// appendScript defines a shell function that adds the line in $1 to the history in the current folder.
var appendScript = fmt.Sprintf(`append() {
  printf '%%s\n' "$1" >>history
  [ "$(wc -l <history)" -le %d ] || { tail -n %d history >history.new && mv -f history.new history; }
}
`, 2*historyLines, historyLines)

// AppendHistoryScript adds a record to the history of a folder that is there.
func AppendHistoryScript(dir string, r Record, quote func(...string) string) string {
	return fmt.Sprintf("(umask 077; cd %s || exit 0\n%sappend %s)\n", quote(dir), appendScript, quote(strings.TrimSuffix(r.Line(), "\n")))
}

// ShowHistoryScript prints the history, the oldest record first.
func ShowHistoryScript(dir string, quote func(...string) string) string {
	file := quote(dir + "/history")
	return fmt.Sprintf("if [ -f %s ]; then cat %s; fi\n", file, file)
}

// ParseHistory reads what ShowHistoryScript prints. A line that a full disk cut short is passed over.
func ParseHistory(text []byte) []Record {
	var records []Record
	for line := range bytes.Lines(text) {
		var r Record
		if json.Unmarshal(line, &r) == nil {
			records = append(records, r)
		}
	}
	return records
}

// SaveReleaseScript keeps what a release was made of, as JSON, for the day it is rolled back to.
func SaveReleaseScript(dir, release string, made any, quote func(...string) string) string {
	text, err := json.Marshal(made)
	if err != nil {
		panic(err) // plain data always marshals
	}
	return fmt.Sprintf("(umask 077; cd %s && mkdir -p releases && printf '%%s\\n' %s >releases/%s.new && mv -f releases/%s.new releases/%s.json)\n",
		quote(dir), quote(string(text)), release, release, release)
}

// ShowReleaseScript prints what SaveReleaseScript kept.
func ShowReleaseScript(dir, release string, quote func(...string) string) string {
	return "cat " + quote(dir+"/releases/"+release+".json") + "\n"
}
