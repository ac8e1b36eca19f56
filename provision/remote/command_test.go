//go:build unix

package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/shell/shelltest"
)

// longScript runs cat behind more text than a pipe holds, so that it arrives in pieces, with every byte that a script can have.
func longScript() shell.Text {
	var odd []byte
	for c := 1; c < 256; c++ {
		odd = append(odd, byte(c))
	}
	return shell.Text(": " + shell.Quote(strings.Repeat(string(odd)+"\n", 300)) + "\ncat")
}

// TestLongScriptLeavesItsInput: a script that travels on standard input takes no byte of what follows.
func TestLongScriptLeavesItsInput(t *testing.T) {
	line, input := commandLine(longScript(), "NONCE", false)
	if len(line) > inlineLimit || input == "" {
		t.Fatalf("the command line has %d bytes, the input %d", len(line), len(input))
	}
	const follows = "what follows\n"
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for tools, s := range map[string]shelltest.Shell{"dd as it is": s, "a dd without fullblock": s.With(plainDD(t))} {
			if got := runLine(t, s, line, input+follows); got != follows {
				t.Errorf("%s: the script read %q", tools, got)
			}
		}
	})
}

// TestCutScriptIsNotRun: of a script whose end does not arrive, nothing is run.
func TestCutScriptIsNotRun(t *testing.T) {
	line, input := commandLine("echo begun\n"+longScript(), "NONCE", false)
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for _, n := range []int{0, len("echo begun\n"), len(input) - 1} {
			if got := runLine(t, s, line, input[:n]); got != "" {
				t.Errorf("after %d of %d bytes the script printed %q", n, len(input), got)
			}
		}
	})
}

// TestLongScriptIsNoProgram: a shell that takes the place of the command line, and reads what was meant for it, runs none of it.
func TestLongScriptIsNoProgram(t *testing.T) {
	_, input := commandLine("echo begun\n"+longScript(), "NONCE", false)
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		if out, err := s.Command(t.Context(), shell.Text(input)).CombinedOutput(); err == nil || strings.Contains(string(out), "begun") {
			t.Errorf("it ends with %v and prints %q", err, out)
		}
	})
}

// plainDD is a folder with a dd that knows nothing beyond POSIX.
func plainDD(t *testing.T) string {
	t.Helper()
	dd, err := exec.LookPath("dd")
	if err != nil {
		t.Fatal(err)
	}
	folder := shelltest.Folder(t)
	text := "#!/bin/sh\ncase $* in *iflag*) exit 1 ;; esac\nexec " + shell.Quote(dd) + ` "$@"`
	if err := os.WriteFile(filepath.Join(folder, "dd"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// runLine has a shell run a command line as a login shell would, and returns what it prints.
func runLine(t *testing.T, s shelltest.Shell, line, input string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := s.Command(ctx, shell.Text(strings.Replace(line, "exec /bin/sh", `exec "$0"`, 1)))
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
