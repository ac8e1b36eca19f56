//go:build host

// Package hosts_test runs the program's whole cycle on hosts as people have them: other engines, userlands, SSH servers, logins.
package hosts_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps/internal/visitortest"
)

var (
	all     = flag.Bool("all", false, "run the whole matrix, not only the hosts that differ most")
	program = flag.String("program", "", "the `FILE` to run; built from the source where it is empty")
)

// row is a host of the matrix.
type row struct {
	engine, system string
	always         bool   // without -all too
	thief          bool   // somebody takes the site's port in the middle of a cutover, and gives it back
	builders       bool   // it has no buildx, and gets it
	refused        string // what the program says where it rightly deploys nothing; empty where it deploys
}

var matrix = []row{
	{engine: "20.10", system: "debian", always: true, thief: true},
	{engine: "20.10", system: "fish"},
	{engine: "20.10", system: "tcsh"},
	{engine: "20.10", system: "one-session", refused: "set MaxSessions to 2 or more"},
	{engine: "20.10", system: "busybox"},
	{engine: "20.10", system: "exec-zsh", refused: "a start-up file starts another shell"},
	{engine: "26.1", system: "debian", thief: true},
	{engine: "26.1", system: "dropbear"},
	{engine: "28", system: "debian", always: true, thief: true},
	{engine: "28", system: "busybox", always: true},
	{engine: "28", system: "dropbear", always: true},
	{engine: "28", system: "zsh", builders: true},
	{engine: "rootless", system: "debian", always: true},
	{engine: "podman", system: "debian", always: true, refused: "podman answers in Docker's place"},
}

// patience is how long one command may take, on a machine that is busy with other hosts.
const patience = 10 * time.Minute

// TestHosts prints a table in Markdown: each phase ok and its seconds, or its exit status.
func TestHosts(t *testing.T) {
	if *program == "" {
		*program = filepath.Join(t.TempDir(), "provision")
		build := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", *program, "github.com/kehuo/provision/cmd/provision")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("the program cannot be built: %v\n%s", err, out)
		}
	}
	visitor := visitortest.Build(t)
	lines := make([]string, len(matrix))
	t.Run("matrix", func(t *testing.T) {
		for i, r := range matrix {
			if !r.always && !*all {
				continue
			}
			t.Run(r.engine+"-"+r.system, func(t *testing.T) {
				t.Parallel()
				c := &cycle{t: t, row: r, visitor: visitor, cells: map[string]string{}}
				defer func() { lines[i] = c.line() }()
				c.run()
			})
		}
	})
	fmt.Println("\n| host | engine | userland | SSH server | " + strings.Join(phases, " | ") + " | out of reach | slowest answer |")
	fmt.Println("|---" + strings.Repeat("|---", 5+len(phases)) + "|")
	for _, line := range lines {
		if line != "" {
			fmt.Println(line)
		}
	}
}

// phases are the columns of the cycle; seconds in them are the program's own, from its start to its end.
var phases = []string{"deploy", "again", "change", "status", "doctor", "rollback", "stolen port", "down"}

// cycle is the program's whole cycle on one host.
type cycle struct {
	t       *testing.T
	row     row
	host    sandbox.Host
	visitor string
	cells   map[string]string
}

func (c *cycle) run() {
	c.host = sandboxtest.Host(c.t, sandbox.Options{Engine: c.row.engine, System: c.row.system})
	c.cells["engine"] = c.engine("version", "--format", "{{.Client.Version}}")
	c.cells["userland"] = c.exec("if [ -x /usr/bin/dpkg-query ]; then sort --version; else busybox; fi 2>&1 | sed -n '1s/ (.*)//;s/^sort/coreutils/;s/ multi-call.*//;1p'")
	c.cells["SSH server"] = c.banner()
	c.pings()

	if c.row.refused != "" {
		if out, code := c.provision("deploy", "--yes"); code == 0 || !strings.Contains(out, c.row.refused) {
			c.t.Errorf("the program says nothing of %s, and ends with status %d:\n%s", c.row.refused, code, out)
		}
		c.cells["deploy"] += ", as it should"
		return
	}
	c.ok("deploy", "--yes")
	if out := c.ok("again", "--yes"); !strings.Contains(out, "Done: 0 changed") {
		c.t.Errorf("the second run has something to do:\n%s", out)
	}

	c.write("app/release.txt", "two")
	many := visitortest.Visit(c.t, c.visitor, c.url(), 20*time.Millisecond)
	out := c.ok("change", "--yes")
	seen := many.Stop()
	if strings.Contains(out, "Done: 0 changed") {
		c.t.Errorf("a changed file changed nothing:\n%s", out)
	}
	c.cells["out of reach"] = fmt.Sprintf("%d ms", seen.Down().Milliseconds())
	c.t.Logf("out of reach: %v", seen.Outages)

	c.ok("status", "status")
	c.ok("doctor", "doctor")
	one := visitortest.VisitPatiently(c.t, c.visitor, c.url())
	c.ok("rollback", "rollback", "--yes")
	c.waited(one.Stop())
	if c.row.thief {
		c.stolen()
	}
	if c.row.builders {
		c.builds()
	}
	c.ok("down", "down", "--yes", "--images", "--files")
	if left := c.engine("ps", "--all", "--quiet") + c.exec("ls -A /home/kevin/dev 2>/dev/null || :"); left != "" {
		c.t.Errorf("down left %s", left)
	}
}

// waited judges what a visitor saw who asks for one page after another: a request in the gap is refused, or its first packet is
// lost and sent again after a second (engine 28 and later).
func (c *cycle) waited(seen visitortest.Report) {
	c.t.Helper()
	c.cells["slowest answer"] = fmt.Sprintf("%d ms", seen.Slowest.Milliseconds())
	c.t.Logf("one after another: %d visits, the slowest answer after %v, out of reach: %v", seen.Visits, seen.Slowest, seen.Outages)
	if seen.Visits < 20 || seen.Wrong() > 0 {
		c.t.Errorf("a visitor who asks for one page after another saw %+v", seen)
	}
	for _, outage := range seen.Outages {
		if strings.Contains(outage.Why, context.DeadlineExceeded.Error()) {
			c.t.Errorf("a connection made in the gap is neither refused nor answered: %v", outage)
		}
	}
}

// stolen lets somebody take port 80 in the moment in which it is free, and give it back later.
func (c *cycle) stolen() {
	c.exec(`nohup sh -c 'until nc -l -k 80; do sleep 0.005; done' >/dev/null 2>&1 & echo $! >/run/thief`)
	c.write("app/release.txt", "three")
	out, code := c.provision("stolen port", "--yes")
	serves := c.serves()
	if (code == 4) != serves || code != 4 && code != 1 {
		c.t.Errorf("somebody took port 80: exit status %d, and the site serves: %v\n%s", code, serves, out)
	}
	c.cells["stolen port"] = fmt.Sprintf("exit %d", code)
	if out := c.ok("status", "status"); !serves && !strings.Contains(out, "port 80") {
		c.t.Errorf("the site has lost its ports, and status says nothing of it:\n%s", out)
	}
	c.exec(`kill $(cat /run/thief); kill $(pidof nc.openbsd nc) 2>/dev/null; rm /run/thief`)
	var status struct{ Drift []string }
	if out := c.ok("status", "status", "--json"); json.Unmarshal([]byte(out), &status) != nil || !serves && len(status.Drift) == 0 {
		c.t.Errorf("the port is free again, the site does not serve, and status shows no drift:\n%s", out)
	}
	if out, code := c.provision("mended", "--yes"); code != 0 || !c.serves() {
		c.t.Errorf("the port is free again, and the next run ends with status %d; the site serves: %v\n%s", code, c.serves(), out)
	} else {
		c.cells["stolen port"] += ", then mended"
	}
	c.ok("again", "--yes")
}

// serves tells whether both ports of the site answer.
func (c *cycle) serves() bool {
	client := http.Client{
		Timeout:       5 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for scheme, want := range map[string]int{"http": http.StatusMovedPermanently, "https": http.StatusOK} {
		response, err := client.Get(scheme + "://" + c.host.Address + "/ping")
		if err != nil {
			c.t.Logf("%s: %v", scheme, err)
			return false
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			c.t.Logf("%s: %s", scheme, response.Status)
			return false
		}
	}
	return true
}

// ok is provision, which has to end well.
func (c *cycle) ok(phase string, args ...string) string {
	c.t.Helper()
	out, code := c.provision(phase, args...)
	if code != 0 {
		c.t.Fatalf("%s: exit status %d\n%s", phase, code, out)
	}
	return out
}

// provision runs the program as a script does, and notes how it ended.
func (c *cycle) provision(phase string, args ...string) (string, int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, *program, append(args, "--inventory", c.host.Inventory, "--log-file", os.DevNull, "--lang", "en")...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	begun := time.Now()
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		c.cells[phase] = "no end"
		c.t.Fatalf("%s: %v\n%s", phase, err, out.String())
	}
	c.cells[phase] = fmt.Sprintf("%.1f s", time.Since(begun).Seconds())
	if code := command.ProcessState.ExitCode(); code != 0 {
		c.cells[phase] = fmt.Sprintf("exit %d", code)
	}
	return out.String(), command.ProcessState.ExitCode()
}

// engine runs a command of the host's engine, past the program.
func (c *cycle) engine(args ...string) string {
	c.t.Helper()
	return c.docker(append([]string{"exec", c.host.Container, "/bin/sh", "/etc/sandbox/docker"}, args...))
}

// exec runs a script as root on the host.
func (c *cycle) exec(script string) string {
	c.t.Helper()
	return c.docker([]string{"exec", c.host.Container, "/bin/sh", "-c", script})
}

func (c *cycle) docker(args []string) string {
	c.t.Helper()
	var complaint strings.Builder
	command := exec.CommandContext(c.t.Context(), "docker", args...)
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		c.t.Fatalf("docker %q: %v: %s", args, err, complaint.String())
	}
	return strings.TrimSpace(string(out))
}

// banner is how the SSH server greets, without the protocol's version.
func (c *cycle) banner() string {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(c.host.Address, "22"), 10*time.Second)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	server, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "SSH-2.0-"), " ")
	return strings.Replace(server, "_", " ", 1)
}

// pings gives the site a page that costs the application nothing.
func (c *cycle) pings() {
	file := filepath.Join(c.host.Site, "resource/default.conf")
	content, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	text := strings.Replace(string(content), "    location / {", "    location = /ping { return 200; }\n\n    location / {", 1)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cycle) write(name, text string) {
	if err := os.WriteFile(filepath.Join(c.host.Site, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cycle) url() string { return "https://" + c.host.Address + "/ping" }

// line is the host's row of the table.
func (c *cycle) line() string {
	cells := []string{c.row.engine + ", " + c.row.system}
	for _, column := range append([]string{"engine", "userland", "SSH server"}, append(phases, "out of reach", "slowest answer")...) {
		cell := c.cells[column]
		if cell == "" {
			cell = "–"
		}
		cells = append(cells, cell)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}
