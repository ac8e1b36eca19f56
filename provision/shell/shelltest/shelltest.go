//go:build unix

// Package shelltest has tests run scripts in each shell that hosts have.
package shelltest

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kehuo/provision/provision/shell"
)

// Shell is one of them, with the tools that come with it.
type Shell struct {
	argv []string
	path string
	uid  int
}

// Each runs a test with every shell: the machine's own, with GNU's tools; BusyBox with its own; and bash, where there is one.
func Each(t *testing.T, test func(t *testing.T, s Shell)) {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("the tests need busybox, which stands for small hosts: apt-get install busybox-static")
	}
	tools := Folder(t)
	if out, err := exec.CommandContext(t.Context(), busybox, "--install", "-s", tools).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	shells := map[string]Shell{"sh": Sh(), "busybox": {argv: []string{filepath.Join(tools, "sh")}, path: tools}}
	if bash, err := exec.LookPath("bash"); err == nil {
		shells["bash"] = Shell{argv: []string{bash, "--posix"}, path: Sh().path}
	}
	for name, s := range shells {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// Sh is the machine's own shell, with its tools.
func Sh() Shell { return Shell{argv: []string{"/bin/sh"}, path: os.Getenv("PATH")} }

// Folder is a temporary folder that other users may look into.
func Folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "shelltest")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// As is the shell of another user, without groups beside that of the same number.
func (s Shell) As(uid int) Shell {
	s.uid = uid
	return s
}

// With is the shell that finds the commands of a folder first.
func (s Shell) With(folder string) Shell {
	s.path = folder + ":" + s.path
	return s
}

// Only is the shell that finds no other commands than those of a folder.
func (s Shell) Only(folder string) Shell {
	s.path = folder
	return s
}

// Command is a script to be run, from the root folder and with nothing in its environment but the path.
func (s Shell) Command(ctx context.Context, text shell.Text) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.argv[0], append(s.argv[1:len(s.argv):len(s.argv)], "-c", string(text))...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=" + s.path, "LC_ALL=C"}
	if s.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(s.uid), Gid: uint32(s.uid)}}
	}
	return cmd
}

// Run runs a script that must succeed, and returns what it printed.
func (s Shell) Run(t *testing.T, text shell.Text) string {
	t.Helper()
	cmd := s.Command(t.Context(), text)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the script ended with %v: %s\n%s", err, &stderr, text)
	}
	return string(out)
}

// Parse has every shell read the .sh files of a folder and those below it.
func Parse(t *testing.T, root fs.FS) {
	t.Helper()
	scripts := map[string]string{}
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".sh") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		scripts[path] = string(text)
		return err
	})
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	Each(t, func(t *testing.T, s Shell) {
		for path, text := range scripts {
			if out, err := s.Command(t.Context(), shell.Text("set -n\n"+text)).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v: %s", path, err, out)
			}
		}
	})
}
