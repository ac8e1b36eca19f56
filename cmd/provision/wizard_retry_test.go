package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/page"
)

func TestATryThatCannotReadTheInventoryOffersThatToBeEdited(t *testing.T) {
	file := filepath.Join(t.TempDir(), "inventory.yaml")
	if err := os.WriteFile(file, []byte("site: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &wizardRun{command: &deployCommand{flags: flags{inventory: file, lang: "en"}}}
	w.begin(&session{loggedTo: "the log of the last run", inventory: &inventory.Inventory{}, words: language.New(language.English)}, []string{"flask"})
	result := w.deploy(t.Context(), func(provision.Event) {}, provision.Headless{})
	if result.ExitCode != provision.ExitUsage {
		t.Errorf("the run ended with %d", result.ExitCode)
	}
	if got := w.files("", nil); !slices.Equal(got, []page.File{{Path: file}}) || w.logFile() != "" || w.behind() != nil {
		t.Errorf("the last run's files, log or site are offered: %v, %q, %v", got, w.logFile(), w.behind())
	}
}

func TestTheFileThatTheFindingIsAboutComesFirst(t *testing.T) {
	w := &wizardRun{command: &deployCommand{flags: flags{inventory: "inventory.yaml"}}}
	w.begin(&session{inventory: &inventory.Inventory{Site: inventory.Site{Source: "site"}}}, nil)
	got := w.files("07-build", []provision.Finding{{Severity: provision.SeverityWarning, File: "app.py"},
		{Severity: provision.SeverityError, File: "Dockerfile", Line: 4}, {Severity: provision.SeverityError, File: "Dockerfile", Line: 9}})
	want := []page.File{{Path: "site/Dockerfile", Line: 4}, {Path: "site/resource/default.conf"}, {Path: "inventory.yaml"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheFirstFileOfferedIsTheOneThatTheStepDependsOn(t *testing.T) {
	w := &wizardRun{command: &deployCommand{flags: flags{inventory: "inventory.yaml"}}}
	w.begin(&session{inventory: &inventory.Inventory{Site: inventory.Site{Source: "site"}}}, nil)
	for step, want := range map[string]string{"01-login": "inventory.yaml", "02-directory": "inventory.yaml", "03-dockerfile": "site/Dockerfile",
		"05-nginx-config": "site/resource/default.conf", "07-build": "site/Dockerfile", "09-run": "inventory.yaml", "10-status": "inventory.yaml"} {
		if got := w.files(step, nil); len(got) == 0 || got[0].Path != want {
			t.Errorf("after a failure of %s %v are offered, want %s first", step, got, want)
		}
	}
	if got := w.files("", nil); got != nil {
		t.Errorf("%v are offered where no step failed: a lock that is held, for example", got)
	}
}
