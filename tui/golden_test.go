package tui

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"strings"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

// scenes are the screens of the wizard, each played from the start.
var scenes = map[string]func(s *stage, words *language.Printer){
	"form": func(s *stage, _ *language.Printer) {
		s.send(page.SuggestionsMsg{"address": {"aliyun", "tencent"}, "domain": {"kevinhuo.cool"}, "source": {"./site"},
			"certificate": {"ssl_files/kevinhuo_cool.pem"}, "key": {"ssl_files/kevinhuo_cool.key"}})
		s.send(page.CheckedMsg{Number: 2, Fields: map[string]page.Checked{
			"certificate": {Note: "good for 87 days, for kevinhuo.cool"}, "source": {Note: "has a Dockerfile"}}})
	},
	"form-wrong": func(s *stage, _ *language.Printer) {
		s.press("down", "down", "x")
		s.send(page.CheckedMsg{Number: 2, Fields: map[string]page.Checked{"user": {Err: errors.New("no user is called x on that host")}}})
	},
	"host-key": func(s *stage, words *language.Printer) {
		s.play(record(story.Options{Words: words}), stepIs("01-login"))
		s.ask(story.HostKey())
	},
	"password": func(s *stage, words *language.Printer) {
		s.play(record(story.Options{Words: words}), stepIs("01-login"))
		s.ask(story.Password())
		s.press("s", "e", "c")
	},
	"plan": func(s *stage, words *language.Printer) { s.plan(record(story.Options{Words: words})) },
	"plan-diff": func(s *stage, words *language.Printer) {
		s.plan(record(story.Options{Words: words}))
		s.press("down", "down", "space", "up", "tab")
	},
	"upload": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words}))
		s.press("enter")
		s.play(rest, progressOf("06-files", 4_000_000))
	},
	"build": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Lines: 20}))
		s.press("enter")
		s.play(rest, progressOf("07-build", 7))
	},
	"build-search": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Lines: 200}))
		s.press("enter")
		s.play(rest, progressOf("07-build", 7))
		s.press("/", "p", "a", "c", "k", "a", "g", "e", "-", "4", "enter")
	},
	"hosts": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Hosts: []string{"aliyun"}}))
		s.press("enter")
		s.play(rest, progressOf("06-files", 4_000_000))
		h := *s.model.run.Hosts[0]
		h.Name = "tencent"
		s.model.run.Hosts = append(s.model.run.Hosts, &h)
		s.press("]")
	},
	"failed": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Failures: 1}))
		s.press("enter")
		s.finish(rest)
	},
	"failed-output": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Failures: 1}))
		s.press("enter")
		s.finish(rest)
		s.press("tab")
	},
	"log": func(s *stage, words *language.Printer) {
		s.play(record(story.Options{Words: words}), stepIs("01-login"))
		s.press("l")
		s.send(logMsg{number: 1, text: "2026-03-01T09:30:00.150Z run started: site myweb, hosts aliyun\n" +
			"2026-03-01T09:30:00.300Z aliyun 01-login started: Log in\n"})
	},
	"report": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Failures: 1}))
		s.press("enter")
		s.finish(rest)
		s.press("s")
	},
	"help": func(s *stage, words *language.Printer) {
		s.play(record(story.Options{Words: words}), stepIs("01-login"))
		s.press("?")
	},
	"stop": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words}))
		s.press("enter")
		s.play(rest, progressOf("07-build", 3))
		s.press("ctrl+c")
	},
	"done": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words}))
		s.press("enter")
		s.finish(rest)
	},
	"unchanged": func(s *stage, words *language.Printer) {
		s.finish(record(story.Options{Words: words, Satisfied: true}))
	},
}

func TestScreens(t *testing.T) {
	for _, tag := range language.Tags() {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
			for name, scene := range scenes {
				file := fmt.Sprintf("%s.%s.%dx%d", name, tag, size[0], size[1])
				t.Run(file, func(t *testing.T) {
					view := screen(t, name, scene, tag, theme.Plain(), size[0], size[1])
					for _, row := range strings.Split(view, "\n") {
						if w := ansi.StringWidth(row); w > size[0] {
							t.Errorf("a row is %d cells wide: %q", w, row)
						}
					}
					golden(t, file+".golden", view)
				})
			}
		}
	}
}

// TestColours keeps the screens of the README, with their colours; tui/screens makes pictures of them.
func TestColours(t *testing.T) {
	for name, tag := range map[string]language.Tag{"form": language.English, "plan-diff": language.English, "run": language.English,
		"failed": language.English, "done": language.English, "upload": language.Chinese} {
		t.Run(name, func(t *testing.T) {
			scene := scenes[name]
			if name == "run" {
				scene = scenes["build"]
			}
			view := screen(t, name, scene, tag, theme.Coloured(), 96, 28)
			golden(t, name+".ansi", view)
		})
	}
}

func screen(t *testing.T, name string, scene func(*stage, *language.Printer), tag language.Tag, look *theme.Theme, width, height int) string {
	t.Helper()
	words := language.New(tag)
	c := testConfig(words)
	if strings.HasPrefix(name, "form") {
		c.Form = setup.Setup{}
	}
	s := newStage(t, c, look, width, height)
	scene(s, words)
	return s.view()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen differs from %s (-update writes it anew):\n%s", file, got)
	}
}
