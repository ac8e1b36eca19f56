//go:build host

package remote_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/shell"
)

func TestJob(t *testing.T) {
	c := newServer(t).dial()
	state := "/home/kevin/state"
	t.Run("output and status", func(t *testing.T) {
		var lines []string
		err := c.RunJob(t.Context(), remote.Job{StateDir: state, ID: "a", Script: "echo one; echo two >&2; umask; printf three; exit 5"},
			safetext.EachLine(func(line string) { lines = append(lines, line) }))
		var ended *remote.ExitError
		if !errors.As(err, &ended) || ended.Code != 5 {
			t.Errorf("got %v", err)
		}
		if want := []string{"one", "two", "0022", "three"}; !slices.Equal(lines, want) {
			t.Errorf("got %q", lines)
		}
	})
	t.Run("the same name again", func(t *testing.T) {
		for i := range 3 {
			var lines []string
			check(t, c.RunJob(t.Context(), remote.Job{StateDir: state, ID: "a", Script: shell.Text(fmt.Sprint("echo ", i))},
				safetext.EachLine(func(line string) { lines = append(lines, line) })))
			if want := []string{fmt.Sprint(i)}; !slices.Equal(lines, want) {
				t.Errorf("got %q", lines)
			}
		}
	})
	t.Run("cancelled, found again", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		job := remote.Job{StateDir: state, ID: "b", Script: shell.Text("echo begun; until [ -e " + state + "/go ]; do sleep 0.05; done; echo ended")}
		err := c.RunJob(ctx, job, func(string) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		jobs, err := c.ListJobs(t.Context(), state, false)
		check(t, err)
		if len(jobs) != 1 || jobs[0].ID != "b" || !jobs[0].Running {
			t.Errorf("got %+v", jobs)
		}
		script(t, c, "touch "+state+"/go")
		var lines []string
		check(t, c.AttachJob(t.Context(), job, safetext.EachLine(func(line string) { lines = append(lines, line) })))
		if got := strings.Join(lines, " "); got != "begun ended" {
			t.Errorf("got %q", got)
		}
		if err := c.AttachJob(t.Context(), job, nil); !errors.Is(err, remote.ErrNoJob) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("killed", func(t *testing.T) {
		job := remote.Job{StateDir: state, ID: "c", Script: "sleep 1000 & echo $!; wait"}
		ctx, cancel := context.WithCancel(t.Context())
		var pid string
		_ = c.RunJob(ctx, job, func(line string) { pid = line; cancel() })
		check(t, c.KillJob(t.Context(), job))
		if left := script(t, c, stillThere(pid)); left != "" {
			t.Error("the job lives on")
		}
	})
	t.Run("gone", func(t *testing.T) {
		job := remote.Job{StateDir: state, ID: "d", Script: "kill -KILL 0"}
		var gone *remote.JobGoneError
		if err := c.RunJob(t.Context(), job, nil); !errors.As(err, &gone) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ended without a status", func(t *testing.T) {
		job := remote.Job{StateDir: state, ID: "full", Script: shell.Text(": >" + state + "/jobs/full/status; until [ -e " + state + "/seen ]; do sleep 0.05; done")}
		var gone *remote.JobGoneError
		if err := c.RunJob(t.Context(), job, nil); !errors.As(err, &gone) {
			t.Errorf("got %v", err)
		}
		check(t, c.KillJob(t.Context(), job))
		script(t, c, "mkdir -p "+state+"/jobs/full; : >"+state+"/jobs/full/status")
		jobs, err := c.ListJobs(t.Context(), state, false)
		check(t, err)
		if len(jobs) != 1 || !jobs[0].Gone {
			t.Errorf("got %+v", jobs)
		}
		check(t, c.KillJob(t.Context(), job))
	})
	t.Run("latency", func(t *testing.T) {
		var seen time.Time
		check(t, c.RunJob(t.Context(), remote.Job{StateDir: state, ID: "e", Script: "echo now; sleep 0.5"}, func(string) { seen = time.Now() }))
		if late := time.Since(seen); late < 300*time.Millisecond || late > 900*time.Millisecond {
			t.Errorf("the line came %v before the end, not 500ms", late)
		}
	})
	t.Run("much output", func(t *testing.T) {
		n := 0
		check(t, c.RunJob(t.Context(), remote.Job{StateDir: state, ID: "f", Script: "i=0; while [ $i -lt 100000 ]; do echo line $i; i=$((i+1)); done"},
			safetext.EachLine(func(line string) {
				if line != fmt.Sprint("line ", n) {
					t.Errorf("line %d is %q", n, line)
				}
				n++
			})))
		if n != 100000 {
			t.Errorf("%d lines", n)
		}
	})
}

// A tail that cannot end with a process, or that opens what it follows anew, is not used: a job is followed all the same.
func TestJobWithAnotherTail(t *testing.T) {
	s := newServer(t)
	s.run("mv /usr/bin/tail /usr/bin/tail.away; printf '#!/bin/sh\\necho tail of another make\\n' >/usr/bin/tail; chmod +x /usr/bin/tail")
	defer s.run("mv /usr/bin/tail.away /usr/bin/tail")
	r, through := relay(t, s, sandbox.Link{})
	var lines []string
	check(t, s.dial(through).RunJob(t.Context(), remote.Job{StateDir: "/home/kevin/other", ID: "x", Script: "echo one; sleep 0.5; echo two; sleep 0.5; printf three"},
		safetext.EachLine(func(line string) {
			if lines = append(lines, line); line == "two" {
				r.Reset()
			}
		})))
	if got := strings.Join(lines, " "); got != "one two three" {
		t.Errorf("got %q", got)
	}
}

// Whoever stops waiting for a job does not wait for it to end, nor for the process on the host that reads its output.
func TestJobIsLeftAtOnce(t *testing.T) {
	c := newServer(t).dial()
	job := remote.Job{StateDir: "/home/kevin/left", ID: "x", Script: "echo begun; sleep 30"}
	ctx, cancel := context.WithCancel(t.Context())
	var began time.Time
	_ = c.RunJob(ctx, job, func(string) {
		time.AfterFunc(300*time.Millisecond, func() { began = time.Now(); cancel() })
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("leaving took %v", took)
	}
	check(t, c.KillJob(t.Context(), job))
}

// Where setsid is missing a job outlives its session all the same.
func TestJobWithoutSetsid(t *testing.T) {
	s := newServer(t)
	s.run("mv /usr/bin/setsid /usr/bin/setsid.away")
	defer s.run("mv /usr/bin/setsid.away /usr/bin/setsid")
	r, through := relay(t, s, sandbox.Link{})
	c := s.dial(through)
	var lines []string
	check(t, c.RunJob(t.Context(), remote.Job{StateDir: "/home/kevin/plain", ID: "x", Script: "echo one; sleep 1; echo two"}, safetext.EachLine(func(line string) {
		if lines = append(lines, line); line == "one" {
			r.Reset()
		}
	})))
	if got := strings.Join(lines, " "); got != "one two" {
		t.Errorf("got %q", got)
	}
}
