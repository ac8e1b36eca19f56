package sandbox

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFinishRemovesLinks: Debian's packages leave absolute links, which lead nowhere on a machine that lacks those packages.
func TestFinishRemovesLinks(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "etc/nginx/sites-enabled")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"default": "/nowhere/on/this/machine", "other": "/nowhere/else"} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := recipe{remove: []string{"etc/nginx/sites-enabled/default", "not/there/*"}}
	if err := r.finish(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(folder, "default")); !os.IsNotExist(err) {
		t.Errorf("the link is still there: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(folder, "other")); err != nil {
		t.Errorf("a link that no pattern names is gone: %v", err)
	}
}

// A recipe that removes nothing of its own must not write into the list that all recipes share.
func TestRecipesDoNotShareWhatTheyRemove(t *testing.T) {
	before := unneeded
	_ = recipe{}.dockerfile("debian")
	if unneeded != before {
		t.Errorf("what is not needed has become %q", unneeded)
	}
}
