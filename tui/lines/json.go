package lines

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/language"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// NewJSON returns the printer of --json: one object a line, as provision.Event marshals itself. Whatever a host has said, a
// line may be shown on a terminal as it is.
func NewJSON(w io.Writer, words *language.Printer) *Printer { return newPrinter(w, jsonLines{words}) }

type jsonLines struct{ words *language.Printer }

func (j jsonLines) format(b []byte, e provision.Event) []byte {
	if output, ok := e.Body.(provision.StepOutput); ok {
		return appendOutput(b, e, output)
	}
	e.Body = j.worded(e.Body)
	line, err := json.Marshal(e)
	if err != nil { // a value that JSON cannot hold, a year beyond 9999 for example
		line, _ = json.Marshal(map[string]string{"type": "error", "error": err.Error()})
	}
	return append(append(b, safetext.EscapeJSON(line)...), '\n')
}

// worded is body with its errors in words, which is how they are marshalled.
func (j jsonLines) worded(body provision.Body) provision.Body {
	switch b := body.(type) {
	case provision.StepFinished:
		b.Err = j.word(b.Err)
		return b
	case provision.RunFinished:
		b.Err, b.Hosts = j.word(b.Err), j.wordAll(b.Hosts)
		return b
	case provision.PlanFinished:
		b.Err, b.Hosts = j.word(b.Err), j.wordAll(b.Hosts)
		return b
	}
	return body
}

func (j jsonLines) word(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(j.words.Error(err))
}

func (j jsonLines) wordAll(hosts map[string]provision.HostResult) map[string]provision.HostResult {
	worded := maps.Clone(hosts)
	for name, r := range worded {
		r.Err = j.word(r.Err)
		worded[name] = r
	}
	return worded
}

// appendOutput writes an object for each line as json.Marshal(e) would, without reflection: output comes by the hundred
// thousand lines.
func appendOutput(b []byte, e provision.Event, o provision.StepOutput) []byte {
	for line := range o.Lines() {
		b = appendLine(b, e, o.Stream, line)
	}
	return b
}

func appendLine(b []byte, e provision.Event, stream, line string) []byte {
	b = append(b, `{"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","type":"step.output"`...)
	if e.Host != "" {
		b = appendString(append(b, `,"host":`...), e.Host)
	}
	if e.Step != "" {
		b = appendString(append(b, `,"step":`...), e.Step)
	}
	b = appendString(append(b, `,"stream":`...), stream)
	b = appendString(append(b, `,"text":`...), line)
	return append(b, "}\n"...)
}

func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20, c >= utf8.RuneSelf, c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0x7f:
			quoted, _ := json.Marshal(s) // of a string it cannot fail
			return append(b, safetext.EscapeJSON(quoted)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
