//go:build host

package main

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The same commit gives the same bytes, and the package installs and runs where nothing else is: in a Debian root that has never seen the
// program.
func TestReleaseIsReproducibleAndInstalls(t *testing.T) {
	t.Chdir("../..")
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	for _, out := range []string{first, second} {
		if err := release(t.Context(), out, []string{"linux/amd64"}); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(first, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(second, "SHA256SUMS")); err != nil || !bytes.Equal(sums, again) || bytes.Count(sums, []byte("\n")) != 4 {
		t.Errorf("two builds differ, or lack something: %v\n%s\n%s", err, sums, again)
	}
	debs, err := filepath.Glob(first + "/*.deb")
	if err != nil || len(debs) != 1 {
		t.Fatalf("the packages for Debian are %v, %v", debs, err)
	}
	root := t.TempDir()
	run(t, "mmdebstrap", "--quiet", "--mode=root", "--variant=essential", `--aptopt=Acquire::Check-Valid-Until "false"`, `--aptopt=Acquire::Retries "3"`,
		"--dpkgopt=force-unsafe-io", "bookworm", root, cmp.Or(os.Getenv("PROVISION_SANDBOX_MIRROR"), "http://deb.debian.org/debian"))
	run(t, "cp", debs[0], filepath.Join(root, "provision.deb"))
	run(t, "chroot", root, "dpkg", "--install", "/provision.deb")
	if out := run(t, "chroot", root, "provision", "version"); !bytes.HasPrefix(out, []byte("provision ")) {
		t.Errorf("it says %s", out)
	}
	for _, file := range []string{"/usr/share/man/man1/provision-plan.1", "/usr/share/bash-completion/completions/provision"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		}
	}
}

func run(t *testing.T, argv ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return out
}
