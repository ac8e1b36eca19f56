package tui

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

// building is a stage in the middle of a build that will fail, with what is still to come.
func building(t *testing.T) (s *stage, rest []provision.Event) {
	t.Helper()
	s = plainStage(t)
	rest = s.plan(record(story.Options{Failures: 1}))
	s.press("enter")
	s.answered()
	return s, s.play(rest, progressOf("07-build", 3))
}

func TestTheEndOfTheRunLeavesTheLogWhereItIs(t *testing.T) {
	s, rest := building(t)
	s.press("l")
	s.send(logMsg{number: 1, text: strings.Repeat("a line\n", 100)})
	s.press("/", "r", "e")
	s.hasty = true
	s.finish(rest)
	s.press("s", "q", "r", "enter")
	if s.left || s.model.active {
		t.Fatal("letters of a search became commands of the page that came")
	}
	s.shows("Log: myweb.log", "/resqr", "stopped at step 7 - esc shows why")
	s.press("esc", "esc")
	s.shows("Retry from step 7")
	s.lacks("esc shows why")
	s.press("enter") // the person called for this page: it takes keys at once
	if !s.model.active {
		t.Error("the page that was behind the log does not take keys")
	}
}

func TestAQuestionLeavesASearchOfTheOutputWhereItIs(t *testing.T) {
	s, _ := building(t)
	s.press("/", "x")
	s.ask(provision.Decision{Kind: provision.DecideTakeOver, Host: "aliyun", Question: "Take it over?",
		Options: []provision.Option{{ID: provision.AnswerYes, Label: "yes"}, {ID: provision.AnswerNo, Label: "no"}}})
	s.press("y", "enter")
	if len(s.reply) != 0 {
		t.Fatal("the enter of a search answered a question")
	}
	s.shows("/xy", english.T("wizard.now.question")+" - esc shows it")
	s.press("esc", "esc")
	s.shows("Take it over?")
}

func TestAPageThatComesWhileNobodyTypesTakesKeysAtOnce(t *testing.T) {
	s, rest := building(t)
	s.press("down")
	s.settle()
	s.hasty = true
	s.finish(rest)
	s.shows("enter " + english.T("wizard.key.take"))
	s.press("enter")
	if !s.model.active {
		t.Error("the key is lost")
	}
}

func TestAPageThatComesWhileSomebodyTypesTakesNoActionAtFirst(t *testing.T) {
	s, rest := building(t)
	s.hasty = true
	s.play(rest, func(provision.Event) bool { return false })
	s.press("down")
	s.send(Deployed{Finished: rest[len(rest)-1].Body.(provision.RunFinished)})
	s.press("r", "e", "s", "q", "space", "l", "enter")
	if s.left || s.model.active || s.model.overlay != nil {
		t.Fatal("a key that was meant for the output acts on the failure")
	}
	s.lacks("enter " + english.T("wizard.key.take"))
	s.press("down")
	s.shows("▸ e  Edit")
	s.send(settled{s.model.arrivals - 1}) // of an earlier page
	s.lacks("enter " + english.T("wizard.key.take"))
	s.send(settled{s.model.arrivals})
	s.shows("enter " + english.T("wizard.key.take"))
	s.press("up", "enter")
	if !s.model.active {
		t.Error("the page takes no keys any more")
	}
}

func TestWhatIsTypedIntoAFreshQuestionIsKeptAndNotSent(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("01-login"))
	s.hasty = true
	s.press("down")
	s.ask(provision.Decision{Kind: provision.DecideCode, Host: "aliyun", Question: "Code"})
	s.press("4", "2")
	s.shows("42")
	before := len(s.cmds)
	s.press("enter")
	if len(s.cmds) != before {
		t.Fatal("enter sent an answer to a question that nobody had seen")
	}
	s.hasty = false
	s.press("enter")
	if len(s.cmds) == before {
		t.Error("enter does not send the answer")
	}
}

func TestTheQuestionWhetherToStopGoesWithTheRun(t *testing.T) {
	s, rest := building(t)
	s.press("ctrl+c")
	s.shows("Stop here?", firstWords("step.07-build.interrupt"))
	s.play(rest, func(e provision.Event) bool { _, ended := e.Body.(provision.StepFinished); return ended })
	s.lacks(firstWords("step.07-build.interrupt"))
	s.finish(rest)
	s.lacks("Stop here?")
	if _, failed := s.model.page.(*page.Failure); !failed {
		t.Error("the failure is not shown")
	}
	s.press("ctrl+c")
	if !s.left {
		t.Error("ctrl+c does not leave")
	}
}

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

func opened(t *testing.T, width int, msg logMsg) *stage {
	t.Helper()
	s := newStage(t, testConfig(nil), theme.Plain(), width, 24)
	s.play(record(story.Options{}), stepIs("01-login"))
	s.press("l")
	msg.number = 1
	s.send(msg)
	return s
}

func TestALogThatIsNotAllThereSaysSo(t *testing.T) {
	for name, msg := range map[string]logMsg{
		"the file's end":  {text: "a line\n", cut: true},
		"more than fits":  {text: strings.Repeat("a line\n", 6000)},
		"both, and again": {text: strings.Repeat("a line\n", 6000), cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, 80, msg)
			s.shows("Log: myweb.log " + english.T("wizard.log.tail"))
			s.press("/", "z", "enter")
			s.shows("/z  " + english.T("wizard.search.in-file"))
			opened(t, 40, msg).shows("Log: myweb.log\n" + english.T("wizard.log.tail"))
		})
	}
	s := opened(t, 80, logMsg{text: "a line\n"})
	s.lacks(english.T("wizard.log.tail"))
	s.press("/", "z", "enter")
	s.shows("/z  not found")
	s.lacks(english.T("wizard.search.in-file"))
}

func TestWhileASearchIsTypedItsKeysAreNamedAlone(t *testing.T) {
	s, _ := building(t)
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
	s.press("S", "t", "e", "p", "enter")
	s.shows("/Step  n next  N previous  esc end")
	s = opened(t, 80, logMsg{text: "a line\n"})
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
	s = plainStage(t)
	s.plan(record(story.Options{}))
	s.press("/")
	s.shows("\n enter find   esc cancel\n")
}
func TestAnEditorOpensAFileAtItsLine(t *testing.T) {
	file := page.File{Path: "site/app.py", Line: 12}
	for editor, want := range map[string]string{
		"vi": "+12 site/app.py", "/usr/bin/emacs -nw": "+12 site/app.py", "code --wait": "--goto site/app.py:12", "hx": "site/app.py:12",
	} {
		if got := strings.Join(atLine(editor, file), " "); got != want {
			t.Errorf("%s is called with %s, want %s", editor, got, want)
		}
	}
	if got := atLine("vi", page.File{Path: "site/app.py"}); len(got) != 1 {
		t.Errorf("without a line, vi is called with %s", got)
	}
}
