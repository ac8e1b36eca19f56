package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// Docker takes any name of a variable; one that becomes a file must not lead out of its folder.
func TestSecretsThatAreFilesHaveNamesOfFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	for name, wrong := range map[string]bool{"TOKEN": false, "a.b-c": false, "../../x": true, "/etc/x": true, "..": true, ".": true} {
		if err := os.WriteFile(file, []byte(name+"=hunter2hunter2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, how := range []string{inventory.SecretsFile, "environment"} {
			site := inventory.Defaults()
			site.EnvironmentFile, site.Secrets = file, how
			d := &Deployment{Inventory: &inventory.Inventory{Site: site}, Words: language.New(language.English)}
			err := d.specify()
			if refused := wrong && how == inventory.SecretsFile; refused != (err != nil) || refused && provision.ExitCode(err) != provision.ExitUsage {
				t.Errorf("%q as %s: %v", name, how, err)
			}
			if err != nil && strings.Contains(d.Words.Error(err), "hunter2") {
				t.Errorf("the error shows the value: %s", d.Words.Error(err))
			}
		}
	}
}
