package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
)

// failing is a stage of that size with a build that failed so.
func failing(t *testing.T, size tea.WindowSizeMsg, finding provision.Finding, err error) *stage {
	t.Helper()
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("07-build"))
	for _, body := range []provision.Body{finding, provision.StepFinished{Status: provision.StatusFailed, Err: err}} {
		s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "07-build", Body: body}}})
	}
	s.send(size)
	s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed,
		Hosts: map[string]provision.HostResult{"aliyun": {Err: err}}}})
	return s
}

func TestTheFirstSentenceOfTheCauseStaysAboveEvidenceAndCure(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: "The disk is full. " + strings.Repeat("More about it. ", 20) + "No more.",
		Evidence: "no space left on device", Fix: "Free some space on the host."}
	s := failing(t, tea.WindowSizeMsg{Width: 40, Height: 12}, finding, errors.New("failed"))
	terminaltest.InOrder(t, s.view(), "Step 7 failed", "The disk is full.\n", "no space left on device\n", "fix: Free some space", "Retry from step 7")
	readToTheEnd(t, s, "No more.")
	finding.Cause = strings.Repeat("A sentence without an end ", 20)
	s = failing(t, tea.WindowSizeMsg{Width: 40, Height: 12}, finding, errors.New("failed"))
	terminaltest.InOrder(t, s.view(), "A sentence without an end A sentence\n", "..\n", "no space left on device\n", "fix: Free some space")
}

func TestAnErrorThatTheFindingQuotesIsNotToldAgain(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: "The disk is full.", Evidence: "no space left", Fix: "Free some."}
	size := tea.WindowSizeMsg{Width: 120, Height: 40}
	s := failing(t, size, finding, errors.New("docker says: no space left"))
	s.lacks("docker says")
	s = failing(t, size, finding, errors.New("docker says something else"))
	s.shows("docker says something else")
}

func TestActionsThatDoNotFitAreCounted(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: "The disk is full.", Evidence: "no space left", Fix: "Free some."}
	s := failing(t, tea.WindowSizeMsg{Width: 40, Height: 12}, finding, errors.New("failed"))
	s.more("wizard.more-down", "↓", true)
	for range 5 {
		s.press("down")
	}
	s.shows("▸ q  " + english.T("wizard.fail.leave"))
	s.more("wizard.more-down", "↓", false)
}

func TestAFailureOnANarrowScreenIsNamedOnce(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: "The disk is full."}
	s := failing(t, tea.WindowSizeMsg{Width: 60, Height: 18}, finding, errors.New("failed"))
	s.shows("Step 7 failed: Build the image")
	s.lacks("stopped at step 7", "7 of 11")
	s.press("tab")
	s.shows("7 of 11")
}

func TestANoticeMayTakeTwoRows(t *testing.T) {
	s := plainStage(t)
	s.model.notice = strings.Repeat("word ", 20) + "end"
	s.shows("word end\n")
	s.model.notice = strings.Repeat("word ", 50)
	s.shows("..\n")
	s.press("m")
	s.shows(english.T("wizard.mouse.terminal"))
	s.press("m")
	s.shows(english.T("wizard.mouse.wizard"))
}

// numbered is text of n lines that can be told apart.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "+ line %d of the text\n", i+1)
	}
	return b.String()
}

// moreToRead is what stands behind the number of rows that are out of sight.
var moreToRead = strings.TrimPrefix(english.T("wizard.more", 0), "0")

// readToTheEnd checks that a screen says that there is more than is in sight, and that all of it can be scrolled to.
func readToTheEnd(t *testing.T, s *stage, last string) {
	t.Helper()
	if strings.Contains(s.view(), last) {
		t.Fatalf("all is in sight already:\n%s", s.view())
	}
	s.shows(moreToRead)
	for range 40 {
		s.press("pgdown")
	}
	s.shows(last)
	if strings.Contains(s.view(), moreToRead) {
		t.Errorf("there is more below the end:\n%s", s.view())
	}
}

func TestTheCureIsInSightAndTheRestCanBeReached(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: strings.Repeat("A long cause of many words. ", 12) + "Its-end.",
		Evidence: "the last piece of evidence", Fix: "Free some space on the host."}
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 40, Height: 12}, {Width: 63, Height: 20}} {
		s := plainStage(t)
		s.play(record(story.Options{}), stepIs("07-build"))
		for _, body := range []provision.Body{finding, provision.StepFinished{Status: provision.StatusFailed, Err: errors.New("failed")}} {
			s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "07-build", Body: body}}})
		}
		s.send(size)
		s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitFailed,
			Hosts: map[string]provision.HostResult{"aliyun": {Err: errors.New("failed")}}}})
		terminaltest.InOrder(t, s.view(), "A long cause", "the last piece of evidence", "fix: Free some space on the host.", "Retry from step 7")
		if size.Width < 80 {
			readToTheEnd(t, s, "Its-end.")
		}
		s.send(tea.MouseMsg{Button: tea.MouseButtonWheelUp})
	}
}

func TestWhatIsAgreedToCanBeReadToItsEnd(t *testing.T) {
	for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 40, Height: 12}, {Width: 63, Height: 20}, {Width: 120, Height: 40}} {
		t.Run(fmt.Sprintf("plan %dx%d", size.Width, size.Height), func(t *testing.T) {
			s := plainStage(t)
			s.play(record(story.Options{}), stepIs("01-login"))
			s.ask(provision.Decision{Kind: provision.DecidePlan, Host: "aliyun", Changes: []provision.Change{
				{Step: "06-files", Action: "upload", Diff: numbered(50) + "+ a long line " + strings.Repeat("word ", 40) + "its end"},
				{Step: "07-build", Action: "build it", Diff: numbered(50)}}})
			s.send(size)
			readToTheEnd(t, s, "its end")
			s.press("down")
			s.shows("build it") // the next one begins at its beginning
		})
		t.Run(fmt.Sprintf("question %dx%d", size.Width, size.Height), func(t *testing.T) {
			s := plainStage(t)
			s.play(record(story.Options{}), stepIs("01-login"))
			s.ask(provision.Decision{Kind: provision.DecideFix, Question: "Change it?", Detail: numbered(60),
				Options: []provision.Option{{ID: provision.AnswerYes, Label: "change"}, {ID: provision.AnswerNo, Label: "leave"}}})
			s.send(size)
			if size.Width >= 80 {
				s.shows("pgup pgdn scroll")
			}
			readToTheEnd(t, s, "line 60 of the text")
			s.send(tea.WindowSizeMsg{Width: size.Width - 1, Height: size.Height})
			s.shows("line 1 of the text")
		})
	}
}
