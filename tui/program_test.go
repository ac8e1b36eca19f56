package tui_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/setup"
)

const (
	enter = "\r"
	ctrlC = "\x03"
)

func TestAProgramThatShowsNothingDoesNotAskTheTerminal(t *testing.T) {
	for want, env := range map[string][]string{`started with CI "" false`: nil, `started with CI "yes" true`: {"CI=yes"}} {
		begun := time.Now()
		x := start(t, script{Version: true}, env...)
		x.Wait(want)
		x.Ended(0)
		if strings.Contains(x.Raw(), "\x1b") {
			t.Errorf("the terminal was asked something: %q", x.Raw())
		}
		if took := time.Since(begun); took > 4*time.Second { // what termenv waits for an answer is 5 s
			t.Errorf("it took %v to start", took)
		}
	}
}

func TestFromTheEmptyFolderToTheLiveSite(t *testing.T) {
	x := start(t, script{Form: true, HostKey: true, Password: true})
	x.Wait("A new site", english.T("wizard.form.write", "inventory.yaml"), "good for 87 days")
	x.Type(enter) // all was found
	x.Wait(english.T("wizard.decide.host-key.title"), "SHA256:", "enter "+english.T("wizard.key.take"))
	x.Type(enter)
	x.Wait(english.T("wizard.secret"), "enter send")
	x.Type("open sesame" + enter)
	x.Wait(english.T("wizard.now.plan"), english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("The site is live", "nginx/1.14.1", "flask", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Wait("Done: 5 changed", "left with 0")
	x.Ended(0)
	x.Restored()
	if strings.Contains(x.Raw(), "sesame") {
		t.Error("the password was shown")
	}
}

func TestEscLeadsFromThePlanToTheFormAndBack(t *testing.T) {
	x := start(t, script{Form: true})
	x.Wait("A new site", english.T("wizard.form.login.works"))
	x.Type(enter)
	x.Wait(english.T("wizard.now.plan"), "esc "+english.T("wizard.key.form"))
	x.Type("\x1b")
	x.Wait("A new site", "tab offers: aliyun  tencent")
	x.Type("\t") // the other host
	x.Type(strings.Repeat("\x1b[B", len(setup.FirstQuestions())) + enter)
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Ended(0)
	x.Restored()
}

func TestAFailingBuildIsMendedInTheEditorAndRetried(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(file, []byte("flask-restfull\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, script{Failures: 1, Edit: file}, `EDITOR=sed -i s/ll$/l/`)
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Step 7 failed: Build the image", "distribution found for", "Retry from step 7", "enter "+english.T("wizard.key.take"))
	x.Type("e")
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Ended(0)
	x.Restored()
	if content, err := os.ReadFile(file); err != nil || string(content) != "flask-restful\n" {
		t.Errorf("the editor left %q, %v", content, err)
	}
}

func TestRetryGoesOnWhereItFailed(t *testing.T) {
	x := start(t, script{Failures: 1, Lines: 50})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Retry from step 7", "enter "+english.T("wizard.key.take"))
	x.Type(enter) // the highlighted default is to retry
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	x.Type(enter)
	x.Wait("Done: 2 changed") // the build and the container: the rest was done before
	x.Ended(0)
}

func TestResizedAtAnyMoment(t *testing.T) {
	x := start(t, script{Blocked: true})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	for _, size := range [][2]uint16{{120, 40}, {30, 10}, {10, 3}, {1, 1}, {200, 60}} {
		x.Resize(size[0], size[1])
	}
	x.Wait("The site's directory")
	x.Type(enter)
	x.Wait("7 of 11")
	x.Resize(60, 20)
	x.Wait("Build the image")
	x.Type("q")
	x.Wait("Stop here?", firstWords("step.07-build.interrupt"))
	x.Type("q")
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestASignalAtTheEndInterruptsToo(t *testing.T) {
	x := start(t, script{})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("The site is live")
	x.Signal(syscall.SIGTERM)
	x.Wait("Done: 5 changed", "left with 130")
	x.Ended(130)
	x.Restored()
}

func TestCtrlCAsksOnceAndLeavesTheSecondTime(t *testing.T) {
	x := start(t, script{Blocked: true})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Step 1/9")
	x.Type(ctrlC)
	x.Wait("Stop here?", english.T("wizard.decide.interrupt.no"))
	x.Type(enter) // the default is to go on
	x.Wait("Step 1/9")
	x.Type(ctrlC)
	x.Wait("Stop here?")
	x.Type(ctrlC)
	x.Wait("Not finished: 3 changed", "left with 130")
	x.Ended(130)
	x.Restored()
}

func TestASignalRestoresTheTerminal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			x := start(t, script{Blocked: true})
			x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
			x.Type(enter)
			x.Wait("Step 1/9")
			x.Signal(s)
			x.Wait("left with 130")
			x.Ended(130)
			x.Restored()
		})
	}
}

func TestAPanicRestoresTheTerminal(t *testing.T) {
	x := start(t, script{Panic: true})
	x.Wait("error: The deployment ended in an internal error: the story went wrong")
	x.Ended(1)
	x.Restored()
}

func TestLeavingThePlanChangesNothing(t *testing.T) {
	x := start(t, script{})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("q")
	x.Wait("the plan was not approved, nothing was changed")
	x.Ended(1)
	x.Restored()
}

func TestALogIsShown(t *testing.T) {
	log := filepath.Join(t.TempDir(), "run.log")
	if err := os.WriteFile(log, []byte(strings.Repeat("a line of the log\n", 100)+"the \x1b[2Jlast line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, script{LogFile: log})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("l")
	x.Wait("the last line")
	x.Type("q")
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("q")
	x.Ended(1)
}

func TestNoColour(t *testing.T) {
	x := start(t, script{HostKey: true, Blocked: true}, "NO_COLOR=1")
	x.Wait(english.T("wizard.decide.host-key.title"), "enter "+english.T("wizard.key.take"))
	x.Type(enter)
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Step 1/9")
	x.Type("/")
	x.Wait("enter find")
	x.Type("Step" + enter)
	x.Wait("n next")
	x.Type("q")
	x.Wait("Stop here?")
	x.Type("q")
	x.Ended(130)
	if regexp.MustCompile(`\x1b\[(?:[\d;]*;)?[349]\d[;m]`).MatchString(x.Raw()) {
		t.Errorf("there are colours in %q", x.Raw())
	}
	if !strings.Contains(x.Raw(), "\x1b[7mStep\x1b[0m") || !strings.Contains(x.Raw(), "\x1b[1m") {
		t.Errorf("what was found is not marked, or nothing is bold: %q", x.Raw())
	}
}

func TestAPlainLocaleGetsPlainCharacters(t *testing.T) {
	x := start(t, script{HostKey: true}, "LANG=C")
	x.Wait(english.T("wizard.decide.host-key.title"), "enter "+english.T("wizard.key.take"))
	x.Type("q")
	x.Ended(130)
	for _, r := range x.Raw() {
		if r > 0x7e {
			t.Fatalf("%q is in the output", r)
		}
	}
}

func TestADumbTerminalGetsPlainQuestions(t *testing.T) {
	x := start(t, script{Form: true, HostKey: true, Password: true, Failures: 1}, "TERM=dumb")
	x.Wait("Host [aliyun]:")
	x.Type("\n")
	for _, field := range []string{"SSH port [22]:", "User []:"} {
		x.Wait(field)
		x.Type("\n")
	}
	for _, field := range []string{"Login key", "Site folder", "Folder on the host", "Domain"} {
		x.Wait(field + " [")
		x.Type("\n")
	}
	x.Wait(english.T("wizard.form.enter"), "Certificate [ssl_files/kevinhuo_cool.pem]:")
	x.Type("-\n") // and without a certificate there is no key to ask for
	x.Wait("1. "+english.T("wizard.decide.host-key.yes"), "Your choice [1]:")
	x.Type("7\n")
	x.Wait("Please type a number from 1 to 2.")
	x.Type("1\n")
	x.Wait("Password of kevin@203.0.113.10:")
	x.Type("sesame\r")
	x.Wait(english.T("prompt.plan", 5, "aliyun"), "Your choice [1]:")
	x.Type("\n")
	x.Wait("07-build ERROR: pip found no package", "1. Retry")
	x.Type("1\n")
	x.Wait("1. "+english.T("wizard.decide.host-key.yes"), "Your choice [1]:")
	x.Type("\n")
	x.Wait("Password of kevin@203.0.113.10:")
	x.Type("sesame\r")
	x.Wait(english.T("prompt.plan", 2, "aliyun"), "Your choice [1]:")
	x.Type("\n")
	x.Wait("Done: 2 changed", "left with 0")
	x.Ended(0)
	if strings.Contains(x.Raw(), "\x1b") || strings.Contains(x.Raw(), "sesame") {
		t.Errorf("control sequences or the password are in %q", x.Raw())
	}
}

func TestTheEndOfTheInputEndsPlainQuestions(t *testing.T) {
	x := start(t, script{HostKey: true, Accessible: true})
	x.Wait("Your choice [1]:")
	x.Type("\x04")
	x.Wait(english.T("prompt.ended"))
	x.Ended(1)
}

func TestLiveLinesLeaveTheTerminalAsItWas(t *testing.T) {
	x := start(t, script{Live: true, Lines: 1000})
	x.Wait("=  1 Log in", "= 11 The site answers", "Done: 5 changed")
	x.Ended(0)
	x.Restored()
}

func TestTheCursorIsNotHiddenWhileLinesArePrinted(t *testing.T) {
	x := start(t, script{Live: true, Blocked: true})
	x.Wait("instruction 1 of 9")
	if raw := x.Raw(); strings.LastIndex(raw, "\x1b[?25l") > strings.LastIndex(raw, "\x1b[?25h") {
		t.Error("the cursor is hidden: the end by a second ctrl+c would leave it so")
	}
	x.Signal(syscall.SIGKILL)
}

func TestAFloodOfOutputDoesNotSlowTheBuild(t *testing.T) {
	x := start(t, script{Lines: 300_000})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	begun := time.Now()
	x.Type(enter)
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	if took := time.Since(begun); took > 15*time.Second { // 20,000 lines a second
		t.Errorf("300,000 lines took %v", took)
	}
	x.Type("q")
	x.Ended(0)
}

func TestAfterAnotherProgramTheMouseWorksAndItsErrorIsSaid(t *testing.T) {
	x := start(t, script{Failures: 1, Edit: "app.py", LogFile: "run.log"}, "EDITOR=sh -c 'exit 3'", "PAGER=there-is-no-such-pager")
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Retry from step 7", "enter "+english.T("wizard.key.take"))
	mouse := func(after string) {
		t.Helper()
		if raw := x.Raw(); strings.LastIndex(raw, "\x1b[?1002h") < strings.LastIndex(raw, "\x1b[?1002l") {
			t.Errorf("the mouse is dead after the %s", after)
		}
	}
	x.Type("e")
	x.Wait("The editor failed (exit status 3)")
	x.Type("l")
	x.Wait(english.T("wizard.log.none"))
	mouse("editor")
	x.Type("o")
	x.Wait(firstWords("wizard.pager.failed"))
	x.Type("q")
	x.Wait("Retry from step 7")
	mouse("pager")
	x.Type("q")
	x.Ended(1)
	x.Restored()
}

func TestCtrlCInThePagerIsThePagers(t *testing.T) {
	x := start(t, script{Blocked: true, LogFile: "run.log"},
		`PAGER=sh -c 'trap "echo caught" INT; echo paging; while ! read line; do :; done' sh`)
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Step 1/9")
	x.Type("l")
	x.Wait(english.T("wizard.log.none"))
	x.Type("o")
	x.Wait("paging")
	x.Type(ctrlC)
	x.Wait("caught")
	x.Type("\n")
	x.Wait(english.T("wizard.log.none"))
	x.Type("q")
	x.Wait("Step 1/9", "instruction 1 of 9") // the deployment goes on
	x.Signal(syscall.SIGINT)                 // by then it is meant for the wizard again
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestASignalEndsThePagerToo(t *testing.T) {
	x := start(t, script{Blocked: true, LogFile: "run.log"}, `PAGER=sh -c 'echo paging; exec sleep 1000' sh`)
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("l")
	x.Wait(english.T("wizard.log.none"))
	x.Type("o")
	x.Wait("paging")
	x.Signal(syscall.SIGTERM)
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestCtrlZGoesBackToTheShellAndFgComesBack(t *testing.T) {
	x := startIn(t, []string{"/bin/sh", "-c", `set -m; "$0"; stty -a | grep -o " icanon"; echo back; read line; fg`}, script{Blocked: true})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("\x1a")
	x.Wait(" icanon", "back")
	x.Restored()
	x.Type("\n")
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type(enter)
	x.Wait("Step 1/9")
	if raw := x.Raw(); strings.LastIndex(raw, "\x1b[?1002h") < strings.LastIndex(raw, "\x1b[?1002l") {
		t.Error("the mouse is dead after fg")
	}
	x.Type(ctrlC)
	x.Wait("Stop here?")
	x.Type(ctrlC)
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestCtrlZWithoutAShellDoesNotHang(t *testing.T) {
	x := start(t, script{Blocked: true})
	x.Wait(english.T("wizard.approved", 5, 5), "enter "+english.T("wizard.key.apply"))
	x.Type("\x1a")
	x.Wait(english.T("wizard.suspend.none"))
	x.Type("q")
	x.Ended(1)
	x.Restored()
}
