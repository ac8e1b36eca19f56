package inventory_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kehuo/provision/provision/inventory"
)

// What another environment keeps to itself in the same folder is as private as what this one does.
func TestPrivate(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"Dockerfile":     "FROM scratch\n",
		"mine.yaml":      "site:\n  source: .\n  certificate: \"\"\n  key: \"\"\n  environment_file: .env\nhosts:\n  - address: 203.0.113.1\n",
		".env":           "A=1\n",
		"staging.yml":    "site:\n  environment_file: secrets/staging\n  no: such field\nhosts: []\n",
		"inventory.yaml": "site: [\n",
		"compose.yaml":   "services:\n  web: {}\n",
		"broken.yaml":    "a: [\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := inventory.Load(filepath.Join(dir, "mine.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	private := inv.Private()
	slices.Sort(private)
	var got []string
	for _, file := range slices.Compact(private) {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(name))
	}
	if want := []string{".env", "inventory.yaml", "mine.yaml", "secrets/staging", "staging.yml"}; !slices.Equal(got, want) {
		t.Errorf("private are %q, want %q", got, want)
	}
}
