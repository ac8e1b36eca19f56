//go:build host

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

func newWizardTest(t *testing.T) *wizardTest {
	t.Helper()
	w := &wizardTest{home: t.TempDir(), dir: t.TempDir(), host: sandboxtest.Host(t, sandbox.Options{})}
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

func TestWizard(t *testing.T) {
	t.Parallel()
	w := newWizardTest(t)
	t.Run("from the empty folder to the live site", w.fromTheEmptyFolder)
	t.Run("nothing to do", w.nothingToDo)
	t.Run("ctrl+c in the build", w.interrupted)
	t.Run("a build that fails, is mended and retried", w.mended)
}

func (w *wizardTest) fromTheEmptyFolder(t *testing.T) {
	x := w.start(t, nil)
	x.Wait("A new site", "Dockerfile", "covers kevinhuo.cool", english.T("wizard.form.write", "inventory.yaml"))
	x.Type(w.host.Address + strings.Repeat(enterKey, 6)) // port, user, key, folders: as found
	x.Type("\x15kevinhuo.cool" + strings.Repeat(enterKey, 4))
	x.Wait(english.T("wizard.decide.host-key.title"), "SHA256:", "enter "+english.T("wizard.key.take"))
	x.Type(upKey + enterKey)
	x.Wait(english.T("wizard.now.plan"), "Upload files", "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("The site is live", "Server: nginx", "gunicorn", "flask", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Wait("Done:")
	x.Ended(0)
	x.Restored()
	if content, err := os.ReadFile(filepath.Join(w.dir, "inventory.yaml")); err != nil || !strings.Contains(string(content), w.host.Address) {
		t.Errorf("the inventory has no %s: %v", w.host.Address, err)
	}
	if content, err := os.ReadFile(filepath.Join(w.home, ".ssh", "known_hosts")); err != nil || !strings.Contains(string(content), "ssh-ed25519") {
		t.Errorf("the host's key was not remembered: %v", err)
	}
}

func (w *wizardTest) nothingToDo(t *testing.T) {
	x := w.start(t, nil, "--lang", "zh")
	x.Wait(chinese.T("dash.count", 1, 1), chinese.T("lines.planned-nothing")) // the cockpit
	if opened := strings.Count(x.Raw(), "\x1b[?1049h"); opened != 1 {
		t.Errorf("the screen was opened %d times", opened)
	}
	x.Type("q")
	x.Wait("完成：0 处变更")
	x.Ended(0)
	x.Restored()
}

func (w *wizardTest) interrupted(t *testing.T) {
	file := filepath.Join(w.dir, "site", "Dockerfile")
	edit(t, file, func(text string) string { return text + "\nRUN echo slow-here && sleep 5\n" })
	x := w.start(t, nil)
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("slow-here")
	x.Resize(50, 16)
	x.Resize(120, 40)
	x.Type(ctrlC)
	x.Wait("Stop here?", "continues on the host")
	x.Type(ctrlC)
	x.Wait("Not finished")
	x.Ended(130)
	x.Restored()
	edit(t, file, func(text string) string { return strings.ReplaceAll(text, "\nRUN echo slow-here && sleep 5\n", "") })
}

func (w *wizardTest) mended(t *testing.T) {
	file := filepath.Join(w.dir, "site", "Dockerfile")
	edit(t, file, func(text string) string { return text + "\nRUN gcc --broken-here\n" })
	x := w.start(t, []string{"EDITOR=sed -i /broken-here/d"})
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("Step 7 failed: Build the image", "gcc", "Retry from step 7", "enter "+english.T("wizard.key.take"))
	x.Resize(60, 18)
	x.Wait("Retry from step 7")
	x.Type("r")
	x.Resize(90, 28)
	x.Wait("Step 7 failed: Build the image", "enter "+english.T("wizard.key.take")) // nothing was mended yet
	x.Type("e")
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Wait("Done:")
	x.Ended(0)
	x.Restored()
}
