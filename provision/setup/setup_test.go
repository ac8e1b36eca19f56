package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
)

// newSetup is a setup in a folder with a Dockerfile and nothing else.
func newSetup(t *testing.T) setup.Setup {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return setup.Setup{File: filepath.Join(dir, "inventory.yaml"), Words: language.New(language.English)}
}

// A pair that is empty on purpose is a site over plain http; one that was not spoken of is the tutorial's.
func TestAnEmptyPairIsASiteWithoutTLS(t *testing.T) {
	s := newSetup(t)
	if err := s.Write(setup.Answers{setup.Address: "cloud", setup.Source: ".", setup.Certificate: "", setup.Key: ""}); err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Load(s.File)
	if err != nil {
		t.Fatal(err)
	}
	if inv.Site.Certificate != "" || inv.Site.Key != "" || inv.Hosts[0].User != "" {
		t.Errorf("the site has the pair %q, %q, and the user is %q", inv.Site.Certificate, inv.Site.Key, inv.Hosts[0].User)
	}
	if inv, err := s.Inventory(setup.Answers{setup.Address: "cloud"}); err != nil || inv.Site.Certificate != inventory.Defaults().Certificate {
		t.Errorf("without an answer the certificate is %q, %v", inv.Site.Certificate, err)
	}
}

func TestCheckOfWhatIsLeftEmpty(t *testing.T) {
	s := newSetup(t)
	for _, field := range []string{setup.User, setup.Domain, setup.Identity, setup.Certificate, setup.Key} {
		if _, err := s.Check(field, "", setup.Answers{}); err != nil {
			t.Errorf("an empty %s: %v", field, err)
		}
	}
	for key, all := range map[string]setup.Answers{"": {setup.Certificate: "Dockerfile"}, "Dockerfile": {}} {
		if _, err := s.Check(setup.Key, key, all); err == nil || !strings.Contains(err.Error(), "belong together") {
			t.Errorf("the key %q with the certificate %q: %v", key, all[setup.Certificate], err)
		}
	}
}

func TestATakenNameIsSaidBeforeAnythingIsAsked(t *testing.T) {
	s := newSetup(t)
	if err := s.Free(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(s.File, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Free(); err == nil || !strings.Contains(err.Error(), "exists already and is left as it is") {
		t.Errorf("a file that exists: %v", err)
	}
}
