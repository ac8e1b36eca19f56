package release

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Where the site is asked: the candidate's own addresses, and the host's port.
const (
	insideAddress = "172.20.0.2"
	bridgeAddress = "172.17.0.3"
	publicAddress = "127.0.0.1"
)

// fakeHost answers from tables and writes down what it is asked, as a person reads it.
type fakeHost struct {
	t      *testing.T
	server *httptest.Server

	mu         sync.Mutex
	transcript []string
	answers    map[string][]answer // by a script's file or a command; the last one stays
	status     map[string][]int    // of the site by address; the last one stays
	facts      *facts.Facts        // what Look finds; nil: the host is gone
	apart      bool                // the containers' addresses are somebody else's as seen from the host
}

// answer is how a command or a job ends.
type answer struct {
	out string
	err error
}

func newFakeHost(t *testing.T) *fakeHost {
	h := &fakeHost{t: t, answers: map[string][]answer{}, status: map[string][]int{}}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(next(h, h.status, r.Host))
	}))
	t.Cleanup(h.server.Close)
	h.on("boot", inspected("new", "web-candidate", candidateAt(insideAddress)))
	h.on("boot_kept", inspected("kept", "web-cccccccccccc", candidateAt(insideAddress)))
	h.on("cutover_warm", "out-of-reach 187")
	h.on("cutover_cold", "out-of-reach 300")
	h.on("cutover_back", "out-of-reach 190")
	h.on("names", inspected("new", "web"))
	h.on("docker inspect web", inspected("old", "web"))
	h.on("docker logs", "a line\n127.0.0.1 "+probe.UserAgent+"\nthe last line\n")
	h.on("tidy", "running")
	h.status[insideAddress], h.status[bridgeAddress], h.status[publicAddress] = []int{200}, []int{200}, []int{200}
	return h
}

// on sets what the host answers, the first time and so on; an error is an answer as well.
func (h *fakeHost) on(command string, list ...any) {
	h.answers[command] = nil
	for _, a := range list {
		switch a := a.(type) {
		case error:
			h.answers[command] = append(h.answers[command], answer{err: a})
		case answer:
			h.answers[command] = append(h.answers[command], a)
		default:
			h.answers[command] = append(h.answers[command], answer{out: fmt.Sprint(a)})
		}
	}
}

// next takes the next value of a table's row, of which the last one stays.
func next[V any](h *fakeHost, table map[string][]V, key string) (v V) {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := table[key]
	if len(row) == 0 {
		return v
	}
	if len(row) > 1 {
		table[key] = row[1:]
	}
	return row[0]
}

func (h *fakeHost) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.transcript = append(h.transcript, fmt.Sprintf(format, args...))
}

// scriptOf is the name of a script's last file, and its arguments.
func (h *fakeHost) scriptOf(script shell.Text) (name, args string) {
	h.t.Helper()
	names, _ := filepath.Glob("*.sh")
	others, _ := filepath.Glob("../[fs]*/*.sh") // of facts and state
	for _, name := range append(names, others...) {
		text := string(shell.Load(os.DirFS(filepath.Dir(name)), filepath.Base(name)).With())
		if strings.HasSuffix(string(script), text) {
			if rest, ok := strings.CutPrefix(string(script), "set -- "); ok {
				args, _, _ = strings.Cut(rest, "\n")
			}
			return strings.TrimSuffix(filepath.Base(name), ".sh"), args
		}
	}
	return "", string(script)
}

func (h *fakeHost) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	name, args := strings.Join(cmd.Argv, " "), ""
	if len(cmd.Argv) == 0 {
		name, args = h.scriptOf(cmd.Script)
	}
	switch {
	case strings.HasPrefix(name, "docker logs "):
		name, args = "docker logs", strings.TrimPrefix(name, "docker logs ")
	case strings.HasPrefix(name, "docker wait "):
		<-ctx.Done()
		return nil, ctx.Err()
	case name == "inside" && cmd.Stdin != nil:
		return nil, h.connect(ctx, args, cmd)
	case name == "inside":
		args = "" // a script
	}
	if name != "save" { // which runs beside the boot
		h.note("exec %s %s%s", name, args, map[bool]string{false: " (as the user)"}[cmd.Sudo])
	}
	a := next(h, h.answers, name)
	if cmd.Stdout != nil {
		_, _ = cmd.Stdout.Write([]byte(a.out))
	}
	if slices.Contains(cmd.Argv, "--follow") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return []byte(a.out), a.err
}

func (h *fakeHost) Job(_ context.Context, id string, script shell.Text, output func(lines string)) error {
	name, args := h.scriptOf(script)
	h.note("job %s %s %s", id[:strings.LastIndexByte(id, '-')], name, args)
	a := next(h, h.answers, name)
	if a.out != "" {
		output(a.out)
	}
	return a.err
}

func (h *fakeHost) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	if h.apart && host != publicAddress {
		h.t.Errorf("a question leaves the host for %s, which is not the candidate's there", address)
	}
	if next(h, h.status, host+" lost") > 0 {
		return nil, &remote.LostError{Failure: provision.Fail("remote.lost")}
	}
	return new(net.Dialer).DialContext(ctx, network, h.server.Listener.Addr().String())
}

// connect is a program in the candidate that connects to it.
func (h *fakeHost) connect(ctx context.Context, args string, cmd remote.Command) error {
	if next(h, h.status, "inside refused") > 0 {
		return exit(1, "bash: connect: Connection refused")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", h.server.Listener.Addr().String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(cmd.Stdout, "connected\n")
	go func() { _, _ = io.Copy(conn, cmd.Stdin) }()
	_, err = io.Copy(cmd.Stdout, conn)
	return err
}

func (h *fakeHost) report() Report {
	return Report{
		Command: func(command string) { h.note("command %s", command) },
		Output:  func(lines string) { h.note("output %q", lines) },
		Say: func(stream, code string, values ...any) {
			text := fmt.Sprint(values...)
			if code == "release.cold" || code == "release.back" { // how long that took
				text = regexp.MustCompile(`\d+$`).ReplaceAllString(text, "N")
			}
			h.note("say %s %s %s", stream, code, text)
			h.worded(provision.Fail(code, values...))
		},
		Waiting: func(w Wait) {
			if w.Last == nil || w.Asked == 0 || w.Timeout == 0 {
				h.t.Errorf("waits as %+v", w)
			}
		},
	}
}

func (h *fakeHost) look(context.Context) (*facts.Facts, error) {
	h.note("look")
	if h.facts == nil {
		return nil, errors.New("the host is gone")
	}
	return h.facts, nil
}

func (h *fakeHost) newSwitch(cutover string) *Switch {
	site := Site{
		Host: "aliyun", Name: "myweb", Directory: "/d/myweb", StateDir: "/d/.myweb.provision", Container: "web", Image: "myweb:server",
		Ports: []inventory.Port{{Host: 80, Container: 80, Protocol: "tcp"}}, Restart: "unless-stopped", Keep: 3, Cutover: cutover,
	}
	return &Switch{Host: h, Site: site, Look: h.look, Moved: func() { h.note("moved") }}
}

// worded makes sure that there are words for a failure, and that its values fit them.
func (h *fakeHost) worded(err error) {
	h.t.Helper()
	for _, tag := range language.Tags() {
		text := language.New(tag).Error(err)
		if code := provision.CodeOf(err); code != "" && strings.Contains(text, code) || strings.Contains(text, "%!") {
			h.t.Errorf("%s: %s", tag, text)
		}
	}
}

// end adds how a release ended to the transcript, and returns it.
func (h *fakeHost) end(live *docker.Container, err error) string {
	h.t.Helper()
	if err != nil {
		h.worded(err)
		h.note("fails with %d: %v", provision.ExitCode(err), err)
	}
	if live != nil {
		h.note("live is %s", live.ID)
	}
	return strings.Join(h.transcript, "\n") + "\n"
}

// golden is a file with a section for each subtest.
type golden struct {
	t    *testing.T
	file string
	mu   sync.Mutex
	got  map[string]string
}

// newGolden compares with the file what was added, once all subtests have ended.
func newGolden(t *testing.T, file string) *golden {
	g := &golden{t: t, file: filepath.Join("testdata", file), got: map[string]string{}}
	t.Cleanup(g.compare)
	return g
}

func (g *golden) add(section, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.got[section] = text
}

func (g *golden) compare() {
	if *update {
		var all strings.Builder
		for _, section := range slices.Sorted(maps.Keys(g.got)) {
			fmt.Fprintf(&all, "== %s\n%s", section, g.got[section])
		}
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(g.file, []byte(all.String()), 0o644)); err != nil {
			g.t.Fatal(err)
		}
	}
	text, err := os.ReadFile(g.file)
	if err != nil {
		g.t.Fatal(err)
	}
	want := map[string]string{}
	for section := range strings.SplitSeq(strings.TrimPrefix(string(text), "== "), "\n== ") {
		name, body, _ := strings.Cut(section, "\n")
		want[name] = strings.TrimSuffix(body, "\n") + "\n"
	}
	for section, got := range g.got {
		if got != want[section] {
			g.t.Errorf("%s: got\n%swant\n%s", section, got, want[section])
		}
	}
}

// container is a container as inspected, up and on the bridge with port 80, unless a change says otherwise.
func container(id, name string, changes ...func(*docker.Container)) *docker.Container {
	c := &docker.Container{ID: id, Name: "/" + name, Image: "sha256:" + id}
	c.Config.Labels = map[string]string{docker.LabelSite: "myweb", docker.LabelDirectory: "/d/myweb", docker.LabelRelease: strings.Repeat(id[:1], 12)}
	c.State = docker.State{Status: "running", Running: true}
	c.HostConfig.NetworkMode = "default"
	c.HostConfig.PortBindings = map[string][]docker.PortBinding{"80/tcp": {{HostPort: "80"}}}
	c.HostConfig.RestartPolicy.Name = "unless-stopped"
	c.NetworkSettings.Networks = map[string]docker.Endpoint{"bridge": {IPAddress: "172.17.0.2"}}
	for _, change := range changes {
		change(c)
	}
	return c
}

func candidateAt(address string) func(*docker.Container) {
	return func(c *docker.Container) {
		c.NetworkSettings.Networks = map[string]docker.Endpoint{"provision-myweb": {IPAddress: address}}
	}
}

func onBridge(c *docker.Container) {
	c.NetworkSettings.Networks = map[string]docker.Endpoint{"bridge": {IPAddress: bridgeAddress}}
}

func ended(at time.Time) func(*docker.Container) {
	return func(c *docker.Container) { c.State = docker.State{Status: "exited", FinishedAt: at} }
}

// inspected is what docker inspect prints of a container.
func inspected(id, name string, changes ...func(*docker.Container)) string {
	text, err := json.Marshal([]*docker.Container{container(id, name, changes...)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// listed is a container in the list, with the host's ports or without.
func listed(id, name, ports string) facts.Listed {
	return facts.Listed{ID: id, Name: name, Image: "myweb:server", Status: "Up 3 minutes", Ports: ports,
		Site: "myweb", Directory: "/d/myweb", Release: strings.Repeat(id[:1], 12)}
}

const port80 = "0.0.0.0:80->80/tcp"

// oldLive is a host on which release oooooooooooo is live.
func oldLive() facts.Docker {
	return facts.Docker{Container: container("old", "web"), Containers: []facts.Listed{listed("old", "web", port80)}}
}

func newRelease() Release {
	return Release{
		ID: "nnnnnnnnnnnn", Tree: "0123456789abcdef", Image: "sha256:new",
		Spec: docker.Spec{Ports: []string{"80:80"}, Command: []string{"bash", "./start.sh"}, Restart: "unless-stopped"},
		Demands: probe.Demands{
			Ports:  []inventory.Port{{Host: 80, Container: 80, Protocol: "tcp"}},
			Health: inventory.Health{Path: "/", Status: 200, Timeout: 20 * time.Second},
		},
	}
}

func exit(code int, said string) error {
	return &remote.ExitError{Command: "cutover", Code: code, Stderr: said}
}
