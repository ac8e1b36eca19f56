package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/tui/terminaltest"
)

// startInit runs init in a terminal, in a folder that has a Dockerfile and, below its home, the SSH configuration given.
func startInit(t *testing.T, dir, sshConfig string, args ...string) *terminaltest.Terminal {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{filepath.Join(home, ".ssh", "config"): sshConfig, filepath.Join(dir, "Dockerfile"): "FROM scratch\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("provision", append([]string{"init"}, args...)...) // this test binary, see TestMain
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8"}
	return terminaltest.Start(t, cmd)
}

// Where no certificate is found, Enter alone makes a site over plain http, at an alias that says its own user.
func TestInitByEnterAlone(t *testing.T) {
	dir := t.TempDir()
	x := startInit(t, dir, "Host cloud\n  User admin\n")
	for _, prompt := range []string{"Host [cloud]:", "SSH port [22]:", "User []:", "Login key []:", "Site name [myweb]:", "Site folder [.]:",
		"Folder on the host [/home/admin/dev/myweb]:", "Domain []:", "Empty: plain http."} {
		x.Wait(prompt)
		x.Type("\n")
	}
	x.Wait("Next: provision")
	x.Ended(0)
	inv, err := inventory.Load(filepath.Join(dir, "inventory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if s, h := inv.Site, inv.Hosts[0]; s.Certificate != "" || s.Key != "" || h.Address != "cloud" || h.User != "" || s.Directory != "/home/admin/dev/myweb" {
		t.Errorf("the inventory has %+v", inv)
	}
}

// A dash refuses what was found, and the prompt says so; all of it in the language that was asked for.
func TestInitInChinese(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "some.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x := startInit(t, dir, "", "--lang", "zh", "--address", "203.0.113.10", "--identity", "", "--directory", "/srv/site", "--domain", "")
	for _, prompt := range []string{"SSH 端口 [22]：", "用户 [kevin]：", "网站名称 [myweb]：", "网站文件夹 [.]："} {
		x.Wait(prompt)
		x.Type("\n")
	}
	x.Wait("输入 - 表示留空", "证书 [some.pem]：")
	x.Type("-\n")
	x.Wait("inventory.yaml")
	x.Ended(0)
	if inv, err := inventory.Load(filepath.Join(dir, "inventory.yaml")); err != nil || inv.Site.Certificate != "" || inv.Hosts[0].User != "kevin" {
		t.Errorf("the inventory has %+v, %v", inv, err)
	}
}

func TestInitAsksNothingWhereAnInventoryIs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inventory.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x := startInit(t, dir, "")
	x.Wait("exists already and is left as it is")
	x.Ended(2)
	if strings.Contains(x.Raw(), "Host") {
		t.Errorf("it asked something: %s", x.Raw())
	}
}
