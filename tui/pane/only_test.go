package pane_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/tui/pane"
)

func TestOnlySomeLinesAreShown(t *testing.T) {
	p := filled(true, 12)
	seven := func(l pane.Line) bool { return strings.Contains(l.Text, "7") }
	p.Only(seven)
	if got := strings.TrimSpace(p.View()); got != "line 7" {
		t.Errorf("it shows %q", got)
	}
	p.Append(pane.Line{Text: "line 12"}, pane.Line{Text: "line 17"})
	if got := strings.TrimSpace(p.View()); got != "line 7\nline 17" {
		t.Errorf("it shows %q", got)
	}
	p.Only(func(l pane.Line) bool { return strings.Contains(l.Text, "1") })
	if got := strings.TrimSpace(p.View()); got != "line 1\nline 10\nline 11\nline 12\nline 17" {
		t.Errorf("it shows %q", got)
	}
	p.Only(nil)
	p.Append(pane.Line{Text: "line 18"})
	if got := strings.TrimSpace(p.View()); got != "line 10\nline 11\nline 12\nline 17\nline 18" {
		t.Errorf("it shows %q", got)
	}
	p.Only(seven)
	p.Clear()
	if p.Only(nil); !p.Empty() {
		t.Error("what was cleared comes back")
	}
}
