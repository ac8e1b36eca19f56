package tui_test

import (
	"strings"
	"syscall"
	"testing"
)

func TestAfterAnotherProgramTheMouseWorksAndItsErrorIsSaid(t *testing.T) {
	x := start(t, script{Failures: 1, Edit: "app.py", LogFile: "run.log"}, "EDITOR=sh -c 'exit 3'", "PAGER=there-is-no-such-pager")
	x.Wait("waiting for your yes to the plan", "enter carry out")
	x.Type(enter)
	x.Wait("Retry from step 7", "enter take it")
	mouse := func(after string) {
		t.Helper()
		if raw := x.Raw(); strings.LastIndex(raw, "\x1b[?1002h") < strings.LastIndex(raw, "\x1b[?1002l") {
			t.Errorf("the mouse is dead after the %s", after)
		}
	}
	x.Type("e")
	x.Wait("The editor failed (exit status 3); nothing was retried")
	x.Type("l")
	x.Wait("The log is empty")
	mouse("editor")
	x.Type("o")
	x.Wait("The pager could not be run")
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
	x.Wait("5 of 5 steps chosen", "enter carry out")
	x.Type(enter)
	x.Wait("Step 1/9")
	x.Type("l")
	x.Wait("The log is empty")
	x.Type("o")
	x.Wait("paging")
	x.Type(ctrlC)
	x.Wait("caught")
	x.Type("\n")
	x.Wait("The log is empty")
	x.Type("q")
	x.Wait("Step 1/9", "instruction 1 of 9") // the deployment goes on
	x.Signal(syscall.SIGINT)                 // by then it is meant for the wizard again
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestASignalEndsThePagerToo(t *testing.T) {
	x := start(t, script{Blocked: true, LogFile: "run.log"}, `PAGER=sh -c 'echo paging; exec sleep 1000' sh`)
	x.Wait("5 of 5 steps chosen", "enter carry out")
	x.Type("l")
	x.Wait("The log is empty")
	x.Type("o")
	x.Wait("paging")
	x.Signal(syscall.SIGTERM)
	x.Wait("left with 130")
	x.Ended(130)
	x.Restored()
}

func TestCtrlZGoesBackToTheShellAndFgComesBack(t *testing.T) {
	x := startIn(t, []string{"/bin/sh", "-c", `set -m; "$0"; stty -a | grep -o " icanon"; echo back; read line; fg`}, script{Blocked: true})
	x.Wait("5 of 5 steps chosen", "enter carry out")
	x.Type("\x1a")
	x.Wait(" icanon", "back")
	x.Restored()
	x.Type("\n")
	x.Wait("5 of 5 steps chosen", "enter carry out")
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
	x.Wait("5 of 5 steps chosen", "enter carry out")
	x.Type("\x1a")
	x.Wait("There is no shell here to go back to")
	x.Type("q")
	x.Ended(1)
	x.Restored()
}
