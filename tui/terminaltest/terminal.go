// Package terminaltest runs a program in a pseudo-terminal, for tests: it types, waits for what comes, and looks whether the
// terminal is left as it was.
package terminaltest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Patience is how long a test waits for something that should come at once.
const Patience = 30 * time.Second

// Terminal is a program in a pseudo-terminal that answers no questions of the program, as a serial console.
type Terminal struct {
	t        *testing.T
	master   *os.File
	slave    *os.File
	cmd      *exec.Cmd
	before   *unix.Termios
	done     chan struct{} // the program's output ended
	mu       sync.Mutex
	out      bytes.Buffer
	came     chan struct{} // something was added to out
	mark     int           // what was waited for already
	finished bool
}

// Start starts cmd in a terminal of 80 columns and 24 rows. What the test leaves running is killed at its end.
func Start(t *testing.T, cmd *exec.Cmd) *Terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{t: t, cmd: cmd, master: master, slave: slave, done: make(chan struct{}), came: make(chan struct{}, 1)}
	term.Resize(80, 24)
	if term.before, err = unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS); err != nil {
		t.Fatal(err)
	}
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	t.Cleanup(term.close)
	return term
}

func (x *Terminal) read() {
	defer close(x.done)
	buffer := make([]byte, 4096)
	for {
		n, err := x.master.Read(buffer)
		x.mu.Lock()
		x.out.Write(buffer[:n])
		x.mu.Unlock()
		select {
		case x.came <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (x *Terminal) close() {
	if !x.finished {
		_ = x.cmd.Process.Kill()
		_ = x.cmd.Wait()
	}
	_ = x.slave.Close()
	_ = x.master.Close()
	<-x.done
}

// Raw is all that the program has written, with its control sequences.
func (x *Terminal) Raw() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.out.String()
}

// Wait waits until the program has written all of texts, in any order, since the last wait.
func (x *Terminal) Wait(texts ...string) {
	x.t.Helper()
	x.WaitFor(Patience, texts...)
}

// WaitFor is Wait for what takes its time.
func (x *Terminal) WaitFor(patience time.Duration, texts ...string) {
	x.t.Helper()
	deadline := time.After(patience)
	for {
		raw := x.Raw()
		since := ansi.Strip(raw[x.mark:])
		missing := ""
		for _, text := range texts {
			if !strings.Contains(since, text) {
				missing = text
			}
		}
		if missing == "" {
			x.mark = len(raw)
			return
		}
		select {
		case <-x.came:
		case <-deadline:
			x.t.Fatalf("%q did not come; since the last thing that came there was:\n%s", missing, since)
		}
	}
}

// Type types keys.
func (x *Terminal) Type(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.master, keys); err != nil {
		x.t.Fatal(err)
	}
}

// Resize changes the size of the window.
func (x *Terminal) Resize(columns, rows uint16) {
	x.t.Helper()
	if err := pty.Setsize(x.master, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		x.t.Fatal(err)
	}
}

// Signal sends a signal to the program.
func (x *Terminal) Signal(s os.Signal) {
	x.t.Helper()
	if err := x.cmd.Process.Signal(s); err != nil {
		x.t.Fatal(err)
	}
}

// Ended waits for the program's end, and checks its exit status and that the terminal is as it was.
func (x *Terminal) Ended(status int) {
	x.t.Helper()
	timer := time.AfterFunc(Patience, func() { _ = x.cmd.Process.Kill() })
	defer timer.Stop()
	err := x.cmd.Wait()
	x.finished = true
	if got := x.cmd.ProcessState.ExitCode(); got != status {
		x.t.Errorf("the program ended with %d (%v), want %d; it wrote at last:\n%s", got, err, status, tailOf(ansi.Strip(x.Raw())))
	}
	after, err := unix.IoctlGetTermios(int(x.slave.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	if *after != *x.before {
		x.t.Errorf("the terminal's settings are %+v, were %+v", after, x.before)
	}
}

// Restored checks that every mode that the wizard sets was taken back; what the program wrote last may still be on its way.
func (x *Terminal) Restored() {
	x.t.Helper()
	deadline := time.After(Patience)
	for {
		left := leftOn(x.Raw())
		if left == "" {
			return
		}
		select {
		case <-x.came:
		case <-deadline:
			x.t.Errorf("%s was left on", left)
			return
		}
	}
}

// leftOn is what of the modes in raw was set and not taken back; empty for nothing.
func leftOn(raw string) string {
	for _, mode := range []struct{ set, reset, what string }{
		{"\x1b[?1049h", "\x1b[?1049l", "the alternate screen"},
		{"\x1b[?25l", "\x1b[?25h", "the hidden cursor"},
		{"\x1b[?1002h", "\x1b[?1002l", "the mouse"},
		{"\x1b[?2004h", "\x1b[?2004l", "bracketed paste"},
	} {
		if strings.LastIndex(raw, mode.set) > strings.LastIndex(raw, mode.reset) {
			return mode.what
		}
	}
	return ""
}

func tailOf(text string) string { return text[max(0, len(text)-1500):] }

// InOrder fails the test unless text has all parts, one after the other.
func InOrder(t testing.TB, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("%q is missing, or not in its place, in:\n%s", part, text)
		}
		rest = after
	}
}
