package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kehuo/provision/provision/sandbox"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"provision": main}) }

// TestWithoutHost drives the program where it must end before it reaches any host.
func TestWithoutHost(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "usage"),
		Setup: home,
		Cmds:  commands(nil),
	})
}

// home keeps the program away from what belongs to whoever runs the tests.
func home(env *testscript.Env) error {
	dir := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", dir)
	env.Setenv("XDG_CACHE_HOME", filepath.Join(dir, ".cache"))
	env.Setenv("LC_ALL", "C")
	env.Setenv("SSH_AUTH_SOCK", "")
	env.Setenv("GORACE", os.Getenv("GORACE"))
	return os.MkdirAll(filepath.Join(dir, ".ssh"), 0o700)
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

func commands(host *sandbox.Host) map[string]command {
	return map[string]command{
		"exits":  exits,
		"events": events,
		"onhost": func(ts *testscript.TestScript, neg bool, args []string) { onHost(ts, host, neg, args) },
		"append": func(ts *testscript.TestScript, _ bool, args []string) {
			text := ts.ReadFile(args[0]) + strings.Join(args[1:], " ") + "\n"
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
		},
		"replace": func(ts *testscript.TestScript, _ bool, args []string) {
			text := ts.ReadFile(args[0])
			if !strings.Contains(text, args[1]) {
				ts.Fatalf("%s has no %q", args[0], args[1])
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
		},
	}
}

// exits runs a command and holds its exit status against the first argument.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// events holds standard output against the contract: one object a line, each with time and type, the last of the type given.
func events(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	for i, line := range lines {
		var event struct{ Time, Type string }
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Time == "" || event.Type == "" {
			ts.Fatalf("line %d is no event (%v): %s", i+1, err, line)
		}
		if last := i == len(lines)-1; last != (event.Type == args[0]) {
			ts.Fatalf("line %d of %d is of type %s", i+1, len(lines), event.Type)
		}
	}
}

// onHost runs a script as root on the host, past SSH. Its output is for stdout and stderr.
func onHost(ts *testscript.TestScript, host *sandbox.Host, neg bool, args []string) {
	err := ts.Exec("docker", "exec", host.Container, "sh", "-c", strings.Join(args, " "))
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
}
