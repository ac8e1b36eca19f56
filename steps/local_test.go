package steps_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
)

// A repository or a file of secrets that travels with the site is warned of, by the doctor and by the step that uploads, until
// .dockerignore has it.
func TestWhatNobodyMeansToUploadIsWarnedOf(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": "FROM scratch\n", "app/.git/HEAD": "ref: refs/heads/main\n", "app/.env.production": "A=1\n", "app/.env.example": "A=\n", "inventory.yaml": "site: {source: ., server: \"\", command: \"\"}\nhosts: [{address: cloud}]\n"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	deployment := func() *steps.Deployment {
		inv, err := inventory.Load(filepath.Join(dir, "inventory.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := steps.NewDeployment(t.Context(), inv, language.New(language.English), steps.Reading{Remember: true})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := deployment()
	if said := d.NewHost(inventory.Host{}, false, "").Advice("06-files"); len(said) != 2 || said[0].Severity != provision.SeverityWarning ||
		!strings.HasPrefix(said[0].Cause, "The folder app/.git is part of the upload") || said[0].Fix != "Write app/.git into .dockerignore." ||
		!strings.HasPrefix(said[1].Cause, "The file app/.env.production is part of the upload") {
		t.Errorf("the step that uploads says %+v", said)
	}
	if !slices.ContainsFunc(d.Survey().Examine(d.Words), func(c survey.Check) bool { return strings.HasPrefix(c.Detail, "app/.git: ") }) {
		t.Errorf("the doctor says %+v", d.Survey().Examine(d.Words))
	}
	if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte("app/.git\n**/.env.production\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := deployment().NewHost(inventory.Host{}, false, "").Advice("06-files"); len(said) > 0 {
		t.Errorf("what is not uploaded is warned of: %+v", said)
	}
}
