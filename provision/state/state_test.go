package state_test

import (
	"bufio"
	"bytes"
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

	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

func owner(token string) state.Owner {
	return state.Owner{Token: token, Session: 1, Who: "kevin@" + token, Purpose: "provision --yes", Since: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)}
}

// holder is a lock script that runs under the machine's own /bin/sh.
type holder struct {
	t      *testing.T
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
}

func hold(t *testing.T, dir string, o state.Owner) *holder {
	t.Helper()
	h := &holder{t: t, cmd: exec.CommandContext(t.Context(), "/bin/sh", "-c", state.LockScript(dir, o, shell.Quote))}
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

func sh(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	return string(out)
}

func shown(t *testing.T, dir string) (int, *state.Held) {
	t.Helper()
	return state.ParseShown(sh(t, state.ShowLockScript(dir, shell.Quote)))
}

func stateDir(t *testing.T) string {
	return filepath.Join(t.TempDir(), "it's home", ".myweb.provision")
}

func TestLockIsTakenShownAndGivenBack(t *testing.T) {
	dir := stateDir(t)
	if turn, held := shown(t, dir); turn != 0 || held != nil {
		t.Errorf("an empty host shows turn %d, %+v", turn, held)
	}
	h := hold(t, dir, owner("one"))
	if turn, ok := state.ParseLocked(h.line()); !ok || turn != 1 {
		t.Fatalf("the first lock has number %d, %v", turn, ok)
	}
	turn, held := shown(t, dir)
	if turn != 1 || held == nil || held.Owner.Who != "kevin@one" || held.Stale() || !strings.Contains(held.Error(), "kevin@one") {
		t.Errorf("it shows turn %d, %+v", turn, held)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info, err)
	}

	second := hold(t, dir, owner("two"))
	text, code := second.end()
	if code != state.LockExit {
		t.Errorf("a second taker ended with %d: %s", code, text)
	}
	if by := state.ParseLock(text); by == nil || by.Owner.Who != "kevin@one" {
		t.Errorf("a second taker is told of %+v by %q", by, text)
	}

	if rest, code := h.end(); code != 0 || rest != "" {
		t.Errorf("the holder ended with %d: %q", code, rest)
	}
	if turn, held := shown(t, dir); turn != 1 || held != nil {
		t.Errorf("after the end it shows turn %d, %+v", turn, held)
	}
	third := hold(t, dir, owner("two"))
	if turn, ok := state.ParseLocked(third.line()); !ok || turn != 2 {
		t.Errorf("the second lock has number %d, %v", turn, ok)
	}
	third.end()
	left, err := filepath.Glob(filepath.Join(dir, "lock*"))
	if err != nil || len(left) != 0 {
		t.Errorf("%v is left behind", left)
	}
}

func TestHeartbeatIsWritten(t *testing.T) {
	dir := stateDir(t)
	h := hold(t, dir, owner("one"))
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
	if _, held := shown(t, dir); held == nil || !held.Stale() {
		t.Fatalf("a lock of 1970 is %+v", held)
	}
	if _, err := io.WriteString(h.input, "alive\n"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for { // the script writes when it has read the line
		if _, held := shown(t, dir); held != nil && !held.Stale() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the heartbeat is not written")
		}
	}
	h.end()
}

func TestALockLeftBehindIsTakenOver(t *testing.T) {
	for name, content := range map[string]string{
		"silent for long":      "1000\n" + `{"token":"old","session":1,"who":"x"}` + "\n",
		"cut by a power loss":  "",
		"half a heartbeat":     "17",
		"not a time at all":    "abc\n{}\n",
		"a time with no owner": "1000\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "lock"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, held := shown(t, dir); content != "" && (held == nil || !held.Stale()) {
				t.Errorf("it is shown as %+v", held)
			}
			h := hold(t, dir, owner("new"))
			if line := h.line(); !strings.HasPrefix(line, "locked ") {
				t.Errorf("the taker is told %q", line)
			}
			h.end()
		})
	}
}

func TestAHolderThatLostItsLockEnds(t *testing.T) {
	dir := stateDir(t)
	h := hold(t, dir, owner("one"))
	h.line()
	sh(t, state.UnlockScript(dir, shell.Quote))
	thief := hold(t, dir, owner("two"))
	if line := thief.line(); !strings.HasPrefix(line, "locked ") {
		t.Fatalf("an unlocked lock cannot be taken: %q", line)
	}
	if _, err := io.WriteString(h.input, "alive\n"); err != nil {
		t.Fatal(err)
	}
	if _, code := h.end(); code != state.LostExit {
		t.Errorf("the robbed holder ended with %d, want %d", code, state.LostExit)
	}
	if _, held := shown(t, dir); held == nil || held.Owner.Token != "two" {
		t.Errorf("the robbed holder took the lock along: %+v", held)
	}
	thief.end()
}

func TestOfManyTakersOneGetsTheLock(t *testing.T) {
	dir := stateDir(t)
	const takers = 8
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		won  []*holder
		lost int
	)
	for i := range takers {
		h := hold(t, dir, owner(fmt.Sprint("t", i)))
		wg.Go(func() {
			line := h.line()
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(line, "locked ") {
				won = append(won, h)
				return
			}
			if _, code := h.end(); code == state.LockExit {
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
}

func TestHistory(t *testing.T) {
	dir := stateDir(t)
	if records := state.ParseHistory([]byte(sh(t, state.ShowHistoryScript(dir, shell.Quote)))); len(records) != 0 {
		t.Errorf("a new host has the history %v", records)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	record := state.Record{Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Who: `o'brien@"x"`, Command: "provision --yes", Outcome: "line\nbreak $HOME %s", Changed: 4, DurationMS: 1500}
	sh(t, state.AppendHistoryScript(dir, record, shell.Quote))
	file := filepath.Join(dir, "history")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(content, []byte("{\"time\":\"20\n")...), 0o600); err != nil { // a full disk
		t.Fatal(err)
	}
	record.Who = "second"
	sh(t, state.AppendHistoryScript(dir, record, shell.Quote))
	records := state.ParseHistory([]byte(sh(t, state.ShowHistoryScript(dir, shell.Quote))))
	if len(records) != 2 || records[0].Who != `o'brien@"x"` || records[0].Outcome != record.Outcome || records[1].Who != "second" || !records[1].Time.Equal(record.Time) {
		t.Errorf("the history is %+v", records)
	}

	line := bytes.SplitAfter(content, []byte("\n"))[0]
	if err := os.WriteFile(file, bytes.Repeat(line, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	record.Who = "last"
	sh(t, state.AppendHistoryScript(dir, record, shell.Quote))
	records = state.ParseHistory([]byte(sh(t, state.ShowHistoryScript(dir, shell.Quote))))
	if len(records) != 500 || records[499].Who != "last" {
		t.Errorf("a long history is cut to %d records, the last one of %s", len(records), records[len(records)-1].Who)
	}
}

func TestReleasesAreKept(t *testing.T) {
	dir := stateDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sh(t, state.SaveReleaseScript(dir, "0123456789ab", map[string]string{"image": "it's"}, shell.Quote))
	if got := sh(t, state.ShowReleaseScript(dir, "0123456789ab", shell.Quote)); got != "{\"image\":\"it's\"}\n" {
		t.Errorf("kept %q", got)
	}
}

// TestForget has the folder go with the lock: what is in it belongs to the run until then, and whoever comes next starts anew.
func TestForget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here", ".myweb.provision")
	first := hold(t, dir, state.Owner{Token: "FIRST", Session: 1})
	if line := first.line(); line != "locked 1" {
		t.Fatalf("the lock command said %q", line)
	}
	if _, err := io.WriteString(first.input, state.ForgetLine); err != nil {
		t.Fatal(err)
	}
	if out, code := first.end(); out != "" || code != 0 {
		t.Errorf("ended with status %d: %s", code, out)
	}
	if left := sh(t, "ls -A "+shell.Quote(filepath.Dir(dir))); left != "" {
		t.Errorf("%q is left", left)
	}
	next := hold(t, dir, state.Owner{Token: "NEXT", Session: 1})
	if line := next.line(); line != "locked 1" {
		t.Errorf("the next one was told %q", line)
	}
	next.end()
}
