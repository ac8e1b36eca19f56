package tui

import (
	"testing"

	"github.com/kehuo/provision/tui/story"
)

func TestEnterOnAnEmptyPlanDoesNotLeave(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.press("a")
	s.shows("0 of 5 steps chosen")
	s.lacks("carry out")
	s.press("enter")
	if s.left || len(s.reply) != 0 {
		t.Fatal("enter with nothing chosen ends the run")
	}
	s.shows("Nothing is chosen; space takes a step in, q leaves.")
	s = twoHosts(t)
	s.press("a", "enter")
	s.shows("q leaves this host out.")
}

func TestTheDiffOfAPlanIsNoDeadEnd(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.lacks("tab") // there is nothing to read about the first step
	s.press("tab")
	s.shows("▸ [✓]  2 Directory")
	for _, back := range []string{"tab", "esc"} {
		s.press("down", "tab")
		s.shows("▸ nginx configuration", "enter carry out   tab back")
		s.lacks("▸ [✓]")
		s.press(back)
		s.shows("▸ [✓]  5 nginx configuration", "tab diff")
		s.press("up")
	}
	s.press("down", "/", "q", "esc") // the end of a search is not yet the way back
	s.shows("▸ nginx configuration")
	s.press("esc")
	s.shows("▸ [✓]  5 nginx configuration")
}

func TestBesideAQuestionThereIsNothingBeforeTheRun(t *testing.T) {
	s := plainStage(t)
	s.ask(story.HostKey())
	s.lacks("tab")
	s.press("tab")
	s.shows("A host key that is not known yet")
}
