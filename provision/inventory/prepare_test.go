package inventory

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJtn1xyGQYuyZ1JOaXFy7BLVIhR7hC5Lw7p0Uuky7mM kevin@laptop"

// prepareOf loads a valid inventory with a section prepare.
func prepareOf(t *testing.T, section string) (*Inventory, error) {
	t.Helper()
	path := siteFolder(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "kevin.pub"), []byte(publicKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "site: {certificate: \"\", key: \"\"}\nhosts: [{address: 203.0.113.10, prepare_as: ubuntu}]\n" + section
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestPrepare(t *testing.T) {
	inv, err := prepareOf(t, "prepare:\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Prepare{Docker: PrepareDocker{Source: DockerAuto}, Firewall: FirewallOpen, SSH: SSHKeep, Swap: SwapAuto}
	if !reflect.DeepEqual(inv.Prepare, want) || inv.Hosts[0].PrepareAs != "ubuntu" {
		t.Errorf("%+v, as %s", inv.Prepare, inv.Hosts[0].PrepareAs)
	}
	inv, err = prepareOf(t, `prepare:
  user: {keys: [kevin.pub], sudo: true}
  packages: [htop]
  docker: {source: https://mirrors.aliyun.com/docker-ce, mirrors: ["https://m.example.com"], daemon: {mtu: 1450, log-opts: {max-size: 5m}, dns: [1.1.1.1]}}
  firewall: strict
  ssh: strict
  updates: true
  swap: 2g
`)
	if err != nil {
		t.Fatal(err)
	}
	want = Prepare{
		User: PrepareUser{[]string{filepath.Join(inv.Dir, "kevin.pub")}, true}, Packages: []string{"htop"},
		Docker: PrepareDocker{"https://mirrors.aliyun.com/docker-ce", []string{"https://m.example.com"},
			map[string]any{"mtu": 1450.0, "log-opts": map[string]any{"max-size": "5m"}, "dns": []any{"1.1.1.1"}}},
		Firewall: FirewallStrict, SSH: SSHStrict, Updates: true, Swap: "2g",
	}
	if !reflect.DeepEqual(inv.Prepare, want) {
		t.Errorf("%+v", inv.Prepare)
	}
	again, err := Parse(inv.File, inv.Dir, Template(*inv, inEnglish))
	if err != nil || !reflect.DeepEqual(again.Prepare, want) || !reflect.DeepEqual(again.Hosts[0], inv.Hosts[0]) {
		t.Errorf("%v\n%s", err, Template(*inv, inEnglish))
	}
}

func TestPrepareThatIsWrong(t *testing.T) {
	for section, want := range map[string]string{
		"prepare: {user: {keys: [site/Dockerfile]}}":       "not a file of public SSH keys",
		"prepare: {user: {keys: [none.pub]}}":              "does not exist",
		"prepare: {packages: [--force]}":                   "not the name of a package",
		"prepare: {docker: {source: http://example.com}}":  "auto, distribution, docker",
		"prepare: {docker: {mirrors: [http://a.example]}}": "https address",
		"prepare: {docker: {daemon: [a]}}":                 "prepare.docker.daemon",
		"prepare: {firewall: closed}":                      "open, strict",
		"prepare: {swap: 1t}":                              "size of swap",
	} {
		if _, err := prepareOf(t, section); err == nil || !strings.Contains(english(err), want) {
			t.Errorf("%s: %v", section, err)
		}
	}
}
