package tree

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCopy: what is built here is what a host gets: the same paths, modes and times, and nothing that is ignored.
func TestCopy(t *testing.T) {
	root, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	for name, mode := range map[string]os.FileMode{"start.sh": 0o777, "page": 0o664, "closed/key": 0o600, "ignored": 0o644} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, ".provisionignore"), []byte("ignored\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("page", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	options := Options{Root: root, Upload: []string{"."}, Cache: "none"}
	m, err := Scan(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := Copy(t.Context(), root, to, m); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(to, "ignored")); err == nil {
		t.Error("what is ignored was copied")
	}
	options.Root = to
	again, err := Scan(t.Context(), options)
	if err != nil || again.Digest() != m.Digest() || len(again.Entries) != len(m.Entries) {
		t.Fatalf("the copy has %d entries of %d and the digest %s, want %s, %v", len(again.Entries), len(m.Entries), again.Digest(), m.Digest(), err)
	}
	for i, e := range again.Entries {
		if e.Kind == File && !e.ModTime.Equal(m.Entries[i].ModTime) {
			t.Errorf("%s is of %s, want %s", e.Path, e.ModTime, m.Entries[i].ModTime)
		}
	}
}
