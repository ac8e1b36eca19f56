package golden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

// The releases of the recorded host: the live one, and the one before.
const (
	liveRelease = "4e830a0b2b16"
	keptRelease = "85f3f9a99979"
)

// TestARecordedHostIsUpToDate is the promise to everybody who has deployed a site: a new version of the program changes nothing of
// it. A hash in a label that comes out differently would replace every container there is.
func TestARecordedHostIsUpToDate(t *testing.T) {
	for _, sockets := range []bool{true, false} {
		t.Run(fmt.Sprint("sockets ", sockets), func(t *testing.T) {
			t.Parallel()
			l := newRecordedLab(t)
			l.NoSockets = !sockets // then docker commands are asked
			before := disk(l)
			if p := l.plan(); p.ExitCode != provision.ExitOK || len(p.Changes) != 0 {
				t.Errorf("the plan ends with status %d and has %+v, %+v", p.ExitCode, p.Changes, p.Hosts)
			}
			r := l.deploy()
			if r.result.ExitCode != provision.ExitOK || r.result.Changed != 0 {
				t.Errorf("a run ends with status %d and changes %d things: %+v", r.result.ExitCode, r.result.Changed, r.result.Hosts)
			}
			for _, e := range r.events {
				if b, ok := e.Body.(provision.StepFinished); ok && b.Status != provision.StatusOK {
					t.Errorf("step %s is %s", e.Step, b.Status)
				}
			}
			if calls := changing(l.Docker.Calls()); len(calls) > 0 {
				t.Errorf("it ran %q", calls)
			}
			if after := disk(l); after != before {
				t.Errorf("its files are other ones:\n%s", difference(before, after))
			}
		})
	}
}

func TestARecordedHostGetsTheNextRelease(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	l.edit("site/app/templates/index.html", "second", "third")
	var planned []string
	for _, c := range l.plan().Changes {
		planned = append(planned, c.Step)
	}
	if want := []string{"06-files", "07-build", "09-run"}; !slices.Equal(planned, want) {
		t.Fatalf("the plan has changes in %q, want %q", planned, want)
	}
	l.mustDeploy()
	if r := l.deploy(); r.result.Changed != 0 {
		t.Errorf("a second run changes %d things", r.result.Changed)
	}
	for _, name := range []string{"myweb_https*", "myweb_https-" + liveRelease, "myweb_https-" + keptRelease} {
		l.await(name)
	}
	if page := l.file(directory + "/app/templates/index.html"); !strings.Contains(page, "third") {
		t.Errorf("the host has %q", page)
	}
}

func TestARecordedHostGoesBack(t *testing.T) {
	for name, prepare := range map[string]func(*lab){
		"to the container that was kept": func(*lab) {},
		"to one that is made again":      func(l *lab) { l.Docker.Do(l.t, "rm", "-f", "myweb_https-"+keptRelease) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newRecordedLab(t)
			prepare(l)
			asked := ""
			if len(l.Docker.Names()) == 1 {
				asked = keptRelease // no container tells which one was live before
			}
			r := l.run(operate.NewRollback(l.installed(), asked))
			if r.result.ExitCode != provision.ExitOK || r.result.Changed == 0 {
				t.Fatalf("the rollback ended with status %d: %+v", r.result.ExitCode, r.result.Hosts)
			}
			if live := l.overview(); live.Release != keptRelease || !slices.Equal(live.Earlier, []string{liveRelease}) {
				t.Errorf("it has the release %s, and before that %v", live.Release, live.Earlier)
			}
			r = l.run(operate.NewRollback(l.installed(), liveRelease))
			if r.result.ExitCode != provision.ExitOK || l.overview().Release != liveRelease {
				t.Errorf("the way forth ended with status %d: %+v", r.result.ExitCode, r.result.Hosts)
			}
			if r := l.deploy(); r.result.ExitCode != provision.ExitOK || r.result.Changed != 0 {
				t.Errorf("then a deployment changes %d things: %+v %+v", r.result.Changed, r.result.Hosts, r.events)
			}
		})
	}
}

func TestTheHistoryOfARecordedHost(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	var releases []string
	l.connected(func(ctx context.Context, h *steps.Host) {
		out, err := h.Connection().Exec(ctx, remote.Command{Script: state.History(h.Site().Directory)})
		check(t, err)
		for _, r := range state.ParseHistory(out) {
			if r.Who != "kevin@laptop" || r.Outcome != "ok" || r.Changed == 0 || r.Time.IsZero() {
				t.Errorf("a record is read as %+v", r)
			}
			releases = append(releases, r.Release)
		}
	})
	if want := []string{keptRelease, liveRelease}; !slices.Equal(releases, want) {
		t.Errorf("the history has %q, want %q", releases, want)
	}
	if o := l.overview(); o.Release != liveRelease || !slices.Equal(o.Earlier, []string{keptRelease}) || o.State != "running" || len(o.Drift) != 0 {
		t.Errorf("the host is seen as %+v", o)
	}
}

// TestALockOfAnEarlierVersion has an earlier version at work on the host, and then one that was interrupted there.
func TestALockOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	l.edit("site/app/templates/index.html", "second", "third")
	content, err := os.ReadFile(recorded + "/run/lock")
	check(t, err)
	_, owner, _ := strings.Cut(string(content), "\n")
	lock := l.Path(stateDir + "/lock")
	stop := beat(t, lock, owner)
	r := l.deploy()
	if r.result.ExitCode != provision.ExitLocked {
		t.Errorf("a run beside it ends with status %d: %+v", r.result.ExitCode, r.result.Hosts)
	}
	if err := r.result.Hosts["cloud"].Err; provision.CodeOf(err) != "fail.locked" || !strings.Contains(err.Error(), "kevin@laptop") || !strings.Contains(err.Error(), "provision --yes") {
		t.Errorf("it is told of %v", err)
	}
	if o := l.overview(); o.Lock == nil || o.Lock.Who != "kevin@laptop" || !o.Lock.Alive {
		t.Errorf("the lock is seen as %+v", o.Lock)
	}

	stop()
	check(t, os.WriteFile(lock, fmt.Appendf(nil, "%d\n%s", time.Now().Add(-time.Hour).Unix(), owner), 0o600))
	copyTree(t, recorded+"/run/jobs", l.Path(stateDir+"/jobs"))
	l.mustDeploy()
	if _, err := os.Stat(lock); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its lock is still there: %v", err)
	}
	left, err := filepath.Glob(l.Path(stateDir + "/jobs/*"))
	check(t, err)
	if len(left) > 0 {
		t.Errorf("its jobs are still there: %q", left)
	}
}

func TestARecordedHostIsTakenDown(t *testing.T) {
	t.Parallel()
	l := newRecordedLab(t)
	r := l.run(operate.NewDown(l.installed(), operate.DownOptions{Images: true, Files: true}))
	if r.result.ExitCode != provision.ExitOK {
		t.Fatalf("it ended with status %d: %+v", r.result.ExitCode, r.result.Hosts)
	}
	if left := l.Docker.Names(); len(left) > 0 {
		t.Errorf("the containers %q are left", left)
	}
	if left := strings.Fields(disk(l)); slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, "myweb") }) {
		t.Errorf("of its files %q is left", left)
	}
}

// connected has a target that is connected looked at.
func (l *lab) connected(look func(context.Context, *steps.Host)) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	h := l.host()
	check(l.t, h.Connect(ctx, provision.NewReporter(provision.Options{Site: "myweb"}, h.Name(), "")))
	look(ctx, h)
	check(l.t, h.Close(ctx, provision.HostResult{}))
}

func (l *lab) overview() (o survey.Status) {
	l.t.Helper()
	l.connected(func(_ context.Context, h *steps.Host) { o = h.Status(nil) })
	return o
}

// await waits until what runs on in the background has come so far that there is a container of that name and state.
func (l *lab) await(name string) {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !slices.Contains(l.Docker.Names(), name); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("there is no %s: %q", name, l.Docker.Names())
		}
	}
}

func (l *lab) file(path string) string {
	l.t.Helper()
	content, err := os.ReadFile(l.Path(path))
	check(l.t, err)
	return string(content)
}

// disk lists what lies in the home of the host: names, modes, times and contents.
func disk(l *lab) string {
	l.t.Helper()
	var text strings.Builder
	root := l.Path(fakehost.Home)
	check(l.t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s %s", strings.TrimPrefix(path, root), info.Mode())
		if info.Mode().IsRegular() {
			fmt.Fprintf(&text, " %s", info.ModTime())
			content, err := os.ReadFile(path)
			check(l.t, err)
			fmt.Fprintf(&text, " %q", content)
		}
		text.WriteByte('\n')
		return nil
	}))
	return text.String()
}

// beat holds a lock as a living run does, until it is stopped.
func beat(t *testing.T, lock, owner string) (stop func()) {
	write := func(beat time.Time) {
		next := lock + ".next"
		if err := errors.Join(os.WriteFile(next, fmt.Appendf(nil, "%d\n%s", beat.Unix(), owner), 0o600), os.Rename(next, lock)); err != nil {
			t.Error(err)
		}
	}
	write(time.Now())
	over := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(100 * time.Millisecond):
				write(time.Now())
			}
		}
	})
	return sync.OnceFunc(func() { close(over); beating.Wait() })
}

// changing are those of docker commands that may change something.
func changing(calls []string) []string {
	reading := []string{"docker ps", "docker inspect", "docker version", "docker info", "docker port", "docker logs", "docker wait", "docker image inspect",
		"docker image ls", "docker network inspect", "docker build --help", "docker buildx inspect"}
	return slices.DeleteFunc(calls, func(call string) bool {
		return slices.ContainsFunc(reading, func(command string) bool { return strings.HasPrefix(call+" ", command+" ") })
	})
}
