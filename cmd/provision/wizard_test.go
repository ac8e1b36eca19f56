//go:build host

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
)

func TestWizard(t *testing.T) {
	t.Parallel()
	w := newWizardTest(t, sandbox.Options{})
	t.Run("from the empty folder to the live site", w.fromTheEmptyFolder)
	t.Run("nothing to do", w.nothingToDo)
	t.Run("ctrl+c in the build", w.interrupted)
	t.Run("a build that fails, is mended and retried", w.mended)
	t.Run("the plan of an edited inventory", w.planned)
	t.Run("a lock that is held", w.locked)
	t.Run("a release that answers 500", w.answers500)
	t.Run("a release that crashes at boot", w.crashes)
	t.Run("a release with a wrong page", w.wrongPage)
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
	before := w.leftovers(t)
	edit(t, file, func(text string) string { return text + "\nRUN echo one more layer > /layer\nRUN gcc --broken-here\n" })
	x := w.start(t, []string{`EDITOR=sh -c 'sed -i "${1#+}d" "$2"' editor`}) // it deletes the line that it is opened at
	x.Wait(english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("Step 7 failed: Build the image", "gcc", "Retry from step 7", "enter "+english.T("wizard.key.take"))
	// The build that was interrupted before may have had one there for a moment.
	if left := slices.DeleteFunc(w.leftovers(t), func(id string) bool { return slices.Contains(before, id) }); len(left) > 0 {
		t.Errorf("the failed build left the containers or images %s", left)
	}
	x.Resize(60, 18)
	x.Wait("Retry from step 7")
	x.Type("r")
	x.Wait(english.T("wizard.now.connect")) // else the old failure, drawn anew, is taken for the next one
	x.Resize(90, 28)
	x.Wait("Step 7 failed: Build the image", "enter "+english.T("wizard.key.take")) // nothing was mended yet
	x.Type("e")
	x.Wait("The site is live", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Wait("Done:")
	x.Ended(0)
	x.Restored()
}

// told is how long a release that cannot become healthy may take to be told, from when its candidate starts on. On an idle machine
// it is 10 s.
const told = 30 * time.Second

// fails runs a release that the step that runs the container refuses, and checks what the person is told of it, and how soon.
func (w *wizardTest) fails(t *testing.T, change func(app string) string, shown ...string) {
	file := filepath.Join(w.dir, "site", "app", "__init__.py")
	var before string
	edit(t, file, func(text string) string { before = text; return change(text) })
	defer edit(t, file, func(string) string { return before })
	x := w.start(t, nil)
	x.Wait(english.T("wizard.now.plan")+": 1 file, image rebuilt, container replaced", "+++ app/__init__.py", "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("9 of 11")
	begun := time.Now()
	x.Wait("Step 9 failed: Run the container", english.T("wizard.fail.kept-old"), "enter "+english.T("wizard.key.take"))
	if took := time.Since(begun); took > told {
		t.Errorf("it was told after %s", took)
	} else {
		t.Logf("told after %s", took.Round(100*time.Millisecond))
	}
	x.Resize(120, 40)
	x.Wait(append(shown, "Retry from step 9")...)
	x.Type("q")
	x.Wait("Step 9 failed")
	x.Ended(provision.ExitKeptOld)
	x.Restored()
}

func (w *wizardTest) answers500(t *testing.T) {
	w.fails(t, func(app string) string {
		return strings.Replace(app, "    return ", "    raise ValueError('no-such-thing')\n    return ", 1)
	},
		"500", "e  Edit app/__init__.py:")
}

func (w *wizardTest) crashes(t *testing.T) {
	w.fails(t, func(app string) string { return "def broken(:\n" + app }, "SyntaxError", "e  Edit app/__init__.py:1 ")
}

func (w *wizardTest) wrongPage(t *testing.T) {
	w.fails(t, func(app string) string { return strings.Replace(app, `"/"`, `"/elsewhere"`, 1) }, "404", "e  Edit ")
}

func (w *wizardTest) planned(t *testing.T) {
	file := filepath.Join(w.dir, "inventory.yaml")
	var before string
	edit(t, file, func(text string) string {
		before = text
		return strings.Replace(text, "restart: unless-stopped", "restart: always", 1)
	})
	defer edit(t, file, func(string) string { return before })
	x := w.start(t, nil, "plan", "--lang", "zh")
	x.Wait("unless-stopped", "always", chinese.T("lines.planned-what", 1, chinese.T("plan.summary.replaced")))
	x.Ended(0)
}

func (w *wizardTest) locked(t *testing.T) {
	edit(t, filepath.Join(w.dir, "site", "Dockerfile"), func(text string) string { return text + "\nRUN echo slow-here && sleep 6\n" })
	other := w.start(t, nil, "--yes", "--verbose")
	other.Wait("slow-here")
	x := w.start(t, nil)
	x.Wait("is at work on", english.T("wizard.now.plan"), "enter "+english.T("wizard.key.apply"))
	x.Type(enterKey)
	x.Wait("holds the lock", "Retry", "enter "+english.T("wizard.key.take"))
	other.Wait("Done:")
	other.Ended(0)
	x.Type("r")
	x.Wait(english.T("wizard.done.unchanged"), "WARNING", "enter q "+english.T("wizard.key.leave"))
	x.Type("q")
	x.Ended(0)
	x.Restored()
}
