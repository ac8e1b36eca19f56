//go:build host

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
)

// insteadOf has the commands of the README that this test cannot type as they stand, and what it types for them; nothing
// leaves a command out, and why is beside it.
var insteadOf = map[string]string{
	"make build":        "", // the test's own binary is on the PATH
	"cd mysite":         "", // the recipe's folder is the current one
	"provision init":    "", // asks on a terminal; testdata/usage/init.txtar runs it by flags, tui and setup by keys
	"provision":         "exec provision --yes",
	"provision logs -f": "! exec timeout -s INT 3 provision logs -f", // follows until it is interrupted
	"provision dash":    "",                                          // needs a terminal and a key to leave it: TestDashOnHost
}

// TestPagesOnHost follows the README on a host, with the recipes as the sites: the first deployment, then what comes afterwards.
func TestPagesOnHost(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{})
	script := "cd flask\nexec provision --version\n" +
		asScript(readmeBlock(t, "provision init")) +
		"stdout 'from here: GET https://example.com/ -> 200'\n" +
		"append site/app/__init__.py '# changed'\n" + // so that there is a release to go back to
		asScript(readmeBlock(t, "provision rollback")) +
		"exec provision down --files --images --yes\n" +
		"cd ../static\n" +
		"exec provision --yes\n" +
		"stdout 'from here: GET https://example.com/ -> 200'\n" +
		"exec provision --yes --json\nevents run.finished\nstdout '\"changed\":0,\"exit_code\":0'\n"
	file := filepath.Join(t.TempDir(), "pages.txtar")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file},
		Setup: func(env *testscript.Env) error { return errors.Join(home(env), placeRecipes(env, host)) },
		Cmds:  commands(&host),
	})
}

// readmeBlock is the block of README.md that has a command, as lines. In Chinese it is the same: docs holds the two together.
func readmeBlock(t *testing.T, command string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], command) {
			return shellLines(m[0])
		}
	}
	t.Fatalf("README.md has no block with %q", command)
	return nil
}

// asScript is each command of the lines for testscript.
func asScript(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		for _, words := range commandsOf(line) {
			typed := strings.Join(words, " ")
			other, ok := insteadOf[typed]
			switch {
			case !ok:
				fmt.Fprintf(&b, "exec %s\n", typed)
			case other != "":
				fmt.Fprintln(&b, other)
			}
		}
	}
	return b.String()
}

// placeRecipes puts the recipes into the script's folder, with a certificate, the host that there is, and the base image that it has.
func placeRecipes(env *testscript.Env, host sandbox.Host) error {
	if err := os.CopyFS(env.WorkDir, os.DirFS(filepath.Join("..", "..", "docs", "recipes"))); err != nil {
		return err
	}
	for _, recipe := range []string{"flask", "static"} {
		folder := filepath.Join(env.WorkDir, recipe)
		pair := filepath.Join(folder, "site", "ssl_files", "example")
		text, err := os.ReadFile(filepath.Join(folder, "inventory.yaml"))
		if err != nil {
			return err
		}
		site, _, _ := strings.Cut(string(text), "hosts:\n")
		if recipe == "static" {
			site += "  build: {args: {BASE: \"kehuo/centos8_conda:nginx\"}}\n"
		}
		site += fmt.Sprintf("hosts:\n  - {name: cloud, address: %s, user: %s, identity: %s, known_hosts: %s}\n", host.Address, host.User, host.Identity, host.KnownHosts)
		if err := errors.Join(
			sandbox.WritePair("example.com", pair+".pem", pair+".key"),
			os.WriteFile(filepath.Join(folder, "inventory.yaml"), []byte(site), 0o600),
		); err != nil {
			return err
		}
	}
	return nil
}
