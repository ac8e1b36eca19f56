package docs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/site"
)

// Each recipe's inventory loads, and its site, given a certificate, has nothing that the program would object to.
func TestRecipes(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("recipes")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.yaml"))
	if err != nil || len(files) < 7 {
		t.Fatalf("there are %d recipes: %v", len(files), err)
	}
	for _, source := range []string{"flask", "static", "php"} {
		pair := filepath.Join(folder, source, "site", "ssl_files", "example")
		if err := sandbox.WritePair("example.com", pair+".pem", pair+".key"); err != nil {
			t.Fatal(err)
		}
	}
	// What the recipe asks the reader for.
	if err := os.WriteFile(filepath.Join(folder, "django", ".env"), []byte("SECRET_KEY=a-long-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	words := language.New(language.English)
	for _, file := range files {
		inv, err := inventory.Load(file)
		if err != nil {
			t.Errorf("%s: %s", file, words.Error(err))
			continue
		}
		report := site.Examine(site.Read(os.DirFS(inv.Site.Source), site.Of(inv.Site), time.Now()), words)
		for _, p := range report.Problems {
			if f := p.Finding; f.Severity == provision.SeverityError || f.Severity == provision.SeverityWarning && f.Code != "site.self-signed" {
				t.Errorf("%s: %s %s:%d: %s (%s)", file, f.Code, p.File, p.Line, f.Cause, f.Evidence)
			}
		}
	}
}
