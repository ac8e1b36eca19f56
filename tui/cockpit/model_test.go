package cockpit

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/theme"
)

var english = language.New(language.English)

func newThree(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, english, theme.Plain(), 120, 40, "aliyun", "tencent", "huawei")
	s.tell(nil, reading("aliyun"), wrong("tencent"), lost("huawei"))
	s.asked()
	return s
}

func (s *stage) expect(want string) {
	s.t.Helper()
	if got := s.asked(); got != want {
		s.t.Errorf("the world is asked %q, want %q", got, want)
	}
}

func (s *stage) shows(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.view(), text) {
			s.t.Errorf("the screen has no %q:\n%s", text, s.view())
		}
	}
}

func TestKeysRunCommandsOnTheChosenHost(t *testing.T) {
	s := newThree(t)
	for key, want := range map[string]string{
		"p": "run aliyun plan (true)", "d": "run aliyun deploy (false)", "e": "shell aliyun c-aliyun",
		"o": "browse https://kevinhuo.cool/", "y": "copy https://kevinhuo.cool/",
	} {
		s.press(key)
		if got := s.asked(); got != want {
			t.Errorf("%s asks the world %q, want %q", key, got, want)
		}
	}
	s.press("down", "p")
	s.expect("run tencent plan (true)")
}

func TestAReleaseIsRolledBackTo(t *testing.T) {
	s := newThree(t)
	s.press("3", "enter", "enter") // the newest is live
	s.expect("")
	s.shows(english.T("dash.is-current", "4bfb63fa1314"))
	s.press("end", "enter")
	s.shows(english.T("dash.ask-release", "aliyun", "91b1e6f1c2aa"))
	s.press("enter", "enter", "p", "n", "enter", "esc") // whoever leans on enter agrees to nothing
	s.expect("")
	s.press("enter", "y")
	s.expect("run aliyun rollback --yes -- 91b1e6f1c2aa (true)")
	s.press("R", "esc", "R", "y")
	s.expect("run aliyun rollback --yes (true)")
	s.press("esc", "enter", "esc") // enter among the hosts goes into the pane, and changes nothing
	s.expect("")
}

func TestAHostWithoutContainerHasNoShell(t *testing.T) {
	s := newThree(t)
	r := reading("aliyun")
	r.Facts = r.Facts.WithContainer(nil)
	s.tell(nil, r)
	s.asked()
	s.press("e")
	s.expect("")
	s.shows(english.T("dash.no-container", "aliyun"), english.T("dash.absent"))
}

func TestTheLogFollowsTheChoiceOnceItRests(t *testing.T) {
	s := newStage(t, english, theme.Plain(), 120, 40, "aliyun", "tencent")
	s.tell([]string{"one"}, reading("aliyun"), reading("tencent"))
	s.expect("follow aliyun c-aliyun")
	s.shows("one")
	s.press("down", "up", "down")
	s.send(tick{})
	s.expect("")
	s.shows(english.T("dash.log.wait")) // not the other host's
	s.send(tick{})
	s.expect("follow tencent c-tencent")
	s.tell([]string{"one and a half"})
	next := reading("tencent")
	next.Facts.Container.ID = "c-next"
	s.tell([]string{"two"}, next)
	s.expect("follow tencent c-next")
	s.shows("two", english.T("dash.log.next", "4bfb63fa1314"))
	s.press("4")
	s.tell(nil)
	s.expect("")
	s.press("1")
	next.Facts = next.Facts.WithContainer(nil)
	s.tell(nil, next)
	s.expect("follow tencent ")
	s.shows("two") // the last words of a container that is gone
}

func TestTheFilterLeavesWhatMatches(t *testing.T) {
	s := newThree(t)
	s.press("/", "T", "e", "n", "q", "backspace", "enter")
	if view := s.view(); strings.Contains(view, "aliyun") || !strings.Contains(view, "tencent") {
		t.Errorf("the filter shows\n%s", view)
	}
	s.press("p")
	s.expect("run tencent plan (true)")
	s.press("/", "x", "x", "enter")
	s.shows(english.T("dash.none-left", "Tenxx"))
	s.press("p", "e", "o", "enter", "down", "esc")
	s.expect("")
	s.press("esc")
	s.shows("aliyun", "huawei")
	s.press("/", "l", "o", "s", "t", "enter", "p")
	s.expect("run huawei plan (true)")
}

func TestQuitAndLettersOfASearch(t *testing.T) {
	s := newThree(t)
	s.press("enter", "/", "q", "e", "p") // letters of the search in the log
	s.expect("")
	s.press("enter", "esc")
	for _, key := range []string{"q", "ctrl+c"} {
		cmd := s.press(key)
		if cmd == nil {
			t.Fatalf("%s does not leave", key)
		}
		if _, quits := cmd().(tea.QuitMsg); !quits {
			t.Errorf("%s does not leave", key)
		}
	}
}

func TestWhatIsKnownGrowsOld(t *testing.T) {
	s := newThree(t)
	s.clock = s.clock.Add(30 * time.Second)
	s.shows(english.T("dash.silent-for", "32 s"), english.T("dash.lost", "70 s"), english.T("dash.count", 0, 3))
}

func TestARunThatEndsIsLookedAtAnew(t *testing.T) {
	s := newThree(t)
	s.send(returnedMsg{errors.New("exec: no such file")})
	s.expect("wanted")
	s.shows("exec: no such file")
	s.press("down")
	if strings.Contains(s.view(), "no such file") {
		t.Error("the notice stays")
	}
	s.send(wantedMsg{})
	if strings.Contains(s.view(), english.T("dash.differs")) {
		t.Error("a source that cannot be read is said to differ")
	}
}

func TestTheMouseChooses(t *testing.T) {
	s := newThree(t)
	s.view()
	s.send(tea.MouseMsg{X: 3, Y: 3, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	s.press("p")
	s.expect("run tencent plan (true)")
	s.send(tea.MouseMsg{X: 3, Y: 3, Button: tea.MouseButtonWheelDown})
	s.press("p")
	s.expect("run huawei plan (true)")
	for row, text := range strings.Split(s.view(), "\n") {
		if before, _, found := strings.Cut(text, "3 "+english.T("dash.view.releases")); found {
			s.send(tea.MouseMsg{X: ansi.StringWidth(before) + 1, Y: row, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
		}
	}
	if s.model.view != viewReleases {
		t.Error("a click on the name of a pane does not open it")
	}
}

func TestTextFromAHostIsHarmless(t *testing.T) {
	s := newStage(t, english, theme.Plain(), 200, 50, "aliyun")
	r := reading("aliyun")
	evil := "\x1b[2J\x1b]0;x\x07\u202e" + secret
	r.Facts.Container.Config.Labels[docker.LabelRelease] = evil
	r.Facts.Containers[0].Name, r.Facts.Containers[0].Status = evil, evil
	r.History[0].Who, r.History[1].Outcome, r.History[2].Release = evil, evil+"\nmore", evil
	r.Target, r.Err = evil, errors.New(evil)
	r.Asked[7].Answer.Server = evil
	for _, key := range []string{"1", "2", "3", "4", "5"} {
		s.tell([]string{evil}, r)
		s.press(key)
		if view := s.view(); strings.ContainsAny(view, "\x1b\x07\u202e") || strings.Contains(view, secret) || strings.Count(view, "\n") != 50 {
			t.Errorf("pane %s shows %q", key, view)
		}
	}
}

func TestTheBoardIsBounded(t *testing.T) {
	b := newBoard(func(text string) string { return text })
	old := b.begin()
	add := b.begin()
	old("of another log")
	for range mostLines {
		add("one\ntwo")
	}
	if n := b.take(); len(n.lines) != mostLines || n.lines[0] != "one" {
		t.Errorf("%d lines wait", len(n.lines))
	}
}

// A slow link brings several keys at once, and a paste is none.
func TestKeysThatComeTogetherAreTakenOneByOne(t *testing.T) {
	s := newThree(t)
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("5jp")})
	s.expect("run tencent plan (true)")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("Ry"), Paste: true})
	s.expect("")
}

// Where Docker does not answer, nobody knows whether the container is there.
func TestAHostWhoseDockerIsSilentIsNotSaidToLackTheContainer(t *testing.T) {
	s := newThree(t)
	r := reading("aliyun")
	r.Facts = r.Facts.WithDocker(facts.Docker{DockerError: "Cannot connect to the Docker daemon"})
	s.tell(nil, r)
	s.shows(english.T("dash.unknown"), "Cannot connect to the Docker daemon")
	r.Facts, r.Err = nil, errors.New("no facts")
	s.tell(nil, r)
	s.shows(english.T("dash.unknown"), "no facts")
	s.press("4")
	s.shows("no facts")
}

func TestTheLogShowsALevel(t *testing.T) {
	s := newThree(t)
	s.tell([]string{"all is well", "[warn] a bit odd", "Traceback (most recent call last):", "  File x.py", "ValueError: bad"})
	s.press("L")
	s.shows("a bit odd", "File x.py", "ValueError", "1 "+english.T("dash.view.log")+" ("+english.T("dash.level.warning")+")")
	s.press("L")
	s.tell([]string{"[warn] odd again", "[error] broken"})
	s.shows("File x.py", "[error] broken")
	if view := s.view(); strings.Contains(view, "well") || strings.Contains(view, "odd") {
		t.Errorf("of the errors it shows\n%s", view)
	}
	s.press("L")
	s.shows("all is well", "odd again", "[error] broken")
	s.press("L", "L", "down")
	s.tell([]string{"of another host"})
	s.shows(english.T("dash.log.none-such"))
}

func TestRequestsAreThoseOfTheChosenHost(t *testing.T) {
	s := newThree(t)
	s.press("2")
	s.tell([]string{
		`203.0.113.77 - - [01/Mar/2026:09:29:41 +0000] "GET /gone HTTP/1.1" 404 18 "-" "Mozilla/5.0"`,
		`203.0.113.10 - - [01/Mar/2026:09:29:50 +0000] "GET /probed HTTP/1.1" 404 18 "-" "provision-probe"`,
	})
	s.shows("404  GET /gone HTTP/1.1")
	if strings.Contains(s.view(), "probed") {
		t.Error("our own questions are counted")
	}
	s.press("down")
	s.tell(nil)
	s.expect("follow tencent c-tencent")
	s.shows(strings.Split(english.T("dash.requests.none"), "\n")[0])
}

func TestCommandsAreTyped(t *testing.T) {
	s := newThree(t)
	typed := func(text string) {
		t.Helper()
		s.press(":")
		for _, r := range text {
			s.press(string(r))
		}
		s.press("enter")
	}
	for text, want := range map[string]string{
		"plan": "run aliyun plan (true)", "d": "run aliyun deploy (false)", "sh": "shell aliyun c-aliyun", "copy ": "copy https://kevinhuo.cool/",
		"": "", "nonsense": "", "re": "", "plan b": "", "goto nowhere": "", "level loud": "",
	} {
		if typed(text); s.asked() != want {
			t.Errorf(":%s does not ask the world %q", text, want)
		}
	}
	typed("rollback 91b1e6f1c2aa")
	s.press("y")
	s.expect("run aliyun rollback --yes -- 91b1e6f1c2aa (true)")
	typed("goto tencent")
	typed("plan")
	s.expect("run tencent plan (true)")
	typed("filter hua")
	typed("plan")
	s.expect("run huawei plan (true)")
	typed("filter")
	typed("level error")
	s.shows("(" + english.T("dash.level.error") + ")")
	s.press(":", "p", "esc", "p")
	s.expect("run huawei plan (true)")
	if quit := s.press(":", "q", "enter"); quit == nil {
		t.Error(":q does not leave")
	}
}

func TestCommandsAreCompleted(t *testing.T) {
	s := newThree(t)
	s.press(":", "r")
	s.shows(":r", "requests  releases  rollback  reconnect")
	s.press("o", "tab")
	if s.model.typed != "rollback " {
		t.Errorf("ro becomes %q", s.model.typed)
	}
	s.shows("91b1e6f1c2aa")
	s.press("tab")
	if s.model.typed != "rollback 91b1e6f1c2aa" {
		t.Errorf("the release is completed to %q", s.model.typed)
	}
	s.press("esc", ":", "re", "tab", "backspace", "backspace")
	if !s.model.commanding || s.model.typed != "" {
		t.Errorf("%q is left", s.model.typed)
	}
	if s.press("backspace"); s.model.commanding {
		t.Error("backspace does not leave the empty command line")
	}
}

func TestALostHostIsReconnectedTo(t *testing.T) {
	s := newThree(t)
	s.press("r")
	s.expect("")
	s.shows(english.T("dash.connected", "aliyun"))
	s.press("down", "down", "r")
	s.expect("reconnect huawei")
	s.shows(english.T("dash.reconnecting", "huawei"))
}

// One key does one thing, and every action has a name of its own.
func TestKeysAndNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range actions() {
		if seen[a.name] || a.key != "" && seen["key "+a.key] {
			t.Errorf("%s (%s) is there twice", a.name, a.key)
		}
		seen[a.name], seen["key "+a.key] = true, true
	}
}

func TestTheURLGoesToTheClipboardOfTheTerminal(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	l := &live{config: Config{Out: out}}
	if msg := l.copy("https://kevinhuo.cool/")(); msg != nil {
		t.Errorf("it brings %v", msg)
	}
	got, err := os.ReadFile(out.Name())
	if want := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("https://kevinhuo.cool/")) + "\a"; err != nil || string(got) != want {
		t.Errorf("the terminal is told %q (%v), want %q", got, err, want)
	}
}
