package transfer

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
	"github.com/kehuo/provision/provision/tree/treetest"
)

type files = treetest.Files

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scan scans without a cache.
func scan(t *testing.T, root string, change ...func(*tree.Options)) *tree.Manifest {
	t.Helper()
	o := tree.Options{Root: root, Cache: "none"}
	for _, c := range change {
		c(&o)
	}
	m, err := tree.Scan(t.Context(), o)
	must(t, err)
	return m
}

func paths(m *tree.Manifest) []string {
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

func runShell(t *testing.T, interpreter []string, script shell.Text) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), interpreter[0], append(interpreter[1:], "-c", string(script))...)
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
func listHost(t *testing.T, interpreter []string, directory, state string, m *tree.Manifest, how Reading) *Listing {
	t.Helper()
	l, err := ParseHost(strings.NewReader(runShell(t, interpreter, HostScript(directory, state, m, how))))
	must(t, err)
	return l
}
