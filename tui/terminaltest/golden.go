package terminaltest

import (
	"os"
	"path/filepath"
	"testing"
)

// Golden holds a screen against a file of testdata, which it writes anew where update is set.
func Golden(t *testing.T, name, got string, update bool) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen differs from %s (-update writes it anew):\n%s", file, got)
	}
}
