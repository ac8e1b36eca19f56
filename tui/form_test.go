package tui

import (
	"errors"
	"strings"
	"testing"

	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
)

func TestTheFormGoesToTheFirstWrongField(t *testing.T) {
	c := testConfig(nil)
	c.Form = &Form{Fields: Fields()}
	s := newStage(t, c, theme.Plain(), 80, 24)
	form := s.model.page.(*page.Form)
	for range c.Form.Fields {
		s.press("enter")
	}
	s.send(page.CheckedMsg{Number: 1})
	s.press("enter")
	s.shows("▸ ✗ Host", "This is needed.")
	s.press("a")
	s.send(page.CheckedMsg{Number: 1, Fields: map[string]page.Checked{"address": {Err: errors.New("an old check")}}})
	if strings.Contains(s.view(), "an old check") {
		t.Error("the check of what stood there before is shown")
	}
	if got := form.Values()["address"]; got != "a" {
		t.Errorf("the host is %q", got)
	}
}

func TestTheFormKeepsWhatWasTyped(t *testing.T) {
	c := testConfig(nil)
	c.Form = &Form{Fields: Fields()}
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.press("m", "e")
	s.send(page.SuggestionsMsg{"address": {"aliyun", "tencent"}, "domain": {"kevinhuo.cool"}})
	values := s.model.page.(*page.Form).Values()
	if values["address"] != "me" || values["domain"] != "kevinhuo.cool" {
		t.Errorf("the form holds %v", values)
	}
	s.press("tab")
	if got := s.model.page.(*page.Form).Values()["address"]; got != "aliyun" {
		t.Errorf("tab offers %q", got)
	}
	s.press("tab", "tab")
	if got := s.model.page.(*page.Form).Values()["address"]; got != "aliyun" {
		t.Errorf("around the end tab offers %q", got)
	}
}

func TestTheFormAsksBeforeItForgetsWhatWasTyped(t *testing.T) {
	c := testConfig(nil)
	c.Form = &Form{Fields: Fields()}
	s := newStage(t, c, theme.Plain(), 80, 24)
	s.press("m", "esc")
	s.shows("Press esc again to leave; what was typed is lost.")
	s.press("down", "esc")
	if s.left {
		t.Fatal("the second esc was not the next key, and leaves")
	}
	s.press("esc")
	if !s.left {
		t.Error("esc does not leave when it comes again")
	}
	s = newStage(t, c, theme.Plain(), 80, 24)
	s.press("esc")
	if !s.left {
		t.Error("esc does not leave a form that nothing was typed into")
	}
}
