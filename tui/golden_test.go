package tui

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
	"github.com/kehuo/provision/tui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

type scene func(s *stage, words *language.Printer)

// scenes are the screens of the wizard, each played from the start.
var scenes = map[string]scene{
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
	"form-login": func(s *stage, _ *language.Printer) {
		s.send(page.SuggestionsMsg{"address": {"aliyun"}, "identity": {"~/.ssh/id_ed25519"}, "domain": {"kevinhuo.cool"}, "source": {"./site"},
			"directory": {"/home/kevin/dev/myweb"}})
		s.send(page.CheckedMsg{Number: 2})
		s.send(page.LoginTriedMsg{Values: s.model.page.(*page.Form).Values()})
	},
	"form-refused": func(s *stage, _ *language.Printer) {
		s.send(page.SuggestionsMsg{"address": {"aliyun"}, "identity": {"~/.ssh/id_ed25519"}, "domain": {"kevinhuo.cool"}, "source": {"./site"},
			"directory": {"/home/kevin/dev/myweb"}})
		s.send(page.CheckedMsg{Number: 2})
		s.send(page.LoginTriedMsg{Values: s.model.page.(*page.Form).Values(), Err: errors.New("nobody answers at 203.0.113.10:22")})
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
	"failed-kept": func(s *stage, words *language.Printer) {
		s.play(record(story.Options{Words: words}), stepIs("09-run"))
		err := provision.Fail("declined").WithExit(provision.ExitKeptOld)
		for _, body := range []provision.Body{
			provision.Finding{Severity: provision.SeverityError, Cause: "The application answers 500: it has met an error of its own. The page says nothing of it.",
				Evidence: "ValueError: no such thing\n/ answered 500", Fix: "Mend the error that the traceback in the log shows, and deploy again.", File: "app/app.py", Line: 12},
			provision.Finding{Severity: provision.SeverityInfo, Cause: "GET / answered 500 instead of 200", Evidence: "Internal Server Error"},
			provision.StepFinished{Status: provision.StatusFailed, Duration: 10 * time.Second, Err: err},
		} {
			s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "09-run", Body: body}}})
		}
		s.send(Deployed{Finished: provision.RunFinished{ExitCode: provision.ExitKeptOld, Duration: 30 * time.Second,
			Hosts: map[string]provision.HostResult{"aliyun": {Err: err, Status: provision.StatusFailed}}}})
	},
	"plan-held": func(s *stage, words *language.Printer) {
		s.plan(record(story.Options{Words: words}))
		s.send(feed.Batch{Events: []provision.Event{{Host: "aliyun", Step: "01-login",
			Body: provision.Finding{Severity: provision.SeverityInfo, Code: "lock.held", Cause: words.T("lock.held", "ann@desk", "aliyun", "provision --yes", "2 s")}}}})
	},
	"build-labels": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words}))
		s.press("enter")
		s.play(rest, progressOf("07-build", 2))
		s.press("v")
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
	"done-warned": func(s *stage, words *language.Printer) {
		rest := s.plan(record(story.Options{Words: words, Lasting: true}))
		s.press("enter")
		s.finish(rest)
	},
	"unchanged": func(s *stage, words *language.Printer) {
		s.finish(record(story.Options{Words: words, Satisfied: true}))
	},
}

// TestStructure keeps what stands where, with the keys of the words in their places: rewording leaves it as it is.
func TestStructure(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			terminaltest.Golden(t, filepath.Join("structure", name+".golden"), screens(t, name, scene, language.Keys(), []size{{60, 15}, {80, 24}, {120, 40}, {200, 50}}), *update)
		})
	}
}

// TestWords keeps the same screens as a person reads them.
func TestWords(t *testing.T) {
	for _, tag := range language.Tags() {
		for name, scene := range scenes {
			file := fmt.Sprintf("%s.%s.golden", name, tag)
			t.Run(file, func(t *testing.T) {
				terminaltest.Golden(t, filepath.Join("words", file), screens(t, name, scene, language.New(tag), []size{{60, 15}, {80, 24}, {120, 40}, {200, 50}, {40, 12}}), *update)
			})
		}
	}
}

type size struct{ width, height int }

// screens are a scene in several sizes, one below the other.
func screens(t *testing.T, name string, scene scene, words *language.Printer, sizes []size) string {
	t.Helper()
	var all strings.Builder
	for _, s := range sizes {
		view := screen(t, name, scene, words, theme.Plain(), s)
		for row := range strings.SplitSeq(view, "\n") {
			if w := ansi.StringWidth(row); w > s.width {
				t.Errorf("a row is %d cells wide: %q", w, row)
			}
		}
		fmt.Fprintf(&all, "== %dx%d\n%s", s.width, s.height, view)
	}
	return all.String()
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
			terminaltest.Golden(t, name+".ansi", screen(t, name, scene, language.New(tag), theme.Coloured(), size{96, 28}), *update)
		})
	}
}

// TestScreensNameTheKeysOfTheTable checks that whatever a screen says of a key where no text is typed, the table has it.
func TestScreensNameTheKeysOfTheTable(t *testing.T) {
	for name, scene := range scenes {
		s := sceneStage(t, name, scene, english, theme.Plain(), size{120, 40})
		shown, last := s.model.keys()
		if failure, ok := s.model.page.(*page.Failure); ok {
			shown = append(shown, failure.Menu()...)
		}
		for _, k := range append(shown, last...) {
			for key := range strings.FieldsSeq(k.Key) {
				if action := keymap.Of(strings.Replace(key, "pgdn", "pgdown", 1)); action == "" && !s.model.front().Typing() && key != theme.Plain().Arrows {
					t.Errorf("%s: %s means %s, which no table says", name, key, k.Text)
				}
			}
		}
	}
}

func screen(t *testing.T, name string, scene scene, words *language.Printer, look *theme.Theme, at size) string {
	t.Helper()
	return sceneStage(t, name, scene, words, look, at).view()
}

func sceneStage(t *testing.T, name string, scene scene, words *language.Printer, look *theme.Theme, at size) *stage {
	t.Helper()
	c := testConfig(words)
	if strings.HasPrefix(name, "form") {
		c.Form = setup.Setup{}
	}
	s := newStage(t, c, look, at.width, at.height)
	scene(s, words)
	return s
}
