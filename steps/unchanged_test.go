//go:build host

package steps_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/steps"
)

// TestUnchangedFiles: a host reads a large file once. What it remembers of it is believed until the file changes, whatever its
// mtime says, or until everything is asked for.
func TestUnchangedFiles(t *testing.T) {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	large := filepath.Join(c.source, "large")
	c.write("large", "large")
	if err := os.Truncate(large, 32<<20); err != nil {
		t.Fatal(err)
	}
	c.mustDeploy()
	c.settled()
	const hashes, there = "/home/kevin/dev/.myweb.provision/hashes", directory + "/large"
	kept := func() string { return c.sh("stat -c '%%U %%a' %[1]s && grep ' large$' %[1]s", hashes) }
	if text := kept(); !strings.HasPrefix(text, "kevin 600\n") {
		t.Errorf("the host remembers %q", text)
	}

	plan := func(how steps.Reading) int {
		t.Helper()
		inv := c.load()
		d, err := steps.NewDeployment(t.Context(), inv, language.New(language.English), how)
		if err != nil {
			t.Fatal(err)
		}
		p := provision.Plan(t.Context(), []provision.Target{d.NewHost(inv.Hosts[0], false, "test")}, provision.Options{Site: "myweb"})
		if p.Err != nil {
			t.Fatal(p.Err)
		}
		return len(p.Changes)
	}
	c.sh("sed -i '/ large$/s/^......../00000000/' %[1]s && chown kevin: %[1]s", hashes)
	if n := plan(steps.Reading{}); n != 1 {
		t.Errorf("what the host remembers is not believed: %d changes", n)
	}
	if n := plan(steps.Reading{Verify: true}); n != 0 {
		t.Errorf("with everything read there are %d changes", n)
	}
	if text := kept(); !strings.Contains(text, "\n00000000") {
		t.Errorf("a plan changes what the host remembers: %q", text)
	}
	c.sh("rm %s", hashes)
	c.settled()
	kept()

	c.sh("cd /tmp && touch -r %[1]s was && printf x | dd of=%[1]s conv=notrunc bs=1 seek=1000000 2>/dev/null && touch -r was %[1]s", there)
	if r := c.mustDeploy(); r.changed() != "06-files" {
		t.Errorf("after a byte has changed, the run changes %q", r.changed())
	}
	c.settled()
}
