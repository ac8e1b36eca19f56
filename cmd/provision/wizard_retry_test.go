package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

func TestATryThatCannotReadTheInventoryOffersThatToBeEdited(t *testing.T) {
	file := filepath.Join(t.TempDir(), "inventory.yaml")
	if err := os.WriteFile(file, []byte("site: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &wizardRun{command: &deployCommand{flags: flags{inventory: file, lang: "en"}}}
	w.begin("the log of the last run", &session{inventory: &inventory.Inventory{}, words: language.New(language.English)}, []string{"flask"})
	result := w.deploy(t.Context(), func(provision.Event) {}, provision.Headless{})
	if result.ExitCode != provision.ExitUsage {
		t.Errorf("the run ended with %d", result.ExitCode)
	}
	if got := w.files(""); !slices.Equal(got, []string{file}) || w.logFile() != "" || w.behind() != nil {
		t.Errorf("the last run's files, log or site are offered: %v, %q, %v", got, w.logFile(), w.behind())
	}
}
