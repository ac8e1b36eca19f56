//go:build bare

package prepare_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/prepare"
)

// bare is a host without Docker and the inventory that prepares it.
type bare struct {
	t       *testing.T
	host    sandbox.Host
	options sandbox.Options
	prepare string // the section of the inventory, as YAML
	source  string // the sample site
}

func newBare(t *testing.T, options sandbox.Options) *bare {
	t.Helper()
	options.Bare, options.Name = true, "t-"+strings.ToLower(rand.Text()[:10])
	b := &bare{t: t, host: sandboxtest.Host(t, options), options: options, prepare: "{}", source: filepath.Join(t.TempDir(), "site")}
	if err := sandbox.WriteSample(b.source); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bare) load() *inventory.Inventory {
	b.t.Helper()
	text := fmt.Sprintf("site: {source: %s, domain: kevinhuo.cool}\nprepare: %s\nhosts:\n  - {name: cloud, address: %s, user: kevin, identity: %s, known_hosts: %s, prepare_as: %s}\n",
		b.source, b.prepare, b.host.Address, b.host.Identity, b.host.KnownHosts, b.host.PrepareAs)
	file := filepath.Join(filepath.Dir(b.source), "inventory.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	inv, err := inventory.Load(file)
	if err != nil {
		b.t.Fatal(err)
	}
	return inv
}

// record keeps the events of a run.
type record struct {
	mu     sync.Mutex
	text   strings.Builder
	codes  []string
	result provision.RunFinished
}

func (r *record) sink(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch body := e.Body.(type) {
	case provision.StepOutput:
		fmt.Fprintf(&r.text, "%s | %s\n", e.Step, body.Text)
	case provision.Finding:
		fmt.Fprintf(&r.text, "%s %s %s: %s\n", e.Step, body.Severity, body.Code, body.Evidence)
		r.codes = append(r.codes, body.Code)
	case provision.StepFinished:
		fmt.Fprintf(&r.text, "%s %s %v\n", e.Step, body.Status, body.Err)
	case provision.PlanReady:
		for _, c := range body.Changes {
			fmt.Fprintf(&r.text, "plan: %s %s\n", c.Step, c.Action)
		}
	}
}

func (r *record) has(code string) bool {
	for _, c := range r.codes {
		if c == code {
			return true
		}
	}
	return false
}

// run prepares the host.
func (b *bare) run(decider provision.Decider) *record {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	defer cancel()
	inv, r := b.load(), &record{}
	p := &prepare.Preparation{Inventory: inv, Words: language.New(language.English)}
	r.result = provision.Run(ctx, []provision.Target{p.NewHost(inv.Hosts[0], false)}, provision.Options{Sink: r.sink, Decider: decider})
	return r
}

// changes prepares the host, which has to work and to change that many things; another run has nothing to do then.
func (b *bare) changes(wanted int) *record {
	b.t.Helper()
	r := b.run(provision.Headless{})
	if r.result.ExitCode != 0 || wanted >= 0 && r.result.Changed != wanted {
		b.t.Fatalf("changed %d, exit status %d:\n%s", r.result.Changed, r.result.ExitCode, &r.text)
	}
	if again := b.run(provision.Headless{}); again.result.Changed != 0 || again.result.ExitCode != 0 {
		b.t.Fatalf("the second run changed %d, exit status %d:\n%s", again.result.Changed, again.result.ExitCode, &again.text)
	}
	return r
}

// do runs a script on the host as root, from outside.
func (b *bare) do(script string) string {
	b.t.Helper()
	out, err := exec.CommandContext(b.t.Context(), "docker", "exec", b.host.Container, "sh", "-c", script).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s: %v: %s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// answers gives a secret for each kind of question, and a choice for the others.
type answers struct {
	secret string
	choice string
	asked  []provision.DecisionKind
}

func (a *answers) Decide(_ context.Context, d provision.Decision) (provision.Answer, error) {
	a.asked = append(a.asked, d.Kind)
	if d.Secret {
		return provision.Answer{Secret: provision.NewSecret(a.secret)}, nil
	}
	if d.Kind == provision.DecidePlan {
		return provision.Answer{Choice: provision.AnswerYes}, nil
	}
	return provision.Answer{Choice: a.choice}, nil
}

// TestBareHost takes one host from root's key to a site that is live.
func TestBareHost(t *testing.T) {
	b := newBare(t, sandbox.Options{})
	b.do(`mkdir -p /etc/docker && echo '{"debug": false, "bip": "10.213.0.1/24"}' >/etc/docker/daemon.json`)
	r := b.changes(5)
	for _, want := range []string{"plan: prepare-03-user", "plan: prepare-04-docker install the Docker Engine", "add kevin to the group docker"} {
		if !strings.Contains(r.text.String(), want) {
			t.Errorf("the plan has no %q:\n%s", want, &r.text)
		}
	}
	if got := b.do("cat /etc/docker/daemon.json"); !strings.Contains(got, "10.213.0.1/24") || !strings.Contains(got, "live-restore") {
		t.Errorf("daemon.json is %s", got)
	}
	if got := b.do("docker info --format '{{.LiveRestoreEnabled}}'; su kevin -c 'docker ps -q'"); got != "true" {
		t.Errorf("the engine says %q", got)
	}
	t.Run("drift", b.drift)
	t.Run("packages", b.packages)
	t.Run("containers that run", b.running)
	t.Run("deploy", b.deploy)
}

// drift breaks one thing after the other.
func (b *bare) drift(t *testing.T) {
	b.t = t
	for _, test := range []struct{ name, script string }{
		{"out of the group", "gpasswd -d kevin docker"},
		{"a home that others may write to", "chmod 777 /home/kevin"},
		{"root's .ssh", "chown root /home/kevin/.ssh"},
		{"no key", ": >/home/kevin/.ssh/authorized_keys"},
		{"no live-restore", `sed -i '/live-restore/d; s/},$/}/' /etc/docker/daemon.json; grep -q bip /etc/docker/daemon.json`},
		{"no daemon.json", "rm /etc/docker/daemon.json"},
		{"the engine is down", "service docker stop; ! docker version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := *b
			b.t = t
			b.do(test.script)
			b.changes(1)
		})
	}
	b.prepare = "{user: {sudo: true}}"
	b.changes(1)
	if got := b.do("su kevin -c 'sudo -n id -u'"); got != "0" {
		t.Errorf("kevin is %s", got)
	}
	b.prepare = "{}"
	b.changes(1)
	// The user's own link at the place of .ssh leads root nowhere.
	b.do("mv /home/kevin/.ssh /home/kevin/mine && mkdir /root/trap && ln -s /root/trap /home/kevin/.ssh")
	if r := b.run(provision.Headless{}); r.result.ExitCode == 0 {
		t.Errorf("a link in the place of .ssh is fine:\n%s", &r.text)
	}
	if got := b.do("ls -A /root/trap; stat -c %U /root/trap"); got != "root" {
		t.Errorf("root wrote into %q", got)
	}
	b.do("rm /home/kevin/.ssh && mv /home/kevin/mine /home/kevin/.ssh")
	b.changes(0)
}

// packages has the package manager fail in each way that hosts have.
func (b *bare) packages(t *testing.T) {
	b.t = t
	b.prepare = "{packages: [tree]}"
	failing := func(code, broken, mended string) {
		t.Helper()
		b.do(broken)
		r := b.run(provision.Headless{})
		if r.result.ExitCode != provision.ExitFailed || !r.has(code) {
			t.Errorf("%s: exit status %d, %v:\n%s", broken, r.result.ExitCode, r.codes, &r.text)
		}
		b.do(mended)
	}
	failing("packages.mirror-unreachable", "mv /etc/apt/sources.list /root && echo 'deb http://127.0.0.1:9/debian bookworm main' >/etc/apt/sources.list && rm -rf /var/lib/apt/lists/*",
		"mv /root/sources.list /etc/apt/")
	failing("packages.disk-full", "mount -t tmpfs -o size=16k tmpfs /var/cache/apt/archives", "umount /var/cache/apt/archives")
	// Another one holds dpkg's lock for a moment: it is waited for, and said.
	hold := exec.CommandContext(t.Context(), "docker", "exec", b.host.Container, "perl", "-e",
		`use Fcntl; open F, ">", "/var/lib/dpkg/lock-frontend"; $l = pack("ssx4qqlx4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; $| = 1; print "held\n"; sleep 4`)
	out, err := hold.StdoutPipe()
	if err != nil || hold.Start() != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if r := b.changes(1); !strings.Contains(r.text.String(), "Waiting for cache lock") || !strings.Contains(r.text.String(), "perl") {
		t.Errorf("nobody was waited for:\n%s", &r.text)
	}
	_ = hold.Wait()
	// An installation that was interrupted between unpacking and configuring.
	b.do("cd /tmp && apt-get download -q htop libnl-3-200 libnl-genl-3-200 >/dev/null 2>&1; dpkg --unpack htop*.deb libnl*.deb >/dev/null; dpkg --audit | grep -q htop")
	b.changes(1)
	if got := b.do("dpkg-query -W -f '${db:Status-Status}' htop"); got != "installed" {
		t.Errorf("htop is %s", got)
	}
	b.prepare = "{}"
}

// running has the engine's settings change while a container runs: nothing interrupts it unasked.
func (b *bare) running(t *testing.T) {
	b.t = t
	b.do(`tar -ch -C / usr/bin/sleep lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/libc.so.6 | docker import - sleeper >/dev/null && docker run -d --name sleeper sleeper /usr/bin/sleep 1000`)
	b.prepare = `{docker: {daemon: {log-opts: {max-size: 5m, max-file: "3"}}}}`
	before := b.do("cat /var/run/docker.pid; docker inspect -f '{{.State.StartedAt}}' sleeper")
	r := b.changes(1)
	if after := b.do("cat /var/run/docker.pid; docker inspect -f '{{.State.StartedAt}}' sleeper"); after != before || !r.has("prepare.restart-due") {
		t.Errorf("%s became %s, %v:\n%s", before, after, r.codes, &r.text)
	}
	b.prepare = `{docker: {daemon: {log-opts: {max-size: 6m, max-file: "3"}}}}`
	yes := &answers{choice: provision.AnswerYes}
	if r := b.run(yes); r.result.Changed != 1 || r.has("prepare.restart-due") {
		t.Errorf("asked %v:\n%s", yes.asked, &r.text)
	}
	if after := b.do("docker inspect -f '{{.State.StartedAt}} {{.State.Running}}' sleeper"); !strings.HasSuffix(after, "true") {
		t.Errorf("the container is %s", after)
	}
	// An engine that refuses its settings gets the old ones back.
	old := b.do("cat /etc/docker/daemon.json")
	b.prepare = "{docker: {daemon: {no-such-setting: true}}}"
	if r := b.run(provision.Headless{}); r.result.ExitCode != provision.ExitFailed || b.do("cat /etc/docker/daemon.json") != old {
		t.Errorf("exit status %d:\n%s\n%s", r.result.ExitCode, b.do("cat /etc/docker/daemon.json"), &r.text)
	}
	b.do("docker version && docker rm -f sleeper")
	b.prepare = "{docker: {daemon: {log-opts: {max-size: 6m, max-file: \"3\"}}}}"
	b.changes(0)
}

// deploy deploys the sample site.
func (b *bare) deploy(t *testing.T) {
	b.t = t
	if _, err := sandbox.Up(t.Context(), b.options); err != nil { // the base image, for no registry may be in reach
		t.Fatal(err)
	}
	inv := b.load()
	d, err := steps.NewDeployment(t.Context(), inv, language.New(language.English), steps.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	result := provision.Run(t.Context(), []provision.Target{d.NewHost(inv.Hosts[0], false, "test")}, provision.Options{Sink: r.sink})
	if result.ExitCode != 0 || result.Changed == 0 {
		t.Errorf("exit status %d:\n%s", result.ExitCode, &r.text)
	}
	b.changes(0)
}

// TestLogins prepares a host as the image's first user, who has a password for sudo, and as root with a password.
func TestLogins(t *testing.T) {
	b := newBare(t, sandbox.Options{System: "debian-systemd", Login: "ubuntu", Sudo: sandbox.SudoWithPassword})
	b.prepare = "{user: {sudo: true}}"
	r := b.run(provision.Headless{})
	if r.result.ExitCode == 0 || r.result.Changed != 0 {
		t.Errorf("without a password: exit status %d:\n%s", r.result.ExitCode, &r.text)
	}
	wrong := &answers{secret: "wrong"}
	if r := b.run(wrong); r.result.ExitCode == 0 || r.result.Changed != 0 || b.do("id kevin 2>&1 || :") != "id: 'kevin': no such user" {
		t.Errorf("with a wrong password: exit status %d, asked %v:\n%s", r.result.ExitCode, wrong.asked, &r.text)
	}
	right := &answers{secret: sandbox.Password}
	if r := b.run(right); r.result.ExitCode != 0 || len(right.asked) != 2 { // the plan, and sudo's password once
		t.Fatalf("exit status %d, asked %v:\n%s", r.result.ExitCode, right.asked, &r.text)
	}
	if got := b.do("systemctl is-enabled docker && systemctl is-active docker"); got != "enabled\nactive" {
		t.Errorf("docker is %q", got)
	}
	b.do("systemctl disable --now docker docker.socket")
	if r := b.run(right); r.result.ExitCode != 0 || r.result.Changed != 1 {
		t.Errorf("exit status %d, changed %d:\n%s", r.result.ExitCode, r.result.Changed, &r.text)
	}
	// The deploy user goes on where the first user is gone; without root it sees little, and changes nothing.
	b.do("userdel ubuntu")
	b.changes(0)
	b.do("rm /etc/sudoers.d/90-provision")
	if r := b.changes(0); !r.has("prepare.not-root") {
		t.Errorf("%v:\n%s", r.codes, &r.text)
	}
}

// TestPassword logs in as root by a password that is asked for.
func TestPassword(t *testing.T) {
	b := newBare(t, sandbox.Options{SSHD: []string{"PasswordAuthentication yes"}, System: "debian-13"})
	b.do("rm /root/.ssh/authorized_keys")
	if r := b.run(&answers{secret: "wrong"}); r.result.ExitCode != provision.ExitUnreachable || !r.has("connect.auth-refused") {
		t.Errorf("exit status %d, %v:\n%s", r.result.ExitCode, r.codes, &r.text)
	}
	right := &answers{secret: sandbox.Password}
	if r := b.run(right); r.result.ExitCode != 0 || r.result.Changed == 0 {
		t.Fatalf("exit status %d, asked %v:\n%s", r.result.ExitCode, right.asked, &r.text)
	}
	if got := b.do("docker buildx version"); got == "" {
		t.Error("there is no buildx")
	}
}
