package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

func plainStage(t *testing.T) *stage {
	t.Helper()
	return newStage(t, testConfig(nil), theme.Plain(), 80, 24)
}

// answered is what the model answered to the last decision.
func (s *stage) answered() provision.Answer {
	s.t.Helper()
	select {
	case a := <-s.reply:
		return a
	default:
		s.t.Fatal("the decision has no answer")
		return provision.Answer{}
	}
}

func (s *stage) shows(texts ...string) {
	s.t.Helper()
	view := s.view()
	for _, text := range texts {
		if !strings.Contains(view, text) {
			s.t.Errorf("%q is not on the screen:\n%s", text, view)
		}
	}
}

func TestEnterTakesTheDefault(t *testing.T) {
	yes, no := provision.Option{ID: provision.AnswerYes, Label: "take it"}, provision.Option{ID: provision.AnswerNo, Label: "leave it"}
	for name, c := range map[string]struct {
		d    provision.Decision
		want string
	}{
		"first":           {provision.Decision{Options: []provision.Option{yes, no}, Default: provision.AnswerYes}, provision.AnswerYes},
		"second":          {provision.Decision{Options: []provision.Option{yes, no}, Default: provision.AnswerNo}, provision.AnswerNo},
		"no safe default": {provision.Decision{Options: []provision.Option{yes, no}}, provision.AnswerNo},
		"other options":   {provision.Decision{Options: []provision.Option{{ID: "a"}, {ID: "b"}, {ID: "c"}}, Default: "b"}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			s := plainStage(t)
			c.d.Kind, c.d.Host = provision.DecideTakeOver, "aliyun"
			s.play(record(story.Options{}), stepIs("01-login"))
			s.ask(c.d)
			s.press("enter")
			if got := s.answered().Choice; got != c.want {
				t.Errorf("enter answers %q, want %q", got, c.want)
			}
		})
	}
}

func TestAPlanIsApprovedWholeOrStepByStep(t *testing.T) {
	for name, c := range map[string]struct {
		keys   []string
		choice string
		steps  []string
	}{
		"whole":           {[]string{"enter"}, provision.AnswerYes, nil},
		"without the run": {[]string{"down", "down", "down", "down", "space", "enter"}, provision.AnswerYes, []string{"02-directory", "05-nginx-config", "06-files", "07-build"}},
		"out and in":      {[]string{"down", "down", "down", "down", "space", "space", "enter"}, provision.AnswerYes, nil},
		"the first alone": {[]string{"space", "space", "enter"}, provision.AnswerYes, []string{"02-directory"}},
		"nothing, then":   {[]string{"a", "enter", "a", "enter"}, provision.AnswerYes, nil},
		"after reading":   {[]string{"down", "tab", "down", "tab", "enter"}, provision.AnswerYes, nil},
		"read, and back":  {[]string{"down", "tab", "down", "esc", "space", "enter"}, provision.AnswerYes, []string{"02-directory"}},
		"left":            {[]string{"q"}, provision.AnswerNo, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := plainStage(t)
			s.plan(record(story.Options{}))
			s.press(c.keys...)
			got := s.answered()
			if got.Choice != c.choice || !slices.Equal(got.Steps, c.steps) || (got.Steps == nil) != (c.steps == nil) {
				t.Errorf("the answer is %+v, want %s %v", got, c.choice, c.steps)
			}
		})
	}
}

func TestARetryDoesNotAskForWhatWasApproved(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{Failures: 1}))
	s.press("enter")
	s.answered()
	s.finish(rest)
	s.shows("Step 7 failed", "Retry from step 7")
	s.press("r")
	if _, failed := s.model.page.(*page.Failure); failed || !s.model.active {
		t.Fatal("r does not retry")
	}
	s.play(record(story.Options{}), stepIs("01-login"))
	again := provision.Decision{Kind: provision.DecidePlan, Host: "aliyun",
		Changes: []provision.Change{{Host: "aliyun", Step: "07-build"}, {Host: "aliyun", Step: "09-run"}}}
	s.ask(again)
	if got := s.answered(); got.Choice != provision.AnswerYes {
		t.Errorf("the plan of the retry was answered %+v", got)
	}
	again.Changes = append(again.Changes, provision.Change{Host: "aliyun", Step: "03-dockerfile", Action: "another"})
	s.ask(again)
	if len(s.reply) != 0 {
		t.Error("a step that was never approved was taken without asking")
	}
	s.shows("another")
}

func TestQLeavesAtOnceUntilSomethingChanges(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("01-login"))
	s.press("q")
	if !s.left {
		t.Error("q does not leave while connecting")
	}
	s = plainStage(t)
	rest := s.plan(record(story.Options{}))
	s.press("enter")
	s.play(rest, stepIs("07-build"))
	s.press("q")
	s.shows("Stop here?", firstWords("step.07-build.interrupt"))
	if s.left {
		t.Fatal("q leaves in the middle of the build without asking")
	}
	s.press("enter")
	if s.left || s.model.overlay != nil {
		t.Error("the default is not to go on")
	}
	s.press("q", "esc")
	if s.left || s.model.overlay != nil || !s.model.active {
		t.Error("esc does not go back to the run")
	}
	s.press("q", "down", "enter")
	if !s.left || s.model.act.ctx.Err() == nil {
		t.Error("yes does not stop the run")
	}
}

func TestAFailureOutsideOfTheStepsIsShown(t *testing.T) {
	s := plainStage(t)
	events := record(story.Options{})
	s.play(events, stepIs("01-login"))
	s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Body: provision.Finding{
		Severity: provision.SeverityError, Cause: "Another run holds the lock.", Fix: "provision unlock"}}}})
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitLocked,
		Hosts: map[string]provision.HostResult{"aliyun": {Status: provision.StatusFailed, Err: errors.New("locked")}}}})
	s.shows("The run ended early", "Another run holds the lock.", "provision unlock", "Retry")
}

func TestAFailureBeforeAnyHostIsShown(t *testing.T) {
	s := plainStage(t)
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitUsage,
		Hosts: map[string]provision.HostResult{"": {Status: provision.StatusFailed, Err: errors.New("inventory.yaml:3: no such folder")}}}})
	s.shows("The run ended early", "inventory.yaml:3: no such folder", "Retry")
}

func TestAStepThatCannotBePlannedIsNamed(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("02-directory"))
	for _, body := range []provision.Body{
		provision.Finding{Severity: provision.SeverityError, Cause: "The Dockerfile has no FROM line."},
		provision.StepFinished{Status: provision.StatusSkipped},
	} {
		s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "03-dockerfile", Body: body}}})
	}
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed,
		Hosts: map[string]provision.HostResult{"aliyun": {Status: provision.StatusFailed, Err: errors.New("no FROM")}}}})
	s.shows("Step 3 failed: Dockerfile", "The Dockerfile has no FROM line.", "no FROM")
}

func TestTabGoesAround(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{Failures: 1}))
	s.press("enter")
	s.finish(rest)
	s.shows("Retry from step 7")
	s.press("tab") // the steps, and the output of the one that failed
	s.shows("▸✗  7 Build the image", "ERROR: No matching distribution")
	s.press("up")
	s.shows("▸✓  6 Upload files")
	s.press("tab", "tab")
	s.shows("Retry from step 7")
}

func TestHostileWordsStayText(t *testing.T) {
	s := plainStage(t)
	evil := "\x1b[2J\x1b]0;owned\x07\u202e"
	s.play(record(story.Options{}), stepIs("01-login"))
	for _, body := range []provision.Body{
		provision.StepOutput{Text: evil}, provision.StepCommand{Command: evil}, provision.StepProgress{Done: 1, Total: 2, Unit: provision.UnitFiles, Detail: evil},
		provision.Finding{Severity: provision.SeverityError, Cause: evil, Evidence: evil, Fix: evil},
		provision.SiteCheck{Vantage: provision.VantageHTTPS, Server: evil, Location: evil, URL: evil},
	} {
		s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "01-login", Body: body}}})
	}
	clean := func(when string) {
		t.Helper()
		if view := s.view(); strings.ContainsAny(view, "\x1b\a\u202e") {
			t.Errorf("%s: %q", when, view)
		}
	}
	clean("running")
	s.ask(provision.Decision{Kind: provision.DecideTakeOver, Host: "aliyun", Question: evil, Detail: evil,
		Options: []provision.Option{{ID: "x", Label: evil}}})
	clean("question")
	s.press("enter")
	s.answered()
	s.ask(provision.Decision{Kind: provision.DecidePlan, Host: "aliyun", Changes: []provision.Change{
		{Step: "06-files", Action: evil, Reason: evil, Diff: evil}}})
	clean("plan")
	s.press("enter")
	s.answered()
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: 1, Hosts: map[string]provision.HostResult{"aliyun": {Err: errors.New(evil)}}}})
	clean("failure")
	s.send(Deployed{Finished: provision.RunFinished{Hosts: map[string]provision.HostResult{"aliyun": {}}}})
	clean("done")
}

func TestEverySizeIsKept(t *testing.T) {
	for name, scene := range scenes {
		c := testConfig(nil)
		if strings.HasPrefix(name, "form") {
			c.Form = setup.Setup{}
		}
		s := newStage(t, c, theme.Plain(), 80, 24)
		scene(s, s.model.Words)
		for width := 0; width <= 130; width += 13 {
			for height := 0; height <= 45; height += 3 {
				s.send(tea.WindowSizeMsg{Width: width, Height: height})
				if view := s.model.View(); width > 0 && height > 0 && tooBig(view, width, height) {
					t.Fatalf("%s does not keep to %dx%d:\n%s", name, width, height, view)
				}
			}
		}
	}
}

func tooBig(view string, width, height int) bool {
	rows := strings.Split(view, "\n")
	return len(rows) > height || slices.ContainsFunc(rows, func(row string) bool { return ansi.StringWidth(row) > width })
}

// BenchmarkFlood is what 20,000 lines a second cost for one of the thirty pictures in that time: there are 33 ms for it.
func BenchmarkFlood(b *testing.B) {
	var events []provision.Event
	for i := range 20_000 / 30 {
		events = append(events, provision.Event{Host: "aliyun", Step: "07-build",
			Body: provision.StepOutput{Text: fmt.Sprintf("%d %s", i, strings.Repeat("x", 100))}})
	}
	c := testConfig(language.New(language.English))
	model := newModel(c, theme.Coloured(), time.Now, newActions(b.Context(), c, nil, func(tea.Msg) {}))
	model.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	model.Update(feed.Batch{Events: record(story.Options{})[:20]})
	b.ReportAllocs()
	for b.Loop() {
		model.Update(feed.Batch{Events: events})
		_ = model.View()
	}
}
