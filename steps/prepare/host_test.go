//go:build host

package prepare_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps/prepare"
)

// TestDeployUserAlone: on a host where root is not let in, the deploy user sees that Docker answers, says what cannot be seen, and
// changes nothing.
func TestDeployUserAlone(t *testing.T) {
	host := sandboxtest.Host(t, sandbox.Options{NoBaseImage: true})
	dir := t.TempDir()
	if err := sandbox.WriteSample(filepath.Join(dir, "site")); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("site: {source: ./site}\nprepare: {packages: [htop], swap: 2g}\nhosts:\n  - {name: cloud, address: %s, user: kevin, identity: %s, known_hosts: %s}\n",
		host.Address, host.Identity, host.KnownHosts)
	file := filepath.Join(dir, "inventory.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var codes []string
	p := &prepare.Preparation{Inventory: inv, Words: language.New(language.Chinese)}
	result := provision.Run(ctx, []provision.Target{p.NewHost(inv.Hosts[0], false)}, provision.Options{Sink: func(e provision.Event) {
		if f, ok := e.Body.(provision.Finding); ok {
			codes = append(codes, f.Code)
		}
	}})
	if result.ExitCode != provision.ExitOK || result.Changed != 0 || len(codes) != 1 || codes[0] != "prepare.not-root" {
		t.Errorf("exit status %d, %d changed, findings %v: %v", result.ExitCode, result.Changed, codes, result.Hosts)
	}
}
