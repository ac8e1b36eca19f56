//go:build unix

package prepare

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/shell/shelltest"
)

var races = flag.Int("races", 60, "how often confirmation and undo race for a trial")

// hostShell is a host: commands run in a shell of this machine.
type hostShell struct{ shelltest.Shell }

func (h hostShell) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	return h.Command(ctx, cmd.Script).Output()
}

func (h hostShell) Output(ctx context.Context, cmd remote.Command) ([]byte, error) {
	return h.Exec(ctx, cmd)
}

func (hostShell) Close() error { return nil }

// cutOff is a host that the change cuts off: it begins a trial and is not heard of again.
type cutOff struct{ hostShell }

func (h cutOff) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	if strings.Contains(string(cmd.Script), "declined") {
		return nil, errors.New("no route to host")
	}
	return h.hostShell.Exec(ctx, cmd)
}

// blind is a login that does not see the trial.
type blind struct{ hostShell }

func (blind) Output(context.Context, remote.Command) ([]byte, error) { return nil, nil }

// bench is a host's state: a file that a change writes, and one that survives a reboot.
type bench struct {
	trial Trial
	state func(name string) string
}

func newBench(t *testing.T, apply shell.Text) bench {
	dir := shelltest.Folder(t)
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("now", "old\n")
	write("disk", "old\n")
	in := func(text shell.Text) shell.Text { return shell.Exec("/bin/sh", "-c", "cd "+dir+"\n"+string(text)) }
	return bench{
		trial: Trial{Host: "cloud", User: "0", Limit: 2 * time.Second, Folder: filepath.Join(dir, "run", "trial"),
			Apply: in("echo new >now\n" + apply), Keep: in("echo new >disk"), Undo: in("echo old >now; echo undo >>undos")},
		state: func(name string) string {
			content, _ := os.ReadFile(filepath.Join(dir, name))
			return strings.Join(strings.Fields(string(content)), " ")
		},
	}
}

func (b bench) expect(t *testing.T, now, disk string) {
	t.Helper()
	if got := [2]string{b.state("now"), b.state("disk")}; got != [2]string{now, disk} {
		t.Errorf("the host has %q now and on its disk, want %q and %q", got, now, disk)
	}
}

func noLogin(context.Context) (Session, error) { return nil, errors.New("connection timed out") }

func TestTrial(t *testing.T) {
	t.Parallel()
	root := os.Getuid() == 0
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		host := hostShell{s}
		login := func(context.Context) (Session, error) { return host, nil }
		t.Run("confirmed", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			login := login
			if root { // who confirms needs no rights
				b.trial.User = "65534"
				login = func(context.Context) (Session, error) { return hostShell{s.As(65534)}, nil }
			}
			if err := b.trial.Run(t.Context(), host, login); err != nil {
				t.Fatal(err)
			}
			b.expect(t, "new", "new")
			if err := b.trial.Run(t.Context(), host, login); err != nil {
				t.Errorf("a second trial after the first: %v", err)
			}
		})
		t.Run("refused login", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.trial.Limit = 30 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // interrupted: it is undone all the same, and at once
			defer cancel()
			begun := time.Now()
			if err := b.trial.Run(ctx, host, noLogin); provision.CodeOf(err) != "trial.undone" {
				t.Errorf("ends with %v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("undone after %s", took)
			}
			b.expect(t, "old", "old")
		})
		t.Run("cut off", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			if err := b.trial.Run(t.Context(), cutOff{host}, noLogin); provision.CodeOf(err) != "trial.undoing" {
				t.Errorf("ends with %v", err)
			}
			b.awaitUndo(t, 5*time.Second)
			b.expect(t, "old", "old")
		})
		t.Run("login that cannot confirm", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			err := b.trial.Run(t.Context(), host, func(context.Context) (Session, error) { return blind{host}, nil })
			if provision.CodeOf(err) != "trial.undone" {
				t.Errorf("ends with %v", err)
			}
			b.expect(t, "old", "old")
		})
		t.Run("failed change", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "echo no such chain >&2; exit 3")
			err := b.trial.Run(t.Context(), host, login)
			if provision.CodeOf(err) != "trial.failed" || !strings.Contains(err.Error(), "no such chain") {
				t.Errorf("ends with %v", err)
			}
			b.awaitUndo(t, 5*time.Second)
			b.expect(t, "old", "old")
		})
		t.Run("hanging change", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "sleep 60")
			_ = b.trial.Run(t.Context(), cutOff{host}, noLogin)
			b.awaitUndo(t, 5*time.Second)
			b.expect(t, "old", "old")
		})
		t.Run("change that cannot be kept", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.trial.Keep = "echo disk full >&2; exit 1"
			err := b.trial.Run(t.Context(), host, login)
			if provision.CodeOf(err) != "trial.unkept" || !strings.Contains(err.Error(), "disk full") {
				t.Errorf("ends with %v", err)
			}
			b.expect(t, "old", "old")
		})
		t.Run("killed session", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			cmd := s.Command(t.Context(), b.beginning("one")+"sleep 60\n")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			b.await(t, "run/trial/applied", 5*time.Second)
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_ = cmd.Wait()
			b.expect(t, "new", "old")
			if said := s.Run(t, b.beginning("two")); said != "busy\n" {
				t.Errorf("a second trial meanwhile: %q", said)
			}
			b.awaitUndo(t, 5*time.Second)
			b.expect(t, "old", "old")
		})
		t.Run("killed runner", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.trial.Limit = 30 * time.Second
			if said := s.Run(t, b.beginning("one")); said != "applied\n" {
				t.Fatalf("it begins with %q", said)
			}
			if said := s.Run(t, b.beginning("one")); said != "applied\n" {
				t.Errorf("begun again with the same id: %q", said)
			}
			pid, err := strconv.Atoi(strings.Fields(b.state("run/trial/id"))[2])
			if err != nil || pid < 2 {
				t.Fatalf("the runner's process is %d, %v", pid, err)
			}
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			for syscall.Kill(pid, 0) == nil && !zombie(pid) {
				time.Sleep(10 * time.Millisecond)
			}
			s.Run(t, b.beginning("two"))
			if b.state("undos") != "undo" {
				t.Error("the next trial begins on what the killed one left")
			}
			s.Run(t, trialEnd.With(b.trial.Folder, "declined", "5"))
		})
	})
}

// zombie reports whether a process has ended and nobody has asked how.
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func (b bench) beginning(id string) shell.Text {
	return trialBegin.With(b.trial.Folder, id, b.trial.User, b.trial.seconds(), string(trialRun.With()), string(b.trial.Apply),
		string(b.trial.Keep), string(b.trial.Undo)) + "\n"
}

func (b bench) awaitUndo(t *testing.T, limit time.Duration) { b.await(t, "run/trial/end", limit) }

func (b bench) await(t *testing.T, name string, limit time.Duration) {
	t.Helper()
	for begun := time.Now(); b.state(name) == ""; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > limit {
			t.Fatalf("no %s after %s; the change said %s", name, limit, b.state("run/trial/said"))
		}
	}
}

// TestConfirmationAndUndoRace has a confirmation arrive as the time ends: the change is kept or undone, never both, never neither, and
// who confirms learns which.
func TestConfirmationAndUndoRace(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		t.Parallel()
		ends := map[string]int{}
		for i := range *races / 3 {
			dir := shelltest.Folder(t)
			folder := filepath.Join(dir, "trial")
			if err := os.MkdirAll(filepath.Join(folder, "door"), 0o700); err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string]string{"door/pending": "", "applied": "0\n", "apply": "", "keep": "echo >>" + dir + "/kept", "undo": "echo >>" + dir + "/undone"} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			runner := s.Command(t.Context(), trialRun.With(folder, "0", "id", "boot"))
			runner.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := runner.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i%12) * 500 * time.Microsecond)
			said := strings.TrimSpace(s.Run(t, trialEnd.With(folder, "confirmed", "5")))
			if err := runner.Wait(); err != nil {
				t.Fatal(err)
			}
			_, kept := os.Stat(filepath.Join(dir, "kept"))
			_, undone := os.Stat(filepath.Join(dir, "undone"))
			if (kept == nil) == (undone == nil) || (said == "kept") != (kept == nil) || (said == "undone") != (undone == nil) {
				t.Fatalf("who confirms hears %q; kept: %v, undone: %v", said, kept, undone)
			}
			ends[said]++
			_ = os.RemoveAll(dir)
		}
		t.Logf("%v", ends)
	})
}
