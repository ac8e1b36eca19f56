package release

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

// shells are the POSIX shells of this machine that the scripts are tried with.
func shells() [][]string {
	list := [][]string{{"/bin/sh"}}
	if busybox, err := exec.LookPath("busybox"); err == nil {
		list = append(list, []string{busybox, "sh"})
	}
	return list
}

func TestScriptsNameTheLabelsThatThereAre(t *testing.T) {
	names, err := filepath.Glob("*.sh")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	labels := []string{docker.LabelSite, docker.LabelDirectory, docker.LabelImage, docker.LabelTree, docker.LabelSpec, docker.LabelRelease}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range regexp.MustCompile(`io\.provision\.\w+`).FindAllString(string(text), -1) {
			if !slices.Contains(labels, label) {
				t.Errorf("%s has the label %s, which no container has", name, label)
			}
		}
	}
}

// engine is a docker command that writes down what it is asked, and answers by the rules of a test: cases of a shell's case
// statement over "$*". Its rules may keep files in the current folder.
type engine struct {
	t     *testing.T
	bin   string
	state string // its memory
	rules string
}

func newEngine(t *testing.T, rules string) *engine {
	t.Helper()
	e := &engine{t: t, bin: t.TempDir(), state: t.TempDir(), rules: rules}
	e.program("docker", "printf '%s\\n' \"$*\" >>"+e.log()+"\ncd "+e.state+"\ncase \"$*\" in\n"+rules+"\nesac")
	e.program("sleep", ":") // nothing waits for long
	return e
}

func (e *engine) log() string { return filepath.Join(e.bin, "log") }

func (e *engine) program(name, text string) {
	e.t.Helper()
	if err := os.WriteFile(filepath.Join(e.bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		e.t.Fatal(err)
	}
}

// run runs a script, and returns what docker was asked, what was printed, and the exit status.
func (e *engine) run(sh []string, script shell.Text) (asked, printed string, status int) {
	e.t.Helper()
	if err := errors.Join(os.RemoveAll(e.state), os.Mkdir(e.state, 0o700), os.RemoveAll(e.log()), os.WriteFile(e.log(), nil, 0o600)); err != nil {
		e.t.Fatal(err)
	}
	argv := append(slices.Clone(sh), "-c", string(script))
	cmd := exec.CommandContext(context.WithoutCancel(e.t.Context()), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+e.bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		e.t.Fatal(err)
	}
	log, err := os.ReadFile(e.log())
	if err != nil {
		e.t.Fatal(err)
	}
	text := regexp.MustCompile(gapMark+`\d+`).ReplaceAllString(string(out), gapMark+"N")
	return string(log), text, cmd.ProcessState.ExitCode()
}

// lines is text without the indent of a test.
func lines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// old is the container that has the ports at first, with a place of its own choice on a second network.
func old() *previous {
	mine := docker.Endpoint{Network: "mine", Aliases: []string{"web", "it's"}}
	return &previous{id: "old", retired: "web-0123456789ab", places: []docker.Endpoint{{Network: "bridge"}, mine}, publishes: true, restart: "always"}
}

func warm(p *previous) shell.Text {
	s := &Switch{Site: Site{Name: "myweb", Container: "web"}, previous: p, booted: "new"}
	s.release.Spec = docker.Spec{Restart: "unless-stopped", Ports: []string{"80:80"}}
	return warmMover{}.move(s)
}

// grabbed are the rules of an engine whose port 80 a stranger takes in the moment it is free.
const grabbed = `
"network connect bridge new") echo 'Error response from daemon: port is already allocated' >&2; exit 1 ;;
"network connect bridge old") echo 'Error response from daemon: conflicts with existing route' >&2; exit 1 ;;
"network disconnect -f bridge new") echo 'is not connected to network' >&2; exit 1 ;;`

func TestScriptsOnAnEngine(t *testing.T) {
	onHost := &previous{id: "old", onHost: true, restart: "no"}
	back := func(p *previous, cold bool) shell.Text {
		s := &Switch{Site: Site{Name: "myweb", Container: "web"}, previous: p, candidate: "web-candidate"}
		return s.backScript("new", !cold)
	}
	cold := func(p *previous, kept *docker.Container) shell.Text {
		s := &Switch{Site: Site{Name: "myweb", Directory: "/d", StateDir: "/nowhere", Container: "web"}, previous: p, candidate: "web-candidate"}
		s.release = Release{ID: "r", Tree: "t", Image: "i", Kept: kept, Spec: docker.Spec{Restart: "always", Ports: []string{"80:80"}}}
		return coldMover{}.move(s)
	}
	names := func(p *previous) shell.Text {
		s := &Switch{Site: Site{Name: "myweb", Container: "web"}, previous: p, booted: "new", mover: warmMover{}}
		return s.namesScript()
	}
	for _, c := range []struct {
		name   string
		script shell.Text
		rules  string
		asks   string
		prints string
		status int
	}{
		{"warm", warm(old()), `"port new") echo 80/tcp ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			port new`, "out-of-reach N", 0},
		{"warm, first release", warm(nil), `"port new") echo 80/tcp ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network connect bridge new
			port new`, "out-of-reach N", 0},
		{"warm, the second half fails", warm(old()), `
			"network connect bridge new") echo 'Error response from daemon: no room' >&2; exit 1 ;;
			"port old") echo 80/tcp ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			update --restart no new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old`, `
			Error response from daemon: no room
			Error response from daemon: no room`, 71},
		{"warm, the port was taken for a moment", warm(old()), grabbed + `
			"restart -t 0 old") : >restarted ;;
			"port old") [ ! -e restarted ] || echo 80/tcp ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			update --restart no new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old
			restart -t 0 old
			port old`, `
			Error response from daemon: port is already allocated
			Error response from daemon: port is already allocated
			Error response from daemon: conflicts with existing route`, 71},
		{"warm, the port stays taken", warm(old()), grabbed + `
			"restart -t 0 old") echo 'Error response from daemon: port is already allocated' >&2; exit 1 ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			network disconnect -f bridge old
			network disconnect -f mine old
			network connect bridge new
			network disconnect -f bridge new
			update --restart no new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old
			restart -t 0 old
			port old`, `
			Error response from daemon: port is already allocated
			Error response from daemon: port is already allocated
			Error response from daemon: conflicts with existing route
			Error response from daemon: port is already allocated`, 72},
		{"warm, the engine is restarted", warm(nil), `
			"network connect bridge new") if [ -e asked ]; then echo 'already exists in network' >&2; else : >asked; echo 'unexpected EOF' >&2; fi; exit 1 ;;
			"port new") echo 80/tcp ;;`, `
			update --restart unless-stopped new
			network disconnect -f provision-myweb new
			network connect bridge new
			network connect bridge new
			port new`, "out-of-reach N", 0},
		{"warm, the candidate is gone", warm(old()), `"update "*) echo 'No such container: new' >&2; exit 1 ;;`,
			`update --restart unless-stopped new`, `No such container: new`, 71},

		{"cold", cold(old(), nil), `"ps "*) ;;`, `
			ps -aq --filter name=^/web-candidate$ --filter label=io.provision.site=myweb --filter label=io.provision.release
			create -it -p 80:80 --name web-candidate --restart always --label io.provision.site=myweb --label io.provision.directory=/d --label io.provision.tree=t --label io.provision.spec=` + docker.Spec{Restart: "always", Ports: []string{"80:80"}}.Digest() + ` --label io.provision.release=r i
			network disconnect -f bridge old
			network disconnect -f mine old
			start web-candidate`, "out-of-reach N", 0},
		{"cold, a kept container beside one on the host's network fails", cold(onHost, &docker.Container{}), `
			"inspect --format {{len"*) echo 0 ;;
			"start web-candidate") echo 'Error response from daemon: address already in use' >&2; exit 1 ;;
			"inspect --format {{.State"*) echo true ;;`, `
			stop -t 1 web-candidate
			network disconnect -f provision-myweb web-candidate
			inspect --format {{len .NetworkSettings.Networks}} web-candidate
			network connect bridge web-candidate
			update --restart always web-candidate
			update --restart always old
			stop -t 3 old
			start web-candidate
			update --restart no web-candidate
			stop -t 1 web-candidate
			network disconnect -f bridge web-candidate
			start old
			update --restart no old
			inspect --format {{.State.Running}} old`, `Error response from daemon: address already in use`, 71},

		{"names", names(old()), `"inspect web") echo '[]' ;;`, `
			update --restart no old
			rename old web-0123456789ab
			rename new web
			network disconnect -f provision-myweb web
			inspect web`, "[]", 0},
		{"names, one retired before has the name", names(old()), `
			"rename old web-0123456789ab") [ -e gone ] || { echo 'Conflict. The container name is already in use' >&2; exit 1; } ;;
			"ps "*) echo old; echo earlier ;;
			"rm "*) : >gone ;;`, `
			update --restart no old
			rename old web-0123456789ab
			ps -aq --no-trunc --filter name=^/web-0123456789ab$ --filter label=io.provision.site=myweb --filter label=io.provision.release
			rm -f -v earlier
			rename old web-0123456789ab
			rename new web
			network disconnect -f provision-myweb web
			inspect web`, "", 0},
		{"names, a stranger has the name", names(old()), `
			"rename old web-0123456789ab") echo 'Conflict. The container name is already in use' >&2; exit 1 ;;`, `
			update --restart no old
			rename old web-0123456789ab
			ps -aq --no-trunc --filter name=^/web-0123456789ab$ --filter label=io.provision.site=myweb --filter label=io.provision.release
			rename old web-0123456789ab
			rename old web-old
			rename new web
			network disconnect -f provision-myweb web
			inspect web`, "", 0},
		{"names, the previous one lost its place on the bridge", names(old()), `
			"rename old web-0123456789ab") [ -e restarted ] || { echo 'Error response from daemon: no endpoint attached to network bridge found' >&2; exit 1; } ;;
			"restart "*) : >restarted ;;`, `
			update --restart no old
			rename old web-0123456789ab
			restart -t 0 old
			rename old web-0123456789ab
			rename new web
			network disconnect -f provision-myweb web
			inspect web`, "", 0},
		{"names, done before", names(nil), `"rename new web") echo 'Renaming a container with the same name as its current name' >&2; exit 1 ;;`, `
			rename new web
			network disconnect -f provision-myweb web
			inspect web`, "", 0},

		{"back from warm", back(old(), false), `"port old") echo 80/tcp ;;`, `
			network disconnect -f bridge new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old
			update --restart no new
			update --restart always old
			rename new web-candidate
			rename old web`, "out-of-reach N", 0},
		{"back from warm, only a restart gives the ports back", back(old(), false), `
			"restart "*) : >restarted ;;
			"port old") [ ! -e restarted ] || echo 80/tcp ;;`, `
			network disconnect -f bridge new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old
			restart -t 0 old
			port old
			update --restart no new
			update --restart always old
			rename new web-candidate
			rename old web`, "out-of-reach N\nout-of-reach N", 0},
		{"back from warm, the ports are lost", back(old(), false), `"rename new "*) echo 'no such container' >&2; exit 1 ;;`, `
			network disconnect -f bridge new
			network connect bridge old
			network connect --alias web --alias it's mine old
			start old
			port old
			restart -t 0 old
			port old
			update --restart no new
			update --restart always old
			rename new web-candidate`, "out-of-reach N\nno such container", 72},
		{"back from cold on the host's network", back(onHost, true), `
			"inspect --format {{.Id}} new") echo newid ;;
			"inspect --format {{range"*) echo 'host ' ;;
			"inspect --format {{.State"*) echo true ;;`, `
			inspect --format {{.Id}} new
			network disconnect -f provision-myweb newid
			inspect --format {{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}} newid
			update --restart no newid
			kill newid
			network disconnect -f provision-myweb old
			start old
			update --restart no old
			inspect --format {{.State.Running}} old
			update --restart no newid
			update --restart no old
			rename newid web-candidate
			rename old web`, "out-of-reach N", 0},

		{"boot", bootScript.With("web-candidate", "provision-myweb", "myweb", "docker", "run", "-e", "A=two words", "i"), `"inspect "*) echo '[]' ;;`, `
			run -e A=two words i
			inspect web-candidate`, "[]", 0},
		{"boot where the network is missing and a candidate is left", bootScript.With("web-candidate", "provision-myweb", "myweb", "docker", "run", "i"), `
			"run i") [ -e gone ] || { echo 'name in use' >&2; exit 125; } ;;
			"ps "*) echo left ;;
			"rm "*) : >gone ;;`, `
			run i
			network inspect --format {{.Internal}} provision-myweb
			network create --internal --label io.provision.site=myweb provision-myweb
			ps -aq --filter name=^/web-candidate$ --filter label=io.provision.site=myweb --filter label=io.provision.release
			rm -f -v left
			run i
			inspect web-candidate`, "", 0},
		{"boot that fails", bootScript.With("web-candidate", "", "myweb", "docker", "run", "i"), `"run i") echo 'no such image' >&2; exit 125 ;;`, `
			run i
			ps -aq --filter name=^/web-candidate$ --filter label=io.provision.site=myweb --filter label=io.provision.release
			run i
			ps -aq --filter name=^/web-candidate$ --filter label=io.provision.site=myweb --filter label=io.provision.release`, "no such image", 125},
		{"boot of a kept one", bootKeptScript.With("web-r", "provision-myweb", "myweb", "/nowhere"), `
			"network inspect "*) echo true ;;
			"inspect --format "*) echo 'bridge mine ' ;;`, `
			network inspect --format {{.Internal}} provision-myweb
			inspect --format {{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}} web-r
			network connect provision-myweb web-r
			network disconnect -f bridge web-r
			network disconnect -f mine web-r
			stop -t 1 web-r
			start web-r
			inspect web-r`, "", 0},
		{"images are removed, but not those of others", Site{Name: "myweb", Directory: "/d"}.RemoveImages(), `
			"image ls "*) echo sha256:1; echo sha256:1; echo sha256:2 ;;
			"image inspect "*) echo 'sha256:1 myweb:server 0123456789ab myweb:server'; echo 'sha256:1 myweb:server 0123456789ab myweb:0123456789ab'
				echo 'sha256:1 myweb:server 0123456789ab theirs:1'; echo 'sha256:2 - aaaaaaaaaaaa sha256:2' ;;
			"image rm myweb:0123456789ab") echo 'in use' >&2; exit 1 ;;`, `
			image ls -q
			image ls -q --no-trunc --filter label=io.provision.site=myweb --filter label=io.provision.directory=/d
			image inspect --format {{$id := .Id}}{{$name := or (index .Config.Labels "io.provision.image") "-"}}{{$tag := printf "%.12s" (index .Config.Labels "io.provision.tree")}}{{range .RepoTags}}{{$id}} {{$name}} {{$tag}} {{.}}{{"\n"}}{{else}}{{$id}} {{$name}} {{$tag}} {{$id}}{{"\n"}}{{end}} sha256:1 sha256:2
			image rm myweb:server
			image rm myweb:0123456789ab
			image rm sha256:2`, "in use", 0},
	} {
		for _, sh := range shells() {
			t.Run(c.name+" by "+filepath.Base(sh[0]), func(t *testing.T) {
				t.Parallel()
				asked, printed, status := newEngine(t, c.rules).run(sh, c.script)
				if want := lines(c.asks); asked != want {
					t.Errorf("asks docker\n%swant\n%s", asked, want)
				}
				if lines(printed) != lines(c.prints) || status != c.status {
					t.Errorf("ends with %d, want %d, and prints\n%swant\n%s", status, c.status, printed, c.prints)
				}
			})
		}
	}
}

// How long the site was out of reach is not told by the host's clock, which may be set meanwhile.
func TestTheGapKnowsNoClock(t *testing.T) {
	for _, sh := range shells() {
		t.Run(filepath.Base(sh[0]), func(t *testing.T) {
			e := newEngine(t, "")
			e.program("date", "exit 1")
			_, printed, status := e.run(sh, shell.Load(files, "tools.sh").With()+"\nfirst=$(now)\nsecond=$(now)\n[ $first -gt 0 ] && [ $((second - first)) -ge 0 ] && [ $((second - first)) -lt 60000 ] && echo right\n")
			if printed != "right\n" || status != 0 {
				t.Errorf("prints %q and ends with %d", printed, status)
			}
		})
	}
}

// The container that a release has replaced is where a rollback goes: it stays, also where a clock that was set back makes it the
// oldest one.
func TestTidyKeepsThePreviousOneWhateverTheClock(t *testing.T) {
	for _, sh := range shells() {
		t.Run(filepath.Base(sh[0]), func(t *testing.T) {
			row := func(id, name, state, release string) string {
				return strings.Join([]string{long(id), name, state, "sha256:" + id, "myweb", release, "/d"}, "\t")
			}
			e := newEngine(t, `
"ps "*) printf '%s\n' '`+strings.Join([]string{
				row("a1", "web", "running", "aaaaaaaaaaaa"), row("b1", "web-bbbbbbbbbbbb", "exited", "bbbbbbbbbbbb"), row("c1", "web-cccccccccccc", "exited", "cccccccccccc"),
			}, "' '")+`' ;;
"inspect --format {{eq .Name \"/web-bbbbbbbbbbbb\"}} "*)
	echo "true false 1970-01-01 `+long("b1")+`"; echo "false false 2099-01-01 `+long("c1")+`" ;;`)
			site := Site{Name: "myweb", Directory: "/d", StateDir: t.TempDir(), Container: "web", Image: "myweb:server", Keep: 1}
			if _, printed, status := e.run(sh, site.tidyScript("web-bbbbbbbbbbbb")); printed != "running\n" || status != 0 {
				t.Errorf("prints %q and ends with %d", printed, status)
			}
			log, err := os.ReadFile(e.log())
			if err != nil {
				t.Fatal(err)
			}
			if text := string(log); strings.Contains(text, "rm -f -v "+long("b1")) || !strings.Contains(text, "rm -f -v "+long("c1")) {
				t.Errorf("it did\n%s", text)
			}
		})
	}
}
