package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

// here is this machine as a host: what is run there is run by a shell here, until the link is cut.
type here struct {
	shell shelltest.Shell

	mu        sync.Mutex
	cut       context.CancelFunc // the link of the command that ran last
	recovered int
	between   func() // what happens while the link is cut
}

func (h *here) Name() string  { return "cloud" }
func (h *here) User() string  { return "kevin" }
func (h *here) Sessions() int { return 2 }

func (h *here) Run(ctx context.Context, cmd remote.Command) error {
	link, cut := context.WithCancel(ctx)
	defer cut()
	h.mu.Lock()
	h.cut = cut
	h.mu.Unlock()
	c := h.shell.Command(ctx, cmd.Script)
	input, err := c.StdinPipe()
	if err != nil {
		return err
	}
	var stderr bytes.Buffer
	c.Stdout, c.Stderr = cmd.Stdout, &stderr
	if err := c.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(link, func() { _ = c.Process.Kill() }) // as a host that lost its power: nothing is given back
	go func() {
		if cmd.Stdin != nil {
			_, _ = io.Copy(input, cmd.Stdin)
		}
		_ = input.Close()
	}()
	err = c.Wait()
	var exit *exec.ExitError
	switch {
	case !stop():
		return &remote.LostError{Failure: provision.Fail("remote.lost")}
	case errors.As(err, &exit):
		return &remote.ExitError{Code: exit.ExitCode(), Stderr: stderr.String()}
	}
	return err
}

func (h *here) output(ctx context.Context, text shell.Text) ([]byte, error) {
	var out bytes.Buffer
	err := h.Run(ctx, remote.Command{Script: text, Stdout: &out})
	return out.Bytes(), err
}

func (h *here) Recover(context.Context, *remote.RetryBudget, error) error {
	h.recovered++
	if h.between != nil {
		h.between()
	}
	return nil
}

func (h *here) loseLink() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut()
}

func claim(directory string) state.Claim {
	return state.Claim{Directory: directory, Who: "kevin@here", Purpose: "a test", Waiting: func(state.Held) {}}
}

func take(t *testing.T, h state.Host, directory string) *state.Lock {
	t.Helper()
	lock, err := state.Take(t.Context(), h, claim(directory))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestALockIsTakenAgainOverANewLink(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, _ := newSite(t)
		h := &here{shell: s}
		lock := take(t, h, directory)
		h.loseLink()
		deadline := time.Now().Add(10 * time.Second)
		for held := (*state.Held)(nil); held == nil || held.Owner.Session != 2; _, held = shown(t, s, directory) {
			if time.Now().After(deadline) {
				t.Fatalf("the lock is %+v", held)
			}
		}
		if err := lock.Await(t.Context()); err != nil || lock.Turn() != 1 {
			t.Errorf("turn %d: %v", lock.Turn(), err)
		}
		if err := lock.Release(t.Context(), state.Record{Who: "kevin", Outcome: "ok"}); err != nil {
			t.Error(err)
		}
		turn, held := shown(t, s, directory)
		if records := state.ParseHistory([]byte(s.Run(t, state.History(directory)))); turn != 1 || held != nil || len(records) != 1 || records[0].Outcome != "ok" {
			t.Errorf("turn %d, held %+v, history %+v", turn, held, records)
		}
	})
}

func TestALockThatAnotherRunTookMeanwhile(t *testing.T) {
	s := shelltest.Sh()
	directory, dir := newSite(t)
	h := &here{shell: s, between: func() {
		write(t, filepath.Join(dir, "lock"), fmt.Sprintf("%d\n%s\n", time.Now().Unix(), `{"token":"X","session":1,"who":"mallory@there","purpose":"theft"}`))
	}}
	lock := take(t, h, directory)
	h.loseLink()
	deadline, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var err error
	for err == nil && deadline.Err() == nil {
		err = lock.Await(deadline)
	}
	if provision.CodeOf(err) != "fail.lock-lost" || provision.ExitCode(err) != provision.ExitLocked || !strings.Contains(err.Error(), "mallory@there") {
		t.Errorf("it says %v", err)
	}
	if err := lock.Release(t.Context(), state.Record{Outcome: "lost"}); err != nil {
		t.Error(err)
	}
	lock.Wait()
	if _, held := shown(t, s, directory); held == nil || held.Owner.Who != "mallory@there" {
		t.Errorf("the lock is %+v", held)
	}
	if records := state.ParseHistory([]byte(s.Run(t, state.History(directory)))); len(records) != 1 || records[0].Outcome != "lost" {
		t.Errorf("the history is %+v", records)
	}
}

func TestALockThatWasRemoved(t *testing.T) {
	h := &here{shell: shelltest.Sh()}
	directory, dir := newSite(t)
	lock := take(t, h, directory)
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	deadline, cancel := context.WithTimeout(t.Context(), 3*state.Heartbeat)
	defer cancel()
	var err error
	for err == nil {
		err = lock.Await(deadline)
		time.Sleep(10 * time.Millisecond)
	}
	if provision.CodeOf(err) != "fail.lock-gone" {
		t.Errorf("it says %v", err)
	}
	if err := lock.Release(t.Context(), state.Record{}); err != nil {
		t.Error(err)
	}
}

// scripted is a host whose lock somebody else has: answer is what it prints, by how long the lock was waited for and by what was seen.
type scripted struct {
	since  time.Time
	answer func(waited time.Duration, script string) (text string, exit int)
	losses int
}

func (scripted) Name() string  { return "cloud" }
func (scripted) User() string  { return "kevin" }
func (scripted) Sessions() int { return 10 }
func (s *scripted) Recover(context.Context, *remote.RetryBudget, error) error {
	return nil
}

func (s *scripted) Run(_ context.Context, cmd remote.Command) error {
	if s.losses > 0 {
		s.losses--
		return &remote.LostError{Failure: provision.Fail("remote.lost")}
	}
	text, exit := s.answer(time.Since(s.since), string(cmd.Script))
	_, _ = io.WriteString(cmd.Stdout, text)
	if exit == 0 {
		_, _ = io.Copy(io.Discard, cmd.Stdin)
		return nil
	}
	return &remote.ExitError{Code: exit}
}

func TestTake(t *testing.T) {
	lockOf := func(now, beat int64, token string) string {
		return fmt.Sprintf("%d\n%d\n{\"token\":%q,\"session\":1,\"who\":\"other@there\",\"purpose\":\"a run\",\"since\":\"2026-03-01T09:30:00Z\"}\n", now, beat, token)
	}
	ahead := int64(7200)
	for _, c := range []struct {
		name   string
		answer func(waited time.Duration, script string) (string, int)
		losses int
		code   string
		exit   int
		wait   time.Duration
		after  time.Duration // at least, and at most a second more, or a heartbeat where it is waited for
	}{
		{name: "free", answer: func(time.Duration, string) (string, int) { return "locked 7\n", 0 }},
		{name: "free, over a bad link", losses: 3, answer: func(time.Duration, string) (string, int) { return "locked 7\n", 0 }},
		{name: "its heart beats", code: "fail.locked", exit: provision.ExitLocked, after: 3 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				return lockOf(1000, 1000+int64(waited.Seconds())/3*3, "X"), state.HeldExit
			}},
		{name: "its heart beats ahead of the host's clock", code: "fail.locked", exit: provision.ExitLocked, after: 3 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				return lockOf(1000, 1000+ahead+int64(waited.Seconds())/3*3, "X"), state.HeldExit
			}},
		{name: "its clock was set back while it lives", code: "fail.locked", exit: provision.ExitLocked, after: 3 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				return lockOf(1000, 1000-int64(waited.Seconds())/3*3600, "X"), state.HeldExit
			}},
		{name: "another run after it", code: "fail.locked", exit: provision.ExitLocked, after: 2 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				return lockOf(1000, 1000, map[bool]string{true: "X", false: "Y"}[waited < 2*time.Second]), state.HeldExit
			}},
		{name: "its heart beats, and it is waited for", wait: time.Minute, after: 30 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				if waited >= 30*time.Second {
					return "locked 8\n", 0
				}
				return lockOf(1000, 1000+int64(waited.Seconds())/3*3, "X"), state.HeldExit
			}},
		{name: "it is waited for in vain", wait: 10 * time.Second, code: "fail.locked", exit: provision.ExitLocked, after: 10 * time.Second,
			answer: func(waited time.Duration, _ string) (string, int) {
				return lockOf(1000, 1000+int64(waited.Seconds())/3*3, "X"), state.HeldExit
			}},
		{name: "it ends without a word while it is waited for", wait: time.Hour, after: 9*time.Second + state.Expiry,
			answer: func(waited time.Duration, script string) (string, int) {
				text := lockOf(1000, 1000+min(int64(waited.Seconds())/3*3, 9), "X")
				if _, lock, _ := strings.Cut(strings.TrimSpace(text), "\n"); strings.Contains(script, shell.Quote(lock)) {
					return "locked 2\n", 0
				}
				return text, state.HeldExit
			}},
		{name: "two hours ahead and still", after: state.Expiry,
			answer: func(_ time.Duration, script string) (string, int) {
				text := lockOf(1000, 1000+ahead, "X")
				if _, lock, _ := strings.Cut(strings.TrimSpace(text), "\n"); strings.Contains(script, shell.Quote(lock)) {
					return "locked 2\n", 0
				}
				return text, state.HeldExit
			}},
		{name: "given back at this moment", code: "fail.lock-race", exit: provision.ExitLocked,
			answer: func(time.Duration, string) (string, int) { return "1000\n", state.HeldExit }},
		{name: "a folder in its place", code: "fail.lock-odd", exit: provision.ExitLocked,
			answer: func(time.Duration, string) (string, int) { return "", state.OddExit }},
		{name: "the disk is full", code: "fail.lock", exit: provision.ExitFailed,
			answer: func(time.Duration, string) (string, int) { return "", 1 }},
		{name: "somebody else's folder", code: "directory.unsafe", exit: provision.ExitFailed,
			answer: func(time.Duration, string) (string, int) {
				return "1000\ndrwxrwxrwx 2 0 0 4096 Nov 30 15:29 /srv\n", state.UnsafeExit
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := &scripted{since: time.Now(), answer: c.answer, losses: c.losses}
				waiting := 0
				lock, err := state.Take(t.Context(), host, state.Claim{Directory: "/d/web", Wait: c.wait, Waiting: func(h state.Held) {
					if waiting++; h.Quiet < 0 {
						t.Errorf("the holder was heard of in %v", h.Quiet)
					}
				}})
				if waited := time.Since(host.since); waited < c.after || waited > c.after+time.Second && (c.wait == 0 || waited > c.after+2*state.Heartbeat) {
					t.Errorf("it took %v", waited)
				}
				if provision.CodeOf(err) != c.code || provision.ExitCode(err) != c.exit || waiting > 1 {
					t.Errorf("it says %v, status %d, and %d times that it waits", err, provision.ExitCode(err), waiting)
				}
				if lock != nil {
					if err := lock.Release(t.Context(), state.Record{}); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestALockThatNobodyWaitsForAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		host := &scripted{answer: func(time.Duration, string) (string, int) { return "1\n9\n{\"token\":\"X\"}\n", state.HeldExit }}
		if _, err := state.Take(ctx, host, claim("/d/web")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it says %v", err)
		}
	})
}
