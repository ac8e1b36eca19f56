package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	enter = "\r"
	ctrlC = "\x03"
)

func TestAProgramThatShowsNothingDoesNotAskTheTerminal(t *testing.T) {
	begun := time.Now()
	x := start(t, script{Version: true})
	x.wait("started")
	x.ended(0)
	if strings.Contains(x.raw(), "\x1b") {
		t.Errorf("the terminal was asked something: %q", x.raw())
	}
	if took := time.Since(begun); took > 4*time.Second { // what termenv waits for an answer is 5 s
		t.Errorf("it took %v to start", took)
	}
}

func TestFromTheEmptyFolderToTheLiveSite(t *testing.T) {
	x := start(t, script{Form: true, HostKey: true, Password: true})
	x.wait("A new site", "Write inventory.yaml", "good for 87 days")
	x.typed(strings.Repeat(enter, 10))
	x.wait("A host key that is not known yet", "SHA256:")
	x.typed(enter)
	x.wait("What you type is not shown")
	x.typed("open sesame" + enter)
	x.wait("waiting for your yes to the plan", "5 of 5 steps chosen")
	x.typed(enter)
	x.wait("The site is live", "nginx/1.14.1", "flask")
	x.typed("q")
	x.wait("Done: 5 changed", "left with 0")
	x.ended(0)
	x.restored()
	if strings.Contains(x.raw(), "sesame") {
		t.Error("the password was shown")
	}
}

func TestAFailingBuildIsMendedInTheEditorAndRetried(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(file, []byte("flask-restfull\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, script{Failures: 1, Edit: file}, `EDITOR=sed -i s/ll$/l/`)
	x.wait("waiting for your yes to the plan")
	x.typed(enter)
	x.wait("Step 7 failed: Build the image", "No matching distribution", "Retry from step 7")
	x.typed("e")
	x.wait("The site is live")
	x.typed("q")
	x.ended(0)
	x.restored()
	if content, err := os.ReadFile(file); err != nil || string(content) != "flask-restful\n" {
		t.Errorf("the editor left %q, %v", content, err)
	}
}

func TestRetryGoesOnWhereItFailed(t *testing.T) {
	x := start(t, script{Failures: 1, Lines: 50})
	x.wait("5 of 5 steps chosen")
	x.typed(enter)
	x.wait("Retry from step 7")
	x.typed(enter) // the highlighted default is to retry
	x.wait("The site is live")
	x.typed(enter)
	x.wait("Done: 2 changed") // the build and the container: the rest was done before
	x.ended(0)
}

func TestResizedAtAnyMoment(t *testing.T) {
	x := start(t, script{Blocked: true})
	x.wait("5 of 5 steps chosen")
	for _, size := range [][2]uint16{{120, 40}, {30, 10}, {10, 3}, {1, 1}, {200, 60}} {
		x.resize(size[0], size[1])
	}
	x.wait("The site's directory")
	x.typed(enter)
	x.wait("7 of 11")
	x.resize(60, 20)
	x.wait("Build the image")
	x.typed("q")
	x.wait("Stop here?", "The build on the host goes on without us")
	x.typed("q")
	x.wait("left with 130")
	x.ended(130)
	x.restored()
}

func TestCtrlCAsksOnceAndLeavesTheSecondTime(t *testing.T) {
	x := start(t, script{Blocked: true})
	x.wait("5 of 5 steps chosen")
	x.typed(enter)
	x.wait("Step 1/9")
	x.typed(ctrlC)
	x.wait("Stop here?", "No, go on")
	x.typed(enter) // the default is to go on
	x.wait("Step 1/9")
	x.typed(ctrlC)
	x.wait("Stop here?")
	x.typed(ctrlC)
	x.wait("left with 130")
	x.ended(130)
	x.restored()
}

func TestASignalRestoresTheTerminal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			x := start(t, script{Blocked: true})
			x.wait("5 of 5 steps chosen")
			x.typed(enter)
			x.wait("Step 1/9")
			x.signal(s)
			x.wait("left with 130")
			x.ended(130)
			x.restored()
		})
	}
}

func TestAPanicRestoresTheTerminal(t *testing.T) {
	x := start(t, script{Panic: true})
	x.wait("error: the deployment ended in an internal error: the story went wrong")
	x.ended(1)
	x.restored()
}

func TestLeavingThePlanChangesNothing(t *testing.T) {
	x := start(t, script{})
	x.wait("5 of 5 steps chosen")
	x.typed("q")
	x.wait("the plan was not approved, nothing was changed")
	x.ended(1)
	x.restored()
}

func TestALogIsShown(t *testing.T) {
	log := filepath.Join(t.TempDir(), "run.log")
	if err := os.WriteFile(log, []byte(strings.Repeat("a line of the log\n", 100)+"the \x1b[2Jlast line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, script{LogFile: log})
	x.wait("5 of 5 steps chosen")
	x.typed("l")
	x.wait("the last line")
	x.typed("q")
	x.wait("5 of 5 steps chosen")
	x.typed("q")
	x.ended(1)
}

func TestNoColour(t *testing.T) {
	x := start(t, script{HostKey: true}, "NO_COLOR=1")
	x.wait("A host key that is not known yet")
	x.typed("q")
	x.ended(130)
	if strings.Contains(x.raw(), "\x1b[3") {
		t.Errorf("there are colours in %q", x.raw())
	}
}

func TestAPlainLocaleGetsPlainCharacters(t *testing.T) {
	x := start(t, script{HostKey: true}, "LANG=C")
	x.wait("A host key that is not known yet")
	x.typed("q")
	x.ended(130)
	for _, r := range x.raw() {
		if r > 0x7e {
			t.Fatalf("%q is in the output", r)
		}
	}
}

func TestADumbTerminalGetsPlainQuestions(t *testing.T) {
	x := start(t, script{Form: true, HostKey: true, Password: true, Failures: 1}, "TERM=dumb")
	x.wait("Host [aliyun]:")
	x.typed("\n")
	for _, field := range []string{"SSH port [22]:", "User [kevin]:"} {
		x.wait(field)
		x.typed("\n")
	}
	for _, field := range []string{"Login key", "Site folder", "Folder on the host", "Domain", "Certificate", "Its key"} {
		x.wait(field + " [")
		x.typed("\n")
	}
	x.wait("1. Yes, it is the right host", "Your choice [1]:")
	x.typed("7\n")
	x.wait("Please type a number from 1 to 2.")
	x.typed("1\n")
	x.wait("Password of kevin@203.0.113.10:")
	x.typed("sesame\r")
	x.wait("Carry out 5 changes on aliyun?", "Your choice [1]:")
	x.typed("\n")
	x.wait("07-build ERROR: pip found no package", "1. Retry")
	x.typed("1\n")
	x.wait("1. Yes, it is the right host", "Your choice [1]:")
	x.typed("\n")
	x.wait("Password of kevin@203.0.113.10:")
	x.typed("sesame\r")
	x.wait("Carry out 2 changes on aliyun?", "Your choice [1]:")
	x.typed("\n")
	x.wait("Done: 2 changed", "left with 0")
	x.ended(0)
	if strings.Contains(x.raw(), "\x1b") || strings.Contains(x.raw(), "sesame") {
		t.Errorf("control sequences or the password are in %q", x.raw())
	}
}

func TestTheEndOfTheInputEndsPlainQuestions(t *testing.T) {
	x := start(t, script{HostKey: true, Accessible: true})
	x.wait("Your choice [1]:")
	x.typed("\x04")
	x.wait("the input ended before the question was answered")
	x.ended(1)
}

func TestLiveLinesLeaveTheTerminalAsItWas(t *testing.T) {
	x := start(t, script{Live: true, Lines: 1000})
	x.wait("✓  1 Log in", "✓ 11 The site answers", "Done: 5 changed")
	x.ended(0)
	x.restored()
}

func TestAFloodOfOutputDoesNotSlowTheBuild(t *testing.T) {
	x := start(t, script{Lines: 300_000})
	x.wait("5 of 5 steps chosen")
	begun := time.Now()
	x.typed(enter)
	x.wait("The site is live")
	if took := time.Since(begun); took > 15*time.Second { // 20,000 lines a second
		t.Errorf("300,000 lines took %v", took)
	}
	x.typed("q")
	x.ended(0)
}
