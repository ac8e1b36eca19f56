package transfer

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// files is a tree to write: path -> content. A path that ends in a slash is a folder, content "-> x" a link to x, and
// content that begins with "#!" makes the file executable.
type files map[string]string

func (f files) write(t *testing.T, root string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		content := f[name]
		local := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(local), 0o755))
		target, link := strings.CutPrefix(content, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(local, 0o755))
		case link:
			must(t, os.RemoveAll(local))
			must(t, os.Symlink(target, local))
		default:
			mode := fs.FileMode(0o644)
			if strings.HasPrefix(content, "#!") {
				mode = 0o755
			}
			must(t, os.WriteFile(local, []byte(content), mode))
			must(t, os.Chmod(local, mode))
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scan scans without a cache.
func scan(t *testing.T, root string, change ...func(*ScanOptions)) *Manifest {
	t.Helper()
	o := ScanOptions{Root: root, Cache: noCache}
	for _, c := range change {
		c(&o)
	}
	m, err := Scan(t.Context(), o)
	must(t, err)
	return m
}

func paths(m *Manifest) []string {
	var names []string
	for _, e := range m.Entries {
		names = append(names, e.Path)
	}
	return names
}

// shells are those that hosts have: each a way to run a script, with the tools that come with it.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("the tests need busybox, which stands for small hosts: apt-get install busybox-static")
	}
	tools := t.TempDir()
	must(t, exec.Command(busybox, "--install", "-s", tools).Run())
	return map[string][]string{
		"gnu":     {"/bin/sh"},
		"bash":    {"/bin/bash", "--posix"},
		"busybox": {"/usr/bin/env", "PATH=" + tools, filepath.Join(tools, "sh")},
	}
}

func runShell(t *testing.T, shell []string, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", script)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the script failed: %v\n%s", err, &stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("the script wrote to stderr: %s", &stderr)
	}
	return string(out)
}

// listHost runs the host's script against a folder here.
func listHost(t *testing.T, shell []string, directory, state string, m *Manifest) *Listing {
	t.Helper()
	l, err := ParseHost(strings.NewReader(runShell(t, shell, HostScript(directory, state, m))))
	must(t, err)
	return l
}
