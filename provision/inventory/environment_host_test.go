//go:build host

package inventory_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/inventory"
)

// TestEnvironmentLikeDocker has docker read files of variables, and compares what it takes and makes of them with ours.
func TestEnvironmentLikeDocker(t *testing.T) {
	docker := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, "docker", args...)
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "DOCKER_HOST=" + os.Getenv("DOCKER_HOST")} // nothing for a name that stands alone
		out, err := c.Output()
		return strings.TrimSpace(string(out)), err
	}
	empty := filepath.Join(t.TempDir(), "empty.tar")
	if err := os.WriteFile(empty, make([]byte, 1024), 0o600); err != nil { // the end of a tar archive
		t.Fatal(err)
	}
	image, err := docker("import", empty)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "-f", image).Run() })

	for _, text := range []string{
		"A=b\n", "A=b", "A=b\r\nC=d\r\n", "\n\n  A=b\n", "\tA=b \n", "# comment\nA=b\n", "  # comment\nA=b\n", "A=b # not a comment\n", "A=\"b\"\n", "A='b c'\n",
		"A=\n", "A\n", "A=b\nA=c\n", "A=b=c=d\n", "A.b-c=d\n", "1A=b\n", "A:B=c\n", "é=ü\n", "A=ü\n", "\xef\xbb\xbfA=b\n", "\xef\xbb\xbf# comment\nA=b\n",
		"A=${HOME}\n", "A=$HOME\n", "A=b\\\nc=d\n", "A=\"b\nC=d\"\n", "=b\n", "A B=c\n", "A =b\n", "export A=b\n", "A B\n", "A= b\n", "A=\xff\n", "# \xff\nA=b\n",
		"\u00a0A=b\n", "A\u00a0B=c\n", "A\tB=c\n", "A=" + strings.Repeat("x", 60_000) + "\n", "A=" + strings.Repeat("x", 70_000) + "\n", "\v\fA=b\n", "A=b\rC=d\n", "#\n#\n", "",
	} {
		file := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ours := map[string]string{}
		values, wrong := inventory.ReadEnvironment(file)
		for name, value := range values {
			ours[name] = value.Reveal()
		}
		shown := text[:min(len(text), 40)]
		id, refused := docker("create", "--env-file", file, image, "/x")
		if (refused != nil) != (wrong != nil) {
			t.Errorf("%q: docker says %v, and we %v", shown, refused, wrong)
			continue
		}
		if refused != nil {
			continue
		}
		out, err := docker("inspect", "--format", "{{json .Config.Env}}", id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := docker("rm", id); err != nil {
			t.Error(err)
		}
		var list []string
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatal(err)
		}
		theirs := map[string]string{}
		for _, entry := range list {
			name, value, _ := strings.Cut(entry, "=")
			theirs[name] = value
		}
		delete(theirs, "PATH") // the engine's own
		if !maps.Equal(ours, theirs) {
			t.Errorf("%q is %q for docker, and %q here", shown, theirs, ours)
		}
	}
}
