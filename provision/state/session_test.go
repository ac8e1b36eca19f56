package state_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

func owner(token string) state.Owner {
	return state.Owner{Token: token, Session: 1, Who: "kevin@" + token, Purpose: "provision --yes", Since: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)}
}

// holder is a session's command that runs here.
type holder struct {
	t      *testing.T
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
}

func hold(t *testing.T, s shelltest.Shell, directory string, o state.Owner) *holder {
	t.Helper()
	return holdSeen(t, s, directory, o, "")
}

func holdSeen(t *testing.T, s shelltest.Shell, directory string, o state.Owner, seen string) *holder {
	t.Helper()
	h := &holder{t: t, cmd: s.Command(t.Context(), state.LockScript(directory, o, seen))}
	var err error
	if h.input, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.output = bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *holder) line() string {
	line, _ := h.output.ReadString('\n')
	return strings.TrimSuffix(line, "\n")
}

// end closes the input, as a link that is closed does, and returns the rest of the output and the exit status.
func (h *holder) end() (string, int) {
	h.t.Helper()
	if err := h.input.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		h.t.Error(err)
	}
	rest, err := io.ReadAll(h.output)
	if err != nil {
		h.t.Error(err)
	}
	_ = h.cmd.Wait() // the status tells
	return string(rest), h.cmd.ProcessState.ExitCode()
}

func shown(t *testing.T, s shelltest.Shell, directory string) (int, *state.Held) {
	t.Helper()
	return state.ParseShown(s.Run(t, state.Show(directory)))
}

// newSite is a site's folder that is not there yet, and the state folder beside it.
func newSite(t *testing.T) (directory, dir string) {
	directory = filepath.Join(shelltest.Folder(t), "it's home", "myweb")
	return directory, state.Dir(directory)
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLockIsTakenShownAndGivenBack(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		if turn, held := shown(t, s, directory); turn != 0 || held != nil {
			t.Errorf("an empty host shows turn %d, %+v", turn, held)
		}
		h := hold(t, s, directory, owner("one"))
		if line := h.line(); line != "locked 1" {
			t.Fatalf("the first lock answers %q", line)
		}
		turn, held := shown(t, s, directory)
		if turn != 1 || held == nil || held.Owner.Who != "kevin@one" || held.Stale() {
			t.Errorf("it shows turn %d, %+v", turn, held)
		}
		// As versions of the program before this one write and read it.
		const golden = `{"token":"one","session":1,"who":"kevin@one","purpose":"provision --yes","since":"2026-03-01T09:30:00Z"}` + "\n"
		content, err := os.ReadFile(filepath.Join(dir, "lock"))
		if beat, rest, _ := strings.Cut(string(content), "\n"); err != nil || rest != golden || strings.Trim(beat, "0123456789") != "" {
			t.Errorf("the lock is %q, %v", content, err)
		}
		if content, err := os.ReadFile(filepath.Join(dir, "turn")); err != nil || string(content) != "1\n" {
			t.Errorf("turn is %q, %v", content, err)
		}
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the folder is %v, %v", info, err)
		}

		second := hold(t, s, directory, owner("two"))
		text, code := second.end()
		if code != state.HeldExit {
			t.Errorf("a second taker ended with %d: %s", code, text)
		}
		if by := state.ParseHeld(text); by == nil || by.Owner.Who != "kevin@one" {
			t.Errorf("a second taker is told of %+v by %q", by, text)
		}

		if rest, code := h.end(); code != 0 || rest != "" {
			t.Errorf("the holder ended with %d: %q", code, rest)
		}
		if turn, held := shown(t, s, directory); turn != 1 || held != nil {
			t.Errorf("after the end it shows turn %d, %+v", turn, held)
		}
		third := hold(t, s, directory, owner("two"))
		if line := third.line(); line != "locked 2" {
			t.Errorf("the second lock answers %q", line)
		}
		third.end()
		left, err := filepath.Glob(filepath.Join(dir, "lock*"))
		if err != nil || len(left) != 0 {
			t.Errorf("%v is left behind", left)
		}
	})
}

func TestHeartbeatIsWritten(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		h := hold(t, s, directory, owner("one"))
		h.line()
		lock := filepath.Join(dir, "lock")
		content, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(content), "\n")
		if err := os.WriteFile(lock, []byte("1000\n"+rest), 0o600); err != nil { // as if the last one were ages ago
			t.Fatal(err)
		}
		if _, held := shown(t, s, directory); held == nil || !held.Stale() {
			t.Fatalf("a lock of 1970 is %+v", held)
		}
		if _, err := io.WriteString(h.input, "alive\n"); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(10 * time.Second)
		for { // the script writes when it has read the line
			if _, held := shown(t, s, directory); held != nil && !held.Stale() {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the heartbeat is not written")
			}
		}
		h.end()
	})
}

func TestALockLeftBehindIsTakenOver(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for name, content := range map[string]string{
			"silent for long":      "1000\n" + `{"token":"old","session":1,"who":"x"}` + "\n",
			"cut by a power loss":  "",
			"half a heartbeat":     "17",
			"not a time at all":    "abc\n{}\n",
			"a time with no owner": "1000\n",
			"too long for a time":  strings.Repeat("9", 400) + "\n{}\n",
			"octal":                "0899\n{}\n",
		} {
			t.Run(name, func(t *testing.T) {
				directory, dir := newSite(t)
				write(t, filepath.Join(dir, "lock"), content)
				if _, held := shown(t, s, directory); content != "" && (held == nil || !held.Stale()) {
					t.Errorf("it is shown as %+v", held)
				}
				h := hold(t, s, directory, owner("new"))
				if line := h.line(); !strings.HasPrefix(line, "locked ") {
					t.Errorf("the taker is told %q", line)
				}
				h.end()
			})
		}
	})
}

func TestAHolderThatLostItsLockEnds(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, _ := newSite(t)
		h := hold(t, s, directory, owner("one"))
		h.line()
		_, held := shown(t, s, directory)
		s.Run(t, state.Unlock(directory, held))
		thief := hold(t, s, directory, owner("two"))
		if line := thief.line(); !strings.HasPrefix(line, "locked ") {
			t.Fatalf("an unlocked lock cannot be taken: %q", line)
		}
		if _, err := io.WriteString(h.input, "alive\n"); err != nil {
			t.Fatal(err)
		}
		if _, code := h.end(); code != state.LostExit {
			t.Errorf("the robbed holder ended with %d, want %d", code, state.LostExit)
		}
		if _, held := shown(t, s, directory); held == nil || held.Owner.Token != "two" {
			t.Errorf("the robbed holder took the lock along: %+v", held)
		}
		thief.end()
	})
}

func TestOfManyTakersOneGetsTheLock(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, _ := newSite(t)
		const takers = 8
		var (
			wg   sync.WaitGroup
			mu   sync.Mutex
			won  []*holder
			lost int
		)
		for i := range takers {
			h := hold(t, s, directory, owner(fmt.Sprint("t", i)))
			wg.Go(func() {
				line := h.line()
				mu.Lock()
				defer mu.Unlock()
				if strings.HasPrefix(line, "locked ") {
					won = append(won, h)
					return
				}
				if _, code := h.end(); code == state.HeldExit {
					lost++
				}
			})
		}
		wg.Wait()
		if len(won) != 1 || lost != takers-1 {
			t.Errorf("%d took the lock and %d were told that it is held", len(won), lost)
		}
		for _, h := range won {
			h.end()
		}
	})
}

// TestForget has the folder go with the lock: what is in it belongs to the run until then, and whoever comes next starts anew.
func TestForget(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		first := hold(t, s, directory, state.Owner{Token: "FIRST", Session: 1})
		if line := first.line(); line != "locked 1" {
			t.Fatalf("the lock command said %q", line)
		}
		if _, err := io.WriteString(first.input, state.ForgetLine); err != nil {
			t.Fatal(err)
		}
		if out, code := first.end(); out != "" || code != 0 {
			t.Errorf("ended with status %d: %s", code, out)
		}
		if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 0 {
			t.Errorf("%v is left: %v", left, err)
		}
		next := hold(t, s, directory, state.Owner{Token: "NEXT", Session: 1})
		if line := next.line(); line != "locked 1" {
			t.Errorf("the next one was told %q", line)
		}
		next.end()
	})
}

// A clock that was set back leaves a lock in the future: it is taken by whoever has seen it stand still, and not else.
func TestALockInTheFuture(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		beat := time.Now().Add(2 * time.Hour).Unix()
		for name, content := range map[string]string{
			"of a run":   fmt.Sprintf("%d\n%s\n", beat, `{"token":"old","session":1,"who":"o'brien@x","purpose":"provision","since":"2026-03-01T09:30:00Z"}`),
			"unreadable": fmt.Sprintf("%d\n\x00\x00{\n", beat),
		} {
			t.Run(name, func(t *testing.T) {
				write(t, filepath.Join(dir, "lock"), content)
				_, held := shown(t, s, directory)
				if held == nil || held.Quiet < 0 {
					t.Fatalf("it is shown as %+v", held)
				}
				text, code := hold(t, s, directory, owner("new")).end()
				if again := state.ParseHeld(text); code != state.HeldExit || again == nil || again.Text() != held.Text() {
					t.Errorf("the first look ended with %d: %q", code, text)
				}
				moved := strings.Replace(held.Text(), fmt.Sprint(beat), fmt.Sprint(beat-3), 1)
				if text, code := holdSeen(t, s, directory, owner("new"), moved).end(); code != state.HeldExit {
					t.Errorf("one whose heart beats is taken: %d, %q", code, text)
				}
				h := holdSeen(t, s, directory, owner("new"), held.Text())
				if line := h.line(); !strings.HasPrefix(line, "locked ") {
					t.Errorf("the taker is told %q", line)
				}
				h.end()
			})
		}
	})
}

// What lies in the state folder is data: no shell may carry it out.
func TestNumbersInFilesAreNoPrograms(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for _, evil := range []string{"a[$(touch pwned)0]", "$(touch pwned)", "PATH", "1+1", "0x10", "010", "-5", "99999999999999999999999"} {
			directory, dir := newSite(t)
			write(t, filepath.Join(dir, "turn"), evil+"\n")
			write(t, filepath.Join(dir, "lock"), evil+"\n{}\n")
			if turn, _ := shown(t, s, directory); turn != 0 {
				t.Errorf("%s is shown as turn %d", evil, turn)
			}
			h := hold(t, s, directory, owner("one"))
			if line := h.line(); line != "locked 1" {
				t.Errorf("with %s the lock says %q", evil, line)
			}
			h.end()
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Errorf("%s was run", evil)
			}
		}
	})
}

// What is in the lock's place and no lock is told of by everybody alike.
func TestAFolderInTheLocksPlace(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		empty := filepath.Join(dir, "lock")
		if err := os.MkdirAll(empty, 0o700); err != nil {
			t.Fatal(err)
		}
		_, held := shown(t, s, directory)
		if held == nil {
			t.Fatal("nobody is shown to hold it")
		}
		s.Run(t, state.Unlock(directory, held))
		if _, held := shown(t, s, directory); held != nil {
			t.Errorf("an empty one stays: %+v", held)
		}
		if err := os.Mkdir(empty, 0o700); err != nil {
			t.Fatal(err)
		}
		h := hold(t, s, directory, owner("one"))
		if line := h.line(); line != "locked 1" {
			t.Errorf("with an empty one the taker is told %q", line)
		}
		h.end()
		write(t, filepath.Join(empty, "file"), "x")
		if text, code := hold(t, s, directory, owner("one")).end(); code != state.OddExit {
			t.Errorf("a full one ends the taker with %d: %s", code, text)
		}
		cmd := s.Command(t.Context(), state.Unlock(directory, held))
		_ = cmd.Run() // the status tells
		if code := cmd.ProcessState.ExitCode(); code != state.OddExit {
			t.Errorf("a full one ends unlock with %d", code)
		}
	})
}

// A host's clock that is set while a run holds the lock takes it from nobody: the heart goes on beating, by whatever date.
func TestAClockThatIsSetDuringARun(t *testing.T) {
	// BusyBox's shell has a date of its own, which cannot be set.
	directory, dir := newSite(t)
	bin := shelltest.Folder(t)
	set := func(to time.Time) {
		t.Helper()
		text := fmt.Sprintf("#!/bin/sh\necho %d\n", to.Unix())
		if err := errors.Join(os.WriteFile(filepath.Join(bin, "new"), []byte(text), 0o755), os.Rename(filepath.Join(bin, "new"), filepath.Join(bin, "date"))); err != nil {
			t.Fatal(err)
		}
	}
	s := shelltest.Sh().With(bin)
	start := time.Unix(1_700_000_000, 0)
	set(start)
	h := hold(t, s, directory, owner("one"))
	if line := h.line(); line != "locked 1" {
		t.Fatalf("the holder is told %q", line)
	}
	for i, jump := range []time.Duration{-2 * time.Hour, 2 * time.Hour, -10000 * time.Hour, time.Hour} {
		before := start
		start = start.Add(jump)
		set(start)
		if _, err := io.WriteString(h.input, "alive\n"); err != nil {
			t.Fatal(err)
		}
		beat := fmt.Sprintln(start.Unix())
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if text, err := os.ReadFile(filepath.Join(dir, "lock")); err == nil && strings.HasPrefix(string(text), beat) {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("after a jump by %v from %v the heart does not beat: %q", jump, before, text)
			}
		}
		if text, code := hold(t, s, directory, owner(fmt.Sprint("other", i))).end(); code != state.HeldExit {
			t.Errorf("after a jump by %v another one ends with %d: %s", jump, code, text)
		}
		if _, held := shown(t, s, directory); held == nil || held.Quiet != 0 || held.Owner.Token != "one" {
			t.Errorf("after a jump by %v it is shown as %+v", jump, held)
		}
	}
	if out, code := h.end(); out != "" || code != 0 {
		t.Errorf("the holder ends with %d: %q", code, out)
	}
	if _, held := shown(t, s, directory); held != nil {
		t.Errorf("it is still held: %+v", held)
	}
}

// A full disk is said to be one, whatever the shell makes of it.
func TestAFullDiskIsSaidToBeOne(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.Symlink("/dev/full", filepath.Join(dir, "lock.one.1"))); err != nil {
			t.Fatal(err)
		}
		cmd := s.Command(t.Context(), state.LockScript(directory, owner("one"), ""))
		out, _ := cmd.CombinedOutput() // the status tells
		if want := "the disk that holds " + dir + " is full, or fails\n"; !strings.HasSuffix(string(out), want) || cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("it says %q with status %d", out, cmd.ProcessState.ExitCode())
		}
	})
}
