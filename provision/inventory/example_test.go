package inventory

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

const exampleFile = "../../inventory.yaml"

// TestExample loads the repository's own inventory.yaml: without a sandbox it says how to get one, with one it loads, and but
// for the sandbox's places it shows the defaults.
func TestExample(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	_, err := Load(exampleFile)
	if err == nil || !strings.Contains(english(err), "provision sandbox up") || provision.ExitCode(err) != provision.ExitUsage {
		t.Errorf("without a sandbox: %v", err)
	}
	sandbox := filepath.Join(home, ".cache/provision/sandbox/sandbox")
	if err := os.MkdirAll(filepath.Join(sandbox, "site"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(sandbox, "id_ed25519"), []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv, err := Load(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Source, want.Domain = filepath.Join(sandbox, "site"), "kevinhuo.cool"
	want.Volumes, want.Options = []string{}, []string{}
	if !reflect.DeepEqual(inv.Site, want) {
		t.Errorf("shows\n%+v\nand the defaults are\n%+v", inv.Site, want)
	}
	host := Host{Name: "sandbox", Address: "127.0.10.1", Port: 22, User: "kevin", Identity: filepath.Join(sandbox, "id_ed25519"), KnownHosts: filepath.Join(sandbox, "known_hosts")}
	if len(inv.Hosts) != 1 || !reflect.DeepEqual(inv.Hosts[0], host) {
		t.Errorf("hosts are %+v", inv.Hosts)
	}
}
