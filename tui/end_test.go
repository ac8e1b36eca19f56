package tui

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
)

// summed is what the wizard leaves on the terminal.
func (s *stage) summed() string {
	var out bytes.Buffer
	s.model.sum(&out)
	return out.String()
}

func TestAHostThatWasLeftOutIsNoFailureOfTheOther(t *testing.T) {
	s := twoHosts(t)
	s.press("q")
	s.answered()
	s.shows(english.T("wizard.now.declined"))
	s.send(Deployed{Finished: provision.RunFinished{Changed: 4, ExitCode: provision.ExitFailed, Hosts: map[string]provision.HostResult{
		"aliyun": {Err: provision.ErrDeclined}, "tencent": {Changed: 4, Status: provision.StatusChanged}}}})
	if _, done := s.model.page.(*page.Done); !done {
		t.Fatalf("the deployment of the other host is shown as\n%s", s.view())
	}
	s.shows("-> tencent", "The site is live")
	s.press("]")
	s.shows("-> aliyun", english.T("wizard.done.declined"))
	s.lacks("The site is live")
	terminaltest.InOrder(t, s.summed(), english.T("wizard.sum.declined", "aliyun")+"\n", "tencent: live, 4 changed\n", "Done: 4 changed")
}

func TestTheExplanationOfAFailureStaysOnTheTerminal(t *testing.T) {
	s, rest := building(t)
	s.finish(rest)
	terminaltest.InOrder(t, s.summed(), "Step 7 failed: Build the image\n", "aliyun: docker build on aliyun ended",
		"pip found no package called flask-restfull.", "fix: Correct the name in requirements.txt", "Not finished: 3 changed")
}

func TestAnErrorThatNamesItsHostIsNotNamedTwice(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("01-login"))
	for text, want := range map[string]string{"aliyun refuses the login": "aliyun refuses the login\n", "no route": "aliyun: no route\n"} {
		s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitUnreachable,
			Hosts: map[string]provision.HostResult{"aliyun": {Err: errors.New(text)}}}})
		if got := s.summed(); !strings.HasPrefix(got, want) {
			t.Errorf("%q is left on the terminal as %q", text, got)
		}
	}
}

func TestWhoStoppedTheRunIsTold(t *testing.T) {
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("01-login"))
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitInterrupted, Hosts: map[string]provision.HostResult{
		"aliyun": {Err: &provision.StoppedError{Host: "aliyun", Cause: context.Canceled, Interrupted: true, Left: provision.Fail("step.01-login.interrupt")}}}}})
	terminaltest.InOrder(t, s.summed(), "You stopped the run on aliyun.\nNothing has been changed on the host yet.\n", "Not finished")
}

func TestAFailureIsPutIntoWords(t *testing.T) {
	failure := provision.Fail("prompt.unreadable", errors.New("EIO"))
	s := failing(t, tea.WindowSizeMsg{Width: 80, Height: 24}, provision.Finding{Severity: provision.SeverityUnknown}, failure)
	s.shows("the terminal cannot be read: EIO")
	s.lacks(failure.Code)
	if got := s.summed(); !strings.Contains(got, "aliyun: the terminal cannot be read: EIO\n") {
		t.Errorf("left on the terminal is %q", got)
	}
}

// live is a stage with the last page of a run whose site answered so.
func live(t *testing.T, measured ...provision.SiteCheck) *stage {
	t.Helper()
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("09-run"))
	for _, m := range measured {
		s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "11-site", Body: m}}})
	}
	s.send(Deployed{Finished: provision.RunFinished{Hosts: map[string]provision.HostResult{"aliyun": {}}}})
	return s
}

func (s *stage) lacks(texts ...string) {
	s.t.Helper()
	view := s.view()
	for _, text := range texts {
		if strings.Contains(view, text) {
			s.t.Errorf("%q is on the screen:\n%s", text, view)
		}
	}
}

func TestTheWayToASiteOverPlainHTTP(t *testing.T) {
	m := provision.SiteCheck{Vantage: provision.VantageHTTP, URL: "http://example.com/", Status: 200, Server: "nginx/1.14.1", Duration: time.Millisecond}
	s := live(t, m)
	s.shows("your browser    http://example.com/", "port 80         200", "Server: nginx/1.14.1", "gunicorn")
	s.lacks("asks again", "port 443")
}

func TestTheWayToASiteOfAnotherServer(t *testing.T) {
	m := provision.SiteCheck{Vantage: provision.VantageHTTPS, URL: "https://example.com/", Status: 200, Server: "Caddy"}
	s := live(t, m)
	s.shows("Caddy           Server: Caddy")
	s.lacks("nginx", "gunicorn", "flask", "5000")
}

func TestTheWayStopsWhereNothingIsKnown(t *testing.T) {
	c := testConfig(nil)
	c.Behind = nil
	s := plainStage(t)
	s.model.config = c
	s.finish(record(story.Options{Satisfied: true}))
	s.shows("Server: nginx/1.14.1", english.T("wizard.path.back"))
	s.lacks("gunicorn", "5000")
}

func earlyEnd(err error) Deployed {
	return Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitUsage,
		Hosts: map[string]provision.HostResult{"": {Status: provision.StatusFailed, Err: err}}}}
}

func TestARetryThatEndsEarlyIsNotShownAsTheLastRun(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{Failures: 1}))
	s.press("enter")
	s.finish(rest)
	s.press("r")
	s.shows("Starting")
	s.lacks("Build the image")
	s.send(earlyEnd(errors.New("inventory.yaml:3: no such folder")))
	s.shows("The run ended early", "inventory.yaml:3: no such folder")
	s.lacks("Step 7 failed", "step 7", "-> aliyun", "✗")
}

func TestOnlyHostsThatWorkAreNamedBeforeLeaving(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{}))
	s.press("enter")
	s.play(rest, stepIs("07-build"))
	s.model.run.Hosts = append(s.model.run.Hosts, &tracker.Host{Name: "tencent", Current: -1})
	s.press("ctrl+c")
	s.shows(english.T("wizard.quit.question", "aliyun"))
	s.lacks(english.T("wizard.quit.question", "tencent"))
}

func TestAnErrorOfSeveralLinesKeepsThemOnTheTerminal(t *testing.T) {
	s := plainStage(t)
	s.send(earlyEnd(errors.New("line one\nand line two")))
	var out bytes.Buffer
	s.model.sum(&out)
	if !strings.Contains(out.String(), "line one\nand line two\n") {
		t.Errorf("the wizard leaves %q", out.String())
	}
	m := &liveModel{words: language.New(language.English), theme: theme.Plain(), width: 40,
		run: tracker.Run{Hosts: []*tracker.Host{{Name: "aliyun", Current: -1}}}}
	end := m.end(&provision.RunFinished{ExitCode: 1, Hosts: map[string]provision.HostResult{
		"aliyun": {Err: errors.New("line one\nand line two " + strings.Repeat("word ", 20) + "end")}}})
	if !strings.Contains(end, "aliyun: line one\nand line two") || !strings.Contains(end, "end\n") || tooBig(end, 40, 20) {
		t.Errorf("the live lines end with %q", end)
	}
	s.model.notice = "one\ntwo"
	s.shows("one two")
}

func TestAPagerThatRanIsNotSaidToHaveFailed(t *testing.T) {
	for status, said := range map[string]bool{"2": false, "130": false, "127": true} {
		s := plainStage(t)
		s.send(pagedMsg{exec.Command("/bin/sh", "-c", "exit "+status).Run()})
		if got := s.model.notice != ""; got != said {
			t.Errorf("after exit status %s the wizard says %q", status, s.model.notice)
		}
	}
}

func TestASiteThatIsLiveIsNotCalledSoWithoutItsWarnings(t *testing.T) {
	s := plainStage(t)
	rest := s.plan(record(story.Options{Lasting: true}))
	s.press("enter")
	s.finish(rest)
	terminaltest.InOrder(t, s.view(), english.T("wizard.done.title"), "WARNING: kevinhuo.cool leads to 192.0.2.1", "NOTE: The key is in the image.", "your browser")
	var out strings.Builder
	s.model.sum(&out)
	terminaltest.InOrder(t, out.String(), "WARNING: kevinhuo.cool leads to 192.0.2.1", "NOTE: The key is in the image.", "Done: ")
}
