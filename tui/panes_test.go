package tui

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
)

func TestEnterInAnotherPaneOnlyComesBack(t *testing.T) {
	for name, end := range map[string]story.Options{"failed": {Failures: 1}, "done": {}} {
		for panes, keys := range map[string][]string{"steps": {"tab"}, "output": {"tab", "tab"}} {
			t.Run(name+" "+panes, func(t *testing.T) {
				s := plainStage(t)
				rest := s.plan(record(end))
				s.press("enter")
				s.finish(rest)
				page := s.model.page
				s.press(keys...)
				s.shows("esc back")
				s.press("enter")
				if s.left || s.model.active || s.model.page != page || s.model.focus != onPage {
					t.Error("enter acts on a page that is not on the screen")
				}
			})
		}
	}
}

func TestTwoRetriesAtOnceAreOne(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{Failures: 1}))
	s.press("enter")
	s.finish(rest)
	for i, starts := range []bool{true, false} {
		if _, cmd := s.model.Update(page.RetryMsg{}); (cmd != nil) != starts {
			t.Errorf("retry %d starts a run: %t", i+1, cmd != nil)
		}
	}
	s.model.mouse = false // that is taken again after the editor
	if _, cmd := s.model.Update(editedMsg{}); cmd != nil {
		t.Error("the end of the editor starts a second run")
	}
}

func TestTheLogGoesOnAfterItWasScrolled(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("01-login"))
	read := func(number int, text string) (readsOn bool) {
		_, cmd := s.model.Update(logMsg{number: number, text: text})
		return cmd != nil
	}
	s.model.openLog()
	if !read(1, strings.Repeat("a line\n", 100)+"the end") {
		t.Error("the log is not read on")
	}
	s.press("pgup")
	if !read(1, "later") {
		t.Error("a log that was scrolled is not read any more")
	}
	s.shows("a line")
	s.press("f")
	read(1, "later")
	s.shows("later")
	s.press("esc", "?")
	if read(1, "over the help") || strings.Contains(s.view(), "over the help") {
		t.Error("the log came to stand in the help, or is read on behind it")
	}
	s.press("esc")
	s.model.openLog()
	if read(1, "of the first opening") || !read(2, "of the second") {
		t.Error("a log that was opened twice is read twice")
	}
}
