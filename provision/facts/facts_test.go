package facts_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

// machine is this one with a docker command that plays a part: the script of a query is run by a real shell.
type machine struct {
	t     *testing.T
	query facts.Query
	shell shelltest.Shell
	env   []string // beside what every machine has
}

// newMachine has a docker command as the script says; an empty one stands for a machine without Docker.
func newMachine(t *testing.T, docker string) *machine {
	t.Helper()
	bin := shelltest.Folder(t)
	for _, name := range []string{"id", "date", "df", "uname", "tail", "cat", "ls", "sh", "find", "head"} {
		found, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(found, filepath.Join(bin, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if docker != "" {
		writeCommand(t, bin, "docker", docker)
	}
	return &machine{t: t, shell: shelltest.Sh().Only(bin), query: facts.Query{
		Directory: filepath.Join(shelltest.Folder(t), "dev", "my web"), Container: "myweb_https", Image: "myweb_image:server",
		Files: "set -- 'it is set'\necho \"files: $# $1\"", Room: true, Mark: "MARK",
	}}
}

func writeCommand(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// eachMachine has a machine with Docker for each shell.
func eachMachine(t *testing.T, test func(t *testing.T, m *machine)) {
	t.Helper()
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		bin := shelltest.Folder(t)
		writeCommand(t, bin, "docker", engine)
		m := newMachine(t, "")
		m.shell = s.With(bin)
		test(t, m)
	})
}

func (m *machine) run(script shell.Text) []byte {
	m.t.Helper()
	cmd := m.shell.Command(m.t.Context(), script)
	cmd.Env = append(append(cmd.Env, "HOME=/home/kevin"), m.env...)
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("the script failed: %v\n%s", err, out)
	}
	return out
}

func (m *machine) gather() *facts.Facts {
	m.t.Helper()
	f, err := m.query.Parse(m.run(m.query.Script()))
	if err != nil {
		m.t.Fatal(err)
	}
	known, err := m.query.ParseDocker(m.run(m.query.DockerScript()), f.Machine)
	if err != nil {
		m.t.Fatal(err)
	}
	return f.WithDocker(known)
}

// engine lists two containers, and inspects one of them and the image.
const engine = `
case $1 in
ps) printf '%s\n' 'aaa	myweb_https	myweb_image:server	Up 3 minutes	0.0.0.0:80-81->80-81/tcp, :::443->443/tcp, 53/udp	myweb	/home/kevin/dev/myweb	0123456789ab'
    printf '%s\n' 'bbb	other	nginx	Exited (0) 2 days ago				' ;;
inspect) echo '[{"Id":"aaa","Name":"/myweb_https","State":{"Status":"running","Running":true}},{"Id":"sha256:1","RepoTags":["myweb_image:server"],"Config":{"Labels":{"io.provision.site":"myweb"}}},{"Id":"ccc","Name":"/server","State":{}}]' ;;
*) exit 9 ;;
esac
`

func TestFactsOfAMachine(t *testing.T) {
	eachMachine(t, func(t *testing.T, m *machine) {
		stateDir := state.Dir(m.query.Directory)
		for _, dir := range []string{m.query.Directory, stateDir + "/jobs/build-1", stateDir + "/stopping/old"} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		f := m.gather()
		if f.UID != os.Getuid() || f.User == "" || f.Home != "/home/kevin" {
			t.Errorf("the user is %+v", f)
		}
		if !f.DirectoryExists(m.query.Directory) || !f.Writable {
			t.Errorf("the folder is %s, writable %v", f.Parent, f.Writable)
		}
		if f.DiskFree <= 0 || f.MemoryFree <= 0 || time.Since(f.Clock).Abs() > time.Minute {
			t.Errorf("disk %d, memory %d, clock %s", f.DiskFree, f.MemoryFree, f.Clock)
		}
		if f.DockerError != "" || len(f.Containers) != 2 {
			t.Fatalf("docker tells %q, %+v", f.DockerError, f.Containers)
		}
		live, other := f.Containers[0], f.Containers[1]
		if !live.Up() || live.Release != "0123456789ab" || other.Up() || other.Site != "" {
			t.Errorf("the containers are %+v", f.Containers)
		}
		for port, want := range map[int]bool{80: true, 81: true, 443: true, 82: false, 8: false, 53: false} {
			if live.Publishes("", port) != want {
				t.Errorf("Publishes(%d) is %v", port, !want)
			}
		}
		if f.Container == nil || f.Container.ID != "aaa" || f.Image == nil || f.Image.ID != "sha256:1" {
			t.Errorf("inspected %+v and %+v", f.Container, f.Image)
		}
		if got := string(f.Files); got != "files: 1 it is set\n" {
			t.Errorf("the files are %q", got)
		}
		if !slices.Equal(f.Jobs, []string{"build-1"}) || !slices.Equal(f.Stopping, []string{"old"}) || f.Lock != nil || f.Turn != 0 {
			t.Errorf("jobs %v, stopping %v, lock %+v", f.Jobs, f.Stopping, f.Lock)
		}
	})
}

func TestFactsOfAnEmptyMachine(t *testing.T) {
	eachMachine(t, func(t *testing.T, m *machine) {
		f := m.gather()
		if f.DirectoryExists(m.query.Directory) || f.Parent != filepath.Dir(filepath.Dir(m.query.Directory)) || !f.Writable {
			t.Errorf("the nearest folder is %s, writable %v", f.Parent, f.Writable)
		}
	})
}

func TestWhyDockerDoesNotAnswer(t *testing.T) {
	for name, c := range map[string]struct{ docker, says string }{
		"absent":            {"", "docker"},
		"not running":       {"echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1", "Is the docker daemon running?"},
		"permission denied": {"echo 'Got permission denied while trying to connect to the Docker daemon socket' >&2; exit 1", "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.docker)
			f := m.gather()
			if !strings.Contains(f.DockerError, c.says) || f.Container != nil || f.Image != nil || f.User == "" {
				t.Errorf("docker tells %q; %+v", f.DockerError, f)
			}
			// Asked again as root, it answers.
			root := newMachine(t, engine)
			known, err := root.query.ParseDocker(root.run(root.query.DockerScript()), "")
			if err != nil {
				t.Fatal(err)
			}
			f = f.WithDocker(known)
			if f.DockerError != "" || f.Container == nil || f.Image == nil || len(f.Containers) != 2 {
				t.Errorf("as root docker tells %q, %+v", f.DockerError, f.Containers)
			}
		})
	}
}

func TestNothingIsInspected(t *testing.T) {
	m := newMachine(t, "[ $1 = ps ] && exit 0; echo '[]'; echo 'Error: No such object: x' >&2; exit 1")
	if f := m.gather(); f.DockerError != "" || f.Container != nil || f.Image != nil || len(f.Containers) != 0 {
		t.Errorf("an engine with nothing on it gives %+v", f)
	}
}

func TestFilesThatCannotBeListed(t *testing.T) {
	m := newMachine(t, engine)
	m.query.Files = "echo 'find: permission denied' >&2; exit 3"
	_, err := m.query.Parse(m.run(m.query.Script()))
	if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), m.query.Directory) {
		t.Errorf("got %v", err)
	}
}

// A link that breaks in the middle gives an error, never half of the facts.
func TestAnAnswerCutShort(t *testing.T) {
	m := newMachine(t, engine)
	whole := m.run(m.query.Script())
	for i := range len(whole) {
		if f, err := m.query.Parse(whole[:i]); err == nil {
			t.Fatalf("%d of %d bytes gave %+v", i, len(whole), f)
		}
	}
}

// What a login prints in front of the answer is not taken for a part of it.
func TestNoiseInFrontOfTheAnswer(t *testing.T) {
	m := newMachine(t, engine)
	if f, err := m.query.Parse(append([]byte("Welcome to Aliyun!\n"), m.run(m.query.Script())...)); err == nil {
		t.Errorf("got %+v", f)
	}
}

// A user whose docker commands go to another engine is not told what this one knows.
func TestAnotherEngine(t *testing.T) {
	m := newMachine(t, engine)
	if f := m.gather(); f.OtherEngine() {
		t.Error("the engine of a user who chose none is another one")
	}
	m.env = []string{"DOCKER_HOST=unix:///run/user/1000/docker.sock"}
	if f := m.gather(); !f.OtherEngine() {
		t.Error("DOCKER_HOST is not seen")
	}
	config := t.TempDir()
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte("{\n\t\"currentContext\": \"rootless\"\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.env = []string{"DOCKER_CONFIG=" + config}
	if f := m.gather(); !f.OtherEngine() {
		t.Error("a context that was chosen is not seen")
	}
}

// A host has several addresses, and each has its own ports.
func TestPortsOfAnAddress(t *testing.T) {
	ports := facts.ParsePorts([]byte(`LISTEN 0 511   203.0.113.10:443 0.0.0.0:* users:(("nginx",pid=7,fd=6))
LISTEN 0 511   127.0.0.53%lo:53 0.0.0.0:*
LISTEN 0 511   [fe80::1]%eth0:54 [::]:*
LISTEN 0 511   *:55 *:*
LISTEN 0 511   [::]:56 [::]:*
`))
	for _, c := range []struct {
		address string
		port    int
		held    bool
	}{
		{"", 443, true}, {"0.0.0.0", 443, true}, {"203.0.113.10", 443, true}, {"203.0.113.11", 443, false}, {"203.0.113.10", 80, false},
		{"127.0.0.53", 53, true}, {"127.0.0.1", 53, false}, {"fe80::1", 54, true}, {"fe80::2", 54, false},
		{"203.0.113.11", 55, true}, {"203.0.113.11", 56, true},
	} {
		if held := slices.ContainsFunc(ports.Listeners, func(l facts.Listener) bool { return l.Holds(c.address, c.port) }); held != c.held {
			t.Errorf("%s:%d is held: %v, want %v; %+v", c.address, c.port, held, c.held, ports)
		}
	}
	bound := facts.Listed{Status: "Up 1 second", Ports: "203.0.113.10:80-81->80-81/tcp, [::1]:443->443/tcp"}
	if !bound.Publishes("", 81) || !bound.Publishes("203.0.113.10", 80) || bound.Publishes("203.0.113.11", 80) || !bound.Publishes("::1", 443) || bound.Publishes("127.0.0.1", 443) {
		t.Errorf("%+v is not read right", bound)
	}
}

// The engine is asked over its socket: here one that an http server of the test listens on.
func TestAskEngine(t *testing.T) {
	answers := map[string]string{
		"/containers/json": `[{"Id":"aaa","Names":["/other/alias","/myweb_https"],"Image":"myweb_image:server","Status":"Up 3 minutes",
			"Ports":[{"IP":"0.0.0.0","PrivatePort":443,"PublicPort":443,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"}],
			"Labels":{"io.provision.site":"myweb","io.provision.directory":"/d","io.provision.release":"0123456789ab"}}]`,
		"/containers/myweb_https/json": `{"Id":"aaa","Name":"/myweb_https","State":{"Status":"running","Running":true}}`,
	}
	status := http.StatusNotFound
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.URL.Path]
		if !known {
			w.WriteHeader(status)
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if network != "unix" || address != docker.Socket {
			t.Errorf("dials %s %s", network, address)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	query := facts.Query{Container: "myweb_https", Image: "myweb_image:server"}
	d, err := query.AskEngine(t.Context(), dial)
	if err != nil {
		t.Fatal(err)
	}
	want := facts.Listed{ID: "aaa", Name: "myweb_https", Image: "myweb_image:server", Status: "Up 3 minutes",
		Ports: "0.0.0.0:443->443/tcp, 53/udp", Site: "myweb", Directory: "/d", Release: "0123456789ab"}
	if len(d.Containers) != 1 || d.Containers[0] != want {
		t.Errorf("the containers are %+v", d.Containers)
	}
	if !d.Containers[0].Publishes("203.0.113.1", 443) || d.Container == nil || !d.Container.Up() || d.Image != nil {
		t.Errorf("inspected %+v and %+v", d.Container, d.Image)
	}
	answers["/containers/aa/json"] = answers["/containers/myweb_https/json"]
	if d, err := (facts.Query{Container: "aa", Image: "myweb_image:server"}).AskEngine(t.Context(), dial); err != nil || d.Container != nil {
		t.Errorf("a stranger's container whose id begins with the site's name is taken for the site's: %+v, %v", d.Container, err)
	}
	status = http.StatusInternalServerError
	if _, err := query.AskEngine(t.Context(), dial); err == nil {
		t.Error("an engine that fails is believed")
	}
}

func TestFoldersThatOthersMayChange(t *testing.T) {
	eachMachine(t, func(t *testing.T, m *machine) {
		above := filepath.Dir(m.query.Directory)
		if err := os.Mkdir(above, 0o700); err != nil {
			t.Fatal(err)
		}
		if f := m.gather(); len(f.Unsafe) != 0 {
			t.Errorf("without any there are %+v", f.Unsafe)
		}
		if err := os.Chmod(above, 0o777); err != nil {
			t.Fatal(err)
		}
		want := []state.Folder{{Path: above, Owner: os.Getuid(), Mode: "drwxrwxrwx"}}
		if f := m.gather(); !slices.Equal(f.Unsafe, want) {
			t.Errorf("found %+v, want %+v", f.Unsafe, want)
		}
	})
}

// What cannot be looked at is not taken for safe.
func TestFoldersThatCannotBeLookedAt(t *testing.T) {
	m := newMachine(t, engine)
	if err := os.Mkdir(filepath.Dir(m.query.Directory), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(m.query.Directory), 0o777); err != nil {
		t.Fatal(err)
	}
	bin := shelltest.Folder(t)
	writeCommand(t, bin, "find", "echo 'find: no such predicate' >&2; exit 1")
	m.shell = m.shell.With(bin)
	if _, err := m.query.Parse(m.run(m.query.Script())); err == nil || !strings.Contains(err.Error(), "no such predicate") {
		t.Errorf("got %v", err)
	}
}

func TestAHostThatPrintsTooMuch(t *testing.T) {
	q := facts.Query{Mark: "MARK"}
	for _, section := range []string{"system", "lock", "jobs", "unsafe"} {
		text := "MARK " + section + "\n" + strings.Repeat("x", 2<<20) + "\nMARK end 0\n\nMARK done\n"
		if _, err := q.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), section) {
			t.Errorf("%s: %v", section, err)
		}
	}
}

func TestNamesThatAreNoneOfOurs(t *testing.T) {
	m := newMachine(t, engine)
	for _, name := range []string{"jobs/build-1", "jobs/-rf", "jobs/a b", "stopping/x\ny", "stopping/\x1b[31m"} {
		if err := os.MkdirAll(filepath.Join(state.Dir(m.query.Directory), name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if f := m.gather(); !slices.Equal(f.Jobs, []string{"build-1"}) || !slices.Equal(f.Stopping, []string{"x"}) {
		t.Errorf("jobs %q, stopping %q", f.Jobs, f.Stopping)
	}
}

func TestFactsAreReplaced(t *testing.T) {
	old := &facts.Facts{Parent: "/", Docker: facts.Docker{DockerError: "closed"}}
	before := *old
	got := old.WithDocker(facts.Docker{}).WithContainer(&docker.Container{ID: "c"}).WithImage(&docker.Image{ID: "i"}).
		WithPorts(facts.Ports{Listeners: []facts.Listener{{Port: 80}}}).WithDirectory("/d")
	if got.DockerError != "" || got.Container.ID != "c" || got.Image.ID != "i" || len(got.Listeners) != 1 || !got.DirectoryExists("/d") || !got.Writable || !got.Keeps {
		t.Errorf("got %+v", got)
	}
	if !reflect.DeepEqual(*old, before) {
		t.Errorf("the old ones are %+v", old)
	}
}
