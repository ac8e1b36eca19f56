//go:build host || bare

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/tui/terminaltest"
)

// The words that tests look for on the screen, so that these may be reworded.
var english, chinese = language.New(language.English), language.New(language.Chinese)

const (
	enterKey = "\r"
	upKey    = "k"
	ctrlC    = "\x03"
)

// wizardTest is the real program, a host, and a home that knows nothing of it.
type wizardTest struct {
	home string
	dir  string // with the folder of the sample site, and nothing else at first
	host sandbox.Host
}

func newWizardTest(t *testing.T, options sandbox.Options) *wizardTest {
	t.Helper()
	w := &wizardTest{home: t.TempDir(), dir: t.TempDir(), host: sandboxtest.Host(t, options)}
	if err := sandbox.WriteSample(filepath.Join(w.dir, "site")); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(w.host.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.home, ".ssh", "id_ed25519"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wizardTest) start(t *testing.T, env []string, args ...string) *terminaltest.Terminal {
	t.Helper()
	cmd := exec.Command("provision", args...) // the one of TestMain
	cmd.Dir = w.dir
	cmd.Env = append([]string{"HOME=" + w.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "GORACE=" + os.Getenv("GORACE")}, env...)
	return terminaltest.Start(t, cmd)
}

// leftovers are the ids of the containers and images on the host that no name leads to.
func (w *wizardTest) leftovers(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "exec", w.host.Container, "sh", "-c",
		"docker ps -aq --filter status=exited --filter status=created; docker images -q --filter dangling=true").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

func edit(t *testing.T, file string, change func(string) string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(change(string(content))), 0o644); err != nil {
		t.Fatal(err)
	}
}
