package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
	"github.com/kehuo/provision/tui/theme"
)

// film records the screens of a stage, each with the time that it stands.
type film struct {
	strings.Builder
	stage *stage
	last  string
}

func (f *film) shot(ms int) {
	f.stage.send(spin{})
	if view := f.stage.view(); view != f.last {
		fmt.Fprintf(f, "\f%d\n%s", ms, view)
		f.last = view
	}
}

// TestFilm keeps a run from the form to the live site, screen by screen; tui/screens makes a picture of it that plays.
func TestFilm(t *testing.T) {
	words := language.New(language.English)
	c := testConfig(words)
	c.Form = setup.Setup{}
	f := &film{stage: newStage(t, c, theme.Coloured(), 96, 28)}
	s := f.stage
	s.send(page.SuggestionsMsg{"address": {"aliyun"}, "domain": {"kevinhuo.cool"}, "source": {"./site"}, "directory": {"/home/kevin/dev/myweb"},
		"certificate": {"ssl_files/kevinhuo_cool.pem"}, "key": {"ssl_files/kevinhuo_cool.key"}})
	s.send(page.CheckedMsg{Number: 2, Fields: map[string]page.Checked{
		"certificate": {Note: "good for 87 days, for kevinhuo.cool"}, "source": {Note: "has a Dockerfile"}}})
	f.shot(1200)
	s.send(page.LoginTriedMsg{Values: s.model.page.(*page.Form).Values()})
	f.shot(1500)
	s.send(page.WroteMsg{})
	rest := s.plan(record(story.Options{Words: words, Lines: 12}))
	f.shot(2200)
	s.press("down")
	f.shot(2200)
	s.press("enter")
	f.run(rest)
	f.shot(5000)
	terminaltest.Golden(t, "wizard.film", f.String(), *update)
}

// run plays the rest of a run: what is measured finely is shot now and then.
func (f *film) run(events []provision.Event) {
	for i, e := range events {
		f.stage.now = e.Time
		if done, ended := e.Body.(provision.RunFinished); ended {
			f.stage.send(feed.Batch{Events: []provision.Event{e}})
			f.stage.send(Deployed{Finished: done})
			f.stage.settle()
			continue
		}
		f.stage.send(feed.Batch{Events: []provision.Event{e}})
		switch b := e.Body.(type) {
		case provision.StepProgress:
			if b.Unit == provision.UnitSteps || i%6 == 0 {
				f.shot(180)
			}
		case provision.StepFinished:
			f.shot(120)
		case provision.StepOutput:
			if i%4 == 0 {
				f.shot(90)
			}
		}
	}
}
