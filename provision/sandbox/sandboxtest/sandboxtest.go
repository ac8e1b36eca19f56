// Package sandboxtest gives tests sandbox hosts of their own.
package sandboxtest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
)

// upTimeout covers the root file systems, which the first test on a machine has
// to wait for.
const upTimeout = 15 * time.Minute

// Host brings up a sandbox host for one test and removes it afterwards. An
// empty Name becomes a unique one. An empty Dir becomes one of the test's own,
// unless PROVISION_SANDBOX_DIR names one: then sandbox.Down with no name finds
// what killed tests left there. It fails the test where the machine cannot run a
// sandbox.
func Host(t testing.TB, options sandbox.Options) sandbox.Host {
	t.Helper()
	options.Count = 1
	return Hosts(t, options)[0]
}

// Hosts is Host for Options.Count hosts.
func Hosts(t testing.TB, options sandbox.Options) []sandbox.Host {
	t.Helper()
	if options.Name == "" {
		options.Name = "t-" + strings.ToLower(rand.Text()[:10])
	}
	if options.Dir == "" && os.Getenv("PROVISION_SANDBOX_DIR") == "" {
		options.Dir = t.TempDir()
	}
	if options.Log == nil {
		options.Log = func(line string) { t.Log(line) }
	}
	ctx, cancel := context.WithTimeout(t.Context(), upTimeout)
	defer cancel()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := sandbox.Down(ctx, options.Name); err != nil {
			t.Errorf("the sandbox host was not removed: %v", err)
		}
	})
	hosts, err := sandbox.Up(ctx, options)
	if err != nil {
		t.Fatalf("no sandbox host: %v", err)
	}
	return hosts
}
