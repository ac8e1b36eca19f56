package remote

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kehuo/provision/provision/shell"
)

// sh runs a script on this machine until its input is closed.
func sh(t *testing.T, text shell.Text, stdout, stderr io.Writer) (input io.WriteCloser, wait func()) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", string(text))
	cmd.Stdout, cmd.Stderr = stdout, stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return input, func() { _ = input.Close(); _ = cmd.Wait() }
}

// Where process 1 does not reap, the runner of a job that has ended stays a zombie: here this test is its parent and does not
// wait for it. The job counts as ended all the same, whether it left a status or not.
func TestJobWhoseRunnerIsAZombie(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	for word, end := range map[string]func(pid int, dir string) error{
		"ended": func(_ int, dir string) error { return os.WriteFile(dir+"/go", nil, 0o600) },
		"gone":  func(pid int, _ string) error { return unix.Kill(-pid, unix.SIGKILL) },
	} {
		t.Run(word, func(t *testing.T) {
			dir := t.TempDir()
			job := Job{StateDir: dir, ID: "x", Script: shell.Text("until [ -e '" + dir + "/go' ]; do sleep 0.05; done; echo whole; exit 7")}
			_, leave := sh(t, job.followScript("N", 0, true), io.Discard, io.Discard)
			pid, start := 0, ""
			for deadline := time.Now().Add(5 * time.Second); pid == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				text, _ := os.ReadFile(filepath.Join(job.folder(), "pid"))
				_, _ = fmt.Sscan(string(text), &pid, &start)
			}
			leave()
			if pid == 0 {
				t.Fatal("the job does not start")
			}
			defer func() { _, _ = unix.Wait4(pid, nil, 0, nil) }()
			f := newFollower("N", func(string) {})
			input, wait := sh(t, job.followScript("N", 0, false), (*followedOutput)(f), (*followedControl)(f))
			defer wait()
			time.Sleep(200 * time.Millisecond) // tail follows
			if err := end(pid, dir); err != nil {
				t.Fatal(err)
			}
			select {
			case <-f.ended:
			case <-time.After(10 * time.Second):
				t.Fatal("the job is followed for ever")
			}
			if state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); !strings.Contains(string(state), ") Z ") {
				t.Errorf("the runner is no zombie: %s", state)
			}
			if got, _ := f.end(); got.word != word || word == "ended" && (got.status != 7 || f.read != int64(len("whole\n"))) {
				t.Errorf("got %+v after %d bytes", got, f.read)
			}
			var list strings.Builder
			_, listed := sh(t, script("job_tools.sh", "job_list.sh").With(dir+"/jobs"), &list, io.Discard)
			listed()
			if !strings.HasPrefix(list.String(), "x "+word) {
				t.Errorf("it is listed as %q", list.String())
			}
			if _, err := io.WriteString(input, "done\n"); err != nil {
				t.Error(err)
			}
		})
	}
}
