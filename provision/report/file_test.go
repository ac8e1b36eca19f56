package report_test

import (
	"os"
	"path/filepath"
	"testing"

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
