package lines_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

// A line may be shown on a terminal as it is, whatever a host has said.
func TestJSONLinesAreSafeOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := toJSON(&b)
	for _, body := range []provision.Body{
		provision.Finding{Severity: provision.SeverityError, Cause: "c", Evidence: "a\u009b2J\u202eb"},
		provision.StepOutput{Stream: provision.StreamOut, Text: "a\u009b2J\u202eb"},
	} {
		p.Emit(provision.Event{Host: "h", Step: "07-build", Body: body})
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Count(text, `a\u009b2J\u202eb`) != 2 {
		t.Errorf("got %q", text)
	}
}
