package tui

import (
	"errors"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
)

func TestEnterOnAnEmptyPlanDoesNotLeave(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.press("a")
	s.shows(english.T("wizard.approved", 0, 5))
	s.lacks(english.T("wizard.key.apply"))
	s.press("enter")
	if s.left || len(s.reply) != 0 {
		t.Fatal("enter with nothing chosen ends the run")
	}
	s.shows(english.T("wizard.plan.nothing"))
	s = twoHosts(t)
	s.press("a", "enter")
	s.shows(english.T("wizard.plan.nothing-host"))
}

func TestTheDiffOfAPlanIsNoDeadEnd(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.lacks("tab") // there is nothing to read about the first step
	s.press("tab")
	s.shows("▸ [✓]  2 Directory")
	for _, back := range []string{"tab", "esc"} {
		s.press("down", "tab")
		s.shows("▸ nginx configuration", "enter "+english.T("wizard.key.apply")+"   tab back")
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
	s.shows(english.T("wizard.decide.host-key.title"))
}

// twoHosts is a stage with the plan of aliyun on it, in a run that tencent is part of too.
func twoHosts(t *testing.T) *stage {
	t.Helper()
	s := plainStage(t)
	s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Body: provision.RunStarted{Site: "myweb",
		Hosts: []string{"aliyun", "tencent"}, Steps: []string{"01-login", "02-directory", "06-files"}}}}})
	s.ask(planOf("aliyun"))
	return s
}

func planOf(host string) provision.Decision {
	return provision.Decision{Kind: provision.DecidePlan, Host: host, Default: provision.AnswerYes,
		Options: []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}},
		Changes: []provision.Change{{Host: host, Step: "02-directory", Action: "create the folder of " + host}}}
}

func TestOneHostsPlanIsDeclinedWithoutTheOther(t *testing.T) {
	for name, keys := range map[string][]string{"q": {"q"}, "after enter on nothing": {"a", "enter", "q"}} {
		t.Run(name, func(t *testing.T) {
			s := twoHosts(t)
			s.press(keys...)
			if got := s.answered().Choice; got != provision.AnswerNo {
				t.Errorf("the plan was answered %q", got)
			}
			s.ask(planOf("tencent"))
			s.shows("create the folder of tencent")
			s.press("q")
			s.answered()
			s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed, Hosts: map[string]provision.HostResult{
				"aliyun": {Err: provision.ErrDeclined}, "tencent": {Err: provision.ErrDeclined}}}})
			if !isQuit(s) {
				t.Error("the wizard stays although both plans were declined")
			}
		})
	}
}

// isQuit reports whether the last command ends the program.
func isQuit(s *stage) bool {
	s.left = false
	s.follow(s.cmds[len(s.cmds)-1])
	return s.left
}

func TestAFailureIsShownBeforeAPlanThatWasDeclined(t *testing.T) {
	s := twoHosts(t)
	s.press("q")
	s.answered()
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed, Hosts: map[string]provision.HostResult{
		"aliyun": {Err: provision.ErrDeclined}, "tencent": {Err: errors.New("the disk is full")}}}})
	s.shows("-> tencent", "the disk is full")
}

func TestNothingIsApprovedAfterLeaving(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.model.approved["aliyun"] = []string{"02-directory"}
	s.press("q")
	s.answered()
	s.shows("Stopping")
	s.ask(planOf("aliyun"))
	if len(s.reply) != 0 || s.model.act.ctx.Err() == nil {
		t.Error("a plan that came after leaving was answered, or waits for ever")
	}
}

func TestAPlanIsAnsweredOnce(t *testing.T) {
	p := page.NewPlan(plainStage(t).model.Common, planOf("aliyun"), nil)
	if p.Update(key("enter")) == nil || p.Update(key("enter")) != nil {
		t.Error("the second of two enters is an answer too: it would go to another host's plan")
	}
}

func TestHelpAndTheWayOutAreAlwaysInTheFooter(t *testing.T) {
	s := twoHosts(t)
	s.shows("q " + english.T("wizard.key.decline") + "   ? help")
	s.press("enter")
	s.answered()
	s.shows("/ search", "q "+english.T("wizard.key.leave")+"   ? help")
}

func TestTheHostStaysWhileItsPlanIsOnTheScreen(t *testing.T) {
	s := twoHosts(t)
	s.shows("-> aliyun", "The plan for aliyun")
	if strings.Contains(s.view(), "[ ] host") {
		t.Error("the keys that change the host are offered")
	}
	s.press("]")
	s.shows("-> aliyun")
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed,
		Hosts: map[string]provision.HostResult{"aliyun": {Err: errors.New("no")}}}})
	s.press("]")
	s.shows("-> aliyun")
}

// A step that is left out takes those after it with it, and one that is taken back in those before it.
func TestStepsOfAPlanBuildOnEachOther(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.press("down", " ")
	s.shows(english.T("wizard.approved", 1, 5))
	s.press("down", "down", " ")
	s.shows(english.T("wizard.approved", 4, 5))
}

func TestAPlanSaysFirstWhoElseIsAtWork(t *testing.T) {
	s := plainStage(t)
	s.plan(record(story.Options{}))
	s.lacks("somebody is at work")
	s.send(feed.Batch{Events: []provision.Event{{Host: "aliyun", Step: "01-login",
		Body: provision.Finding{Severity: provision.SeverityInfo, Code: "lock.held", Cause: "somebody is at work on aliyun"}}}})
	terminaltest.InOrder(t, s.view(), english.T("wizard.now.plan"), "somebody is at work on aliyun", "The site's directory")
}
