// Package golden holds what must not change for whoever has deployed a site: what a run plans and does on a host that an earlier
// version has left, and on every other kind of host. The hosts are fake ones; no Docker is needed.
package golden

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
	"github.com/kehuo/provision/steps"
)

var update = flag.Bool("update", false, "write what was seen as what is wanted")

func TestMain(m *testing.M) {
	_ = os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // no test asks Docker Hub
	os.Exit(fakehost.Main(m))
}

const (
	recorded  = "testdata/recorded-host"
	directory = fakehost.Home + "/dev/myweb"
	stateDir  = fakehost.Home + "/dev/.myweb.provision"
)

// lab is a fake host and a copy of the recorded site with an inventory.
type lab struct {
	*fakehost.Host
	t      *testing.T
	dir    string // here; the source is in its folder site
	source string
	diffs  bool
}

// newLab is a lab with a host that has a Docker Engine and nothing else.
func newLab(t *testing.T) *lab {
	t.Helper()
	pair, err := fakehost.LoadPair(recorded + "/site")
	check(t, err)
	l := &lab{Host: fakehost.New(t, pair, 8080, 8443), t: t, dir: t.TempDir()}
	l.source = filepath.Join(l.dir, "site")
	copyTree(t, recorded+"/site", l.source)
	for _, name := range []string{"inventory.yaml", "environment"} {
		copyFile(t, filepath.Join(recorded, name), filepath.Join(l.dir, name), 0o644)
	}
	file, err := os.OpenFile(filepath.Join(l.dir, "inventory.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = fmt.Fprintf(file, "hosts:\n  - {name: cloud, address: %s, port: %d, user: kevin, identity: %s, known_hosts: %s}\n",
		l.Address, l.Port, l.Identity, l.KnownHosts)
	check(t, err)
	check(t, file.Close())
	return l
}

// newRecordedLab is a lab with the recorded host.
func newRecordedLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	copyTree(t, recorded+"/host", l.Path(fakehost.Home))
	modes, err := os.ReadFile(recorded + "/modes")
	check(t, err)
	for line := range strings.Lines(string(modes)) {
		text, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		mode, err := strconv.ParseUint(text, 8, 32)
		check(t, err)
		file := l.Path(fakehost.Home + "/" + name)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) { // git keeps no empty folders
			check(t, os.MkdirAll(file, 0o755))
		}
		check(t, os.Chmod(file, fs.FileMode(mode)))
	}
	// Copies have the order in which they were made, which on the host is that of the releases.
	older := time.Now().Add(-time.Hour)
	check(t, os.Chtimes(l.Path(stateDir+"/releases/"+keptRelease+".json"), older, older))
	l.Docker.Restore(t, recorded+"/containers.json", recorded+"/images.json", recorded+"/networks.json")
	return l
}

// edit replaces text in a file of the lab's folder here.
func (l *lab) edit(name, old, text string) {
	l.t.Helper()
	file := filepath.Join(l.dir, name)
	content, err := os.ReadFile(file)
	check(l.t, err)
	if !bytes.Contains(content, []byte(old)) {
		l.t.Fatalf("%s has no %q", name, old)
	}
	info, err := os.Stat(file)
	check(l.t, err)
	check(l.t, os.WriteFile(file, bytes.Replace(content, []byte(old), []byte(text), 1), info.Mode()))
}

// host is a new target for the lab's host, as the program makes one. It has keys for words.
func (l *lab) host() *steps.Host {
	l.t.Helper()
	inv, err := inventory.Load(filepath.Join(l.dir, "inventory.yaml"))
	check(l.t, err)
	d, err := steps.NewDeployment(l.t.Context(), inv, language.Keys(), steps.Reading{Remember: true})
	check(l.t, err)
	d.Diffs = l.diffs
	return d.NewHost(inv.Hosts[0], false, "provision --yes")
}

// mended is a target as a deployment has it, which reads the source after the hook that comes before.
func (l *lab) mended() *steps.Host {
	l.t.Helper()
	inv, err := inventory.Load(filepath.Join(l.dir, "inventory.yaml"))
	check(l.t, err)
	d, err := steps.Mend(l.t.Context(), inv, language.Keys(), provision.Headless{}, false, steps.Reading{Remember: true})
	check(l.t, err)
	return d.NewHost(inv.Hosts[0], false, "provision --yes")
}

// installed is a target that knows nothing of the source.
func (l *lab) installed() *steps.Host {
	l.t.Helper()
	inv, err := inventory.Load(filepath.Join(l.dir, "inventory.yaml"))
	check(l.t, err)
	return steps.Installed(inv, language.Keys()).NewHost(inv.Hosts[0], false, "provision --yes")
}

func (l *lab) plan() provision.PlanFinished {
	l.t.Helper()
	p, _ := l.planned()
	return p
}

// planned is a plan and what was told on the way to it.
func (l *lab) planned() (provision.PlanFinished, []provision.Event) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	r := &record{}
	return provision.Plan(ctx, []provision.Target{l.host()}, provision.Options{Site: "myweb", Sink: r.sink}), r.events
}

// record is what a run told.
type record struct {
	mu     sync.Mutex
	events []provision.Event
	result provision.RunFinished
}

func (r *record) sink(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (l *lab) run(target provision.Target) *record {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	l.Docker.Calls() // those until now were preparations
	r := &record{}
	r.result = provision.Run(ctx, []provision.Target{target}, provision.Options{Site: "myweb", Decider: provision.Headless{}, Sink: r.sink})
	return r
}

func (l *lab) deploy() *record { l.t.Helper(); return l.run(l.host()) }

// mustDeploy deploys and fails the test unless that succeeds.
func (l *lab) mustDeploy() {
	l.t.Helper()
	if r := l.deploy(); r.result.ExitCode != provision.ExitOK {
		l.t.Fatalf("the deployment ended with status %d: %v", r.result.ExitCode, r.result.Hosts)
	}
}

// copyTree copies files with the modes that git may not keep: those of a person who has the usual umask.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		mode := fs.FileMode(0o644)
		if filepath.Ext(path) == ".sh" {
			mode = 0o755
		}
		copyFile(t, path, target, mode)
		return nil
	}))
}

func copyFile(t *testing.T, from, to string, mode fs.FileMode) {
	t.Helper()
	content, err := os.ReadFile(from)
	check(t, err)
	check(t, os.WriteFile(to, content, mode))
	check(t, os.Chmod(to, mode)) // whatever the umask
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		check(t, os.MkdirAll(filepath.Dir(file), 0o755))
		check(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	check(t, err)
	if string(want) == got {
		return
	}
	t.Errorf("%s differs:\n%s", file, difference(string(want), got))
}

// difference are the lines that two texts do not have in common.
func difference(want, got string) string {
	var text strings.Builder
	list := func(mark, lines, others string) {
		for scanner := bufio.NewScanner(strings.NewReader(lines)); scanner.Scan(); {
			if !strings.Contains("\n"+others, "\n"+scanner.Text()+"\n") {
				text.WriteString(mark + scanner.Text() + "\n")
			}
		}
	}
	list("-", want, got)
	list("+", got, want)
	if text.Len() == 0 {
		return "the order of lines:\n" + got
	}
	return text.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
