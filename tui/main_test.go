package tui_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
)

// english has the words that tests look for, so that these may be reworded.
var english = language.New(language.English)

// firstWords are enough of the words of key to know them by, in whatever rows they stand.
func firstWords(key string) string { return strings.Join(strings.Fields(english.T(key))[:4], " ") }

// playing is the variable that makes the test binary play a story in the wizard, as a program of its own.
const playing = "TUI_STORY"

// script is what it plays.
type script struct {
	Version                    bool // do no more than to start
	Form, Accessible, Live     bool
	HostKey, Password, Blocked bool
	Satisfied, Panic           bool
	Failures, Lines            int
	Hosts                      []string
	Pace                       time.Duration
	Chinese                    bool
	LogFile, ReportFile, Edit  string
}

func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv(playing); ok {
		os.Exit(play(text))
	}
	os.Exit(m.Run())
}

func play(text string) int {
	var s script
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		fmt.Println(err)
		return 2
	}
	if s.Version {
		value, present := os.LookupEnv("CI")
		fmt.Printf("started with CI %q %t\n", value, present)
		return 0
	}
	o := story.Options{HostKey: s.HostKey, Password: s.Password, Failures: s.Failures, Lines: s.Lines, Hosts: s.Hosts,
		Pace: s.Pace, Satisfied: s.Satisfied, Panic: s.Panic, Words: s.words()}
	if s.Blocked { // the build never ends by itself
		o.Block = make(chan struct{})
	}
	deployment := story.New(o)
	if s.Live {
		live := tui.NewLive(tui.LiveConfig{Out: os.Stdout, Words: s.words()})
		finished := deployment.Deploy(context.Background(), live.Emit, provision.Headless{})
		if err := live.Close(); err != nil {
			fmt.Println(err)
		}
		return finished.ExitCode
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // as cmd/provision does
	defer stop()
	finished, err := tui.Run(ctx, s.config(deployment))
	if err != nil {
		fmt.Println("error:", strings.SplitN(s.words().Error(err), "\n", 2)[0])
	}
	fmt.Println("left with", finished.ExitCode)
	return finished.ExitCode
}

func (s script) words() *language.Printer {
	if s.Chinese {
		return language.New(language.Chinese)
	}
	return language.New(language.English)
}

func (s script) config(deployment *story.Story) tui.Config {
	c := tui.Config{Words: s.words(), In: os.Stdin, Out: os.Stdout, Accessible: s.Accessible, Inventory: "inventory.yaml",
		Deploy:     deployment.Deploy,
		Behind:     func() []string { return []string{"gunicorn", "flask"} },
		LogFile:    func() string { return s.LogFile },
		ReportFile: s.ReportFile,
		Files:      func(string, []provision.Finding) []page.File { return []page.File{{Path: s.Edit}} },
	}
	if s.ReportFile != "" {
		c.Report = func(agreed ...string) (string, error) { return fmt.Sprint("the report ", agreed), nil }
		c.SaveReport = func(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	if s.Form {
		c.Form = scriptedForm{}
		c.Login = func(context.Context, setup.Answers) error { return nil }
	}
	return c
}

// scriptedForm is a form on a machine where everything is found, and where the user "root" is refused.
type scriptedForm struct{}

func (scriptedForm) Suggest() setup.Offers {
	return setup.Offers{
		"address":     {"aliyun", "tencent"},
		"identity":    {"~/.ssh/id_ed25519"},
		"source":      {"./site"},
		"domain":      {"kevinhuo.cool", "www.kevinhuo.cool"},
		"certificate": {"ssl_files/kevinhuo_cool.pem"},
		"key":         {"ssl_files/kevinhuo_cool.key"},
	}
}

func (scriptedForm) Follow(found setup.Offers, _ setup.Answers) setup.Offers { return found }

func (scriptedForm) Check(field, value string, _ setup.Answers) (string, error) {
	switch {
	case field == "user" && value == "root":
		return "", errors.New("root may not log in there; take an ordinary user")
	case field == "certificate":
		return "good for 87 days, for kevinhuo.cool and www.kevinhuo.cool", nil
	case field == "source":
		return "a Dockerfile is there", nil
	}
	return "", nil
}

func (scriptedForm) Write(setup.Answers) error    { return nil }
func (scriptedForm) Withdraw(setup.Answers) error { return nil }

// start plays a story in the wizard, in a terminal.
func start(t *testing.T, s script, env ...string) *terminaltest.Terminal {
	t.Helper()
	return startIn(t, nil, s, env...)
}

// startIn is start below another program, which gets the wizard's name as its last argument.
func startIn(t *testing.T, parent []string, s script, env ...string) *terminaltest.Terminal {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	command := append(slices.Clone(parent), os.Args[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append([]string{playing + "=" + string(text), "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"),
		"GORACE=" + os.Getenv("GORACE")}, env...)
	return terminaltest.Start(t, cmd)
}
