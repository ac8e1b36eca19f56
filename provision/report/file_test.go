package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
)

// A log or report that everybody could read before must not stay so: what is written to it now has names in it.
func TestFileThatWasThereBecomesPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(path, []byte("an older one"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, filepath.Join(t.TempDir(), "new"), os.DevNull} {
		before, _ := os.Stat(os.DevNull)
		file, err := report.CreateFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil || info.Mode().IsRegular() && (info.Mode().Perm() != 0o600 || info.Size() != 0) {
			t.Errorf("%s: %v of %d bytes, %v", name, info.Mode(), info.Size(), err)
		}
		if after, _ := os.Stat(os.DevNull); after.Mode() != before.Mode() {
			t.Errorf("the mode of %s became %v", os.DevNull, after.Mode())
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The inventory and other files that are needed stay, whatever they are called, and nothing goes through a stranger's link.
func TestNeededFilesAndStrangeLinksAreNotWritten(t *testing.T) {
	dir := t.TempDir()
	inventory := filepath.Join(dir, "inventory.yaml")
	if err := os.WriteFile(inventory, []byte("site: {}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"own": inventory, "elsewhere": filepath.Join(dir, "new.log"), "strange": filepath.Join(dir, "strange.log")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(inventory, filepath.Join(dir, "hard")); err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{
		"inventory.yaml": "report.file-needed", "own": "report.file-needed", "hard": "report.file-needed", "strange": "report.strange-link", "elsewhere": "", "plain": "",
	}
	if os.Lchown(filepath.Join(dir, "strange"), 4711, 4711) != nil { // only root can make a link that is somebody else's
		delete(codes, "strange")
	}
	for name, code := range codes {
		file, err := report.CreateFile(filepath.Join(dir, name), inventory)
		if provision.CodeOf(err) != code || (err == nil) != (code == "") {
			t.Errorf("%s: %v", name, err)
		}
		if file != nil {
			_ = file.Close()
		}
	}
	if content, err := os.ReadFile(inventory); string(content) != "site: {}" {
		t.Errorf("the inventory is %q now, %v", content, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "strange.log")); !os.IsNotExist(err) {
		t.Errorf("something was written through a stranger's link: %v", err)
	}
}
