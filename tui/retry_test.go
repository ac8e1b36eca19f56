package tui

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
	"github.com/kehuo/provision/tui/tracker"
)

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
	s.shows("If you leave now, on aliyun")
	s.lacks("If you leave now, on tencent")
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
