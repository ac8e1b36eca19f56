package tui_test

import (
	"bytes"
	"encoding/json"
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

// patience is how long a test waits for something that should come at once.
const patience = 30 * time.Second

// terminal is a real program in a pseudo-terminal that answers no questions, as a serial console.
type terminal struct {
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

func start(t *testing.T, s script, env ...string) *terminal {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: master, slave: slave, done: make(chan struct{}), came: make(chan struct{}, 1)}
	term.resize(80, 24)
	if term.before, err = unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS); err != nil {
		t.Fatal(err)
	}
	term.cmd = exec.Command(os.Args[0])
	term.cmd.Env = append([]string{playing + "=" + string(text), "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"),
		"GORACE=" + os.Getenv("GORACE")}, env...)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	t.Cleanup(term.close)
	return term
}

func (x *terminal) read() {
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

func (x *terminal) close() {
	if !x.finished {
		_ = x.cmd.Process.Kill()
		_ = x.cmd.Wait()
	}
	_ = x.slave.Close()
	_ = x.master.Close()
	<-x.done
}

func (x *terminal) raw() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.out.String()
}

// wait waits until the program has written all of texts, in any order, since the last wait.
func (x *terminal) wait(texts ...string) {
	x.t.Helper()
	deadline := time.After(patience)
	for {
		raw := x.raw()
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

func (x *terminal) typed(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.master, keys); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) resize(columns, rows uint16) {
	x.t.Helper()
	if err := pty.Setsize(x.master, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) signal(s os.Signal) {
	x.t.Helper()
	if err := x.cmd.Process.Signal(s); err != nil {
		x.t.Fatal(err)
	}
}

// ended waits for the program's end, and checks its exit status and that the terminal is as it was.
func (x *terminal) ended(status int) {
	x.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = x.cmd.Process.Kill() })
	defer timer.Stop()
	err := x.cmd.Wait()
	x.finished = true
	if got := x.cmd.ProcessState.ExitCode(); got != status {
		x.t.Errorf("the program ended with %d (%v), want %d; it wrote at last:\n%s", got, err, status, tailOf(ansi.Strip(x.raw())))
	}
	after, err := unix.IoctlGetTermios(int(x.slave.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	if *after != *x.before {
		x.t.Errorf("the terminal's settings are %+v, were %+v", after, x.before)
	}
}

// restored checks that every mode that the wizard sets was taken back.
func (x *terminal) restored() {
	x.t.Helper()
	raw := x.raw()
	for _, mode := range []struct{ set, reset, what string }{
		{"\x1b[?1049h", "\x1b[?1049l", "the alternate screen"},
		{"\x1b[?25l", "\x1b[?25h", "the hidden cursor"},
		{"\x1b[?1002h", "\x1b[?1002l", "the mouse"},
		{"\x1b[?2004h", "\x1b[?2004l", "bracketed paste"},
	} {
		if strings.LastIndex(raw, mode.set) > strings.LastIndex(raw, mode.reset) {
			x.t.Errorf("%s was left on", mode.what)
		}
	}
}

func tailOf(text string) string { return text[max(0, len(text)-1500):] }
