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

// TestOnHost drives the program against a real host. The scripts share it, one after another: each one deploys first, which is
// a run with nothing to do where the one before left the site as it was.
func TestOnHost(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{})
	source := filepath.Join(t.TempDir(), "site")
	if err := sandbox.WriteSample(source); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "host", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files: []string{file},
				Setup: func(env *testscript.Env) error { return errors.Join(home(env), place(env, host, source)) },
				Cmds:  commands(&host),
			})
		})
	}
}

// place puts the sample site and an inventory that reaches the host into the script's folder.
func place(env *testscript.Env, host sandbox.Host, source string) error {
	env.Setenv("ADDRESS", host.Address)
	env.Setenv("IDENTITY", host.Identity)
	env.Setenv("KNOWN_HOSTS", host.KnownHosts)
	text := fmt.Sprintf(`site:
  source: ./site
  domain: kevinhuo.cool
hosts:
  - {name: cloud, address: %s, user: %s, identity: %s, known_hosts: %s}
`, host.Address, host.User, host.Identity, host.KnownHosts)
	return errors.Join(
		os.CopyFS(filepath.Join(env.WorkDir, "site"), os.DirFS(source)),
		os.WriteFile(filepath.Join(env.WorkDir, "inventory.yaml"), []byte(text), 0o600),
	)
}
