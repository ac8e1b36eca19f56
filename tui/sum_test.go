package tui

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
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
	s.shows("left out")
	s.send(Deployed{Finished: provision.RunFinished{Changed: 4, ExitCode: provision.ExitFailed, Hosts: map[string]provision.HostResult{
		"aliyun": {Err: provision.ErrDeclined}, "tencent": {Changed: 4, Status: provision.StatusChanged}}}})
	if _, done := s.model.page.(*page.Done); !done {
		t.Fatalf("the deployment of the other host is shown as\n%s", s.view())
	}
	s.shows("-> tencent", "The site is live")
	s.press("]")
	s.shows("-> aliyun", "This host was left out")
	s.lacks("The site is live")
	terminaltest.InOrder(t, s.summed(), "aliyun: left out\n", "tencent: live, 4 changed\n", "Done: 4 changed")
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
		"aliyun": {Err: &provision.Stopped{Host: "aliyun", Cause: context.Canceled, Interrupted: true, Left: "Nothing is left."}}}}})
	terminaltest.InOrder(t, s.summed(), "You stopped the run on aliyun.\nNothing is left.\n", "Not finished")
}

func TestAFailureIsPutIntoWords(t *testing.T) {
	failure := provision.Fail("wizard.input-unreadable", errors.New("EIO"))
	s := failing(t, tea.WindowSizeMsg{Width: 80, Height: 24}, provision.Finding{Severity: provision.SeverityUnknown}, failure)
	s.shows("The terminal cannot be read: EIO")
	s.lacks(failure.Code)
	if got := s.summed(); !strings.Contains(got, "aliyun: The terminal cannot be read: EIO\n") {
		t.Errorf("left on the terminal is %q", got)
	}
}
