package site

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestApply(t *testing.T) {
	root := folder(t, map[string]string{"Dockerfile": from + "\n" + copyConf + "\n"})
	report := examine(t, root, tutorialSite())
	if len(report.Edits()) != 1 {
		t.Fatalf("edits: %+v", report.Edits())
	}
	edit := report.Edits()[0]
	dir := t.TempDir()
	name := filepath.Join(dir, "Dockerfile")
	real := filepath.Join(dir, "Dockerfile.real")
	if err := os.WriteFile(real, root["Dockerfile"].Data, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("Dockerfile.real", name); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing left to do
		if err := Apply(dir, edit); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(real)
	if err != nil || string(got) != string(edit.Content) {
		t.Errorf("the file is %q, %v", got, err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode changed: %v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := os.WriteFile(real, []byte("FROM other\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Apply(dir, edit); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that changed meanwhile: %v", err)
	}
}
