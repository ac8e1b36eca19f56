package sandbox

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestVariants reads the tables: each row can be asked for by its name, boots with a script that parses, and has its shell.
func TestVariants(t *testing.T) {
	scripts := []string{"init.sh"}
	for _, e := range engines {
		scripts = append(scripts, e.boot)
		for _, s := range systems {
			o, err := Options{Engine: e.name, System: s.name, SSHD: []string{"UseDNS no"}, Dir: t.TempDir()}.normalized()
			if s.shell != "" && !e.hasShell(s.shell) {
				if err == nil {
					t.Errorf("%s has no %s, and it was taken", e.name, s.shell)
				}
				continue
			}
			if err != nil || o.engine.name != e.name || o.system.name != s.name {
				t.Errorf("%s with %s gives %+v, %v", e.name, s.name, o, err)
			}
			if len(s.sshd) > 0 && !slices.Equal(o.SSHD, append([]string{"UseDNS no"}, s.sshd...)) {
				t.Errorf("%s with %s gives sshd %q", e.name, s.name, o.SSHD)
			}
		}
	}
	for _, s := range systems {
		if s.boot != "" {
			scripts = append(scripts, s.boot)
		}
	}
	for _, name := range scripts {
		text, err := script(name)
		if err != nil {
			t.Fatal(err)
		}
		parse := exec.CommandContext(t.Context(), "sh", "-n")
		parse.Stdin = strings.NewReader(text)
		if out, err := parse.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", path.Base(name), err, out)
		}
	}
	if engines[1].recipe().version() == engines[2].recipe().version() || engines[2].recipe().version() != engines[3].recipe().version() {
		t.Error("engines of two Debian releases share a root file system, or those of one and the same packages do not")
	}
}
