//go:build bare

package renewal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/shell"
)

// container is a sandbox host, past SSH and as root.
type container string

func (c container) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	var out bytes.Buffer
	err := machine{}.Run(ctx, remote.Command{
		Argv: []string{"docker", "exec", "-i", string(c), "sh", "-c", string(cmd.Script)}, Stdin: cmd.Stdin, Stdout: &out,
	})
	return out.Bytes(), err
}

func (c container) Root(ctx context.Context, cmd remote.Command) error {
	_, err := c.Exec(ctx, cmd)
	return err
}

func (container) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return machine{}.Dial(ctx, network, address)
}

func (c container) sh(t *testing.T, script shell.Text) string {
	t.Helper()
	out, err := c.Exec(t.Context(), remote.Command{Script: script})
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestSystemdRunsTheTimer installs the timer on a host that systemd runs, has it run, and removes it.
func TestSystemdRunsTheTimer(t *testing.T) {
	host := container(sandboxtest.Host(t, sandbox.Options{Bare: true, Name: "t-" + strings.ToLower(rand.Text()[:10]), System: "debian-systemd"}).Container)
	deadline := time.Now().Add(time.Minute)
	for exec.CommandContext(t.Context(), "docker", "exec", string(host), "systemctl", "is-active", "timers.target").Run() != nil {
		if time.Now().After(deadline) {
			t.Fatal("systemd does not come up")
		}
		time.Sleep(200 * time.Millisecond)
	}
	wanted := timerFor(t, Systemd)
	wanted.User = "root"
	var program bytes.Buffer
	w := gzip.NewWriter(&program)
	if _, err := w.Write([]byte("#!/bin/sh\necho ran >>\"${0%/*}/ran\"\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wanted.Program = program.Bytes()
	look := func() Found {
		t.Helper()
		return ParseFound([]byte(host.sh(t, Look(wanted.StateDir, wanted.Container, true))))
	}
	text, err := wanted.Text()
	if err != nil {
		t.Fatal(err)
	}
	found := look()
	if found.Scheduler != Systemd || found.Installed != "" {
		t.Fatalf("found %+v", found)
	}
	const unit = "/etc/systemd/system/provision-renew-myweb_https"
	host.sh(t, "echo '# somebody else' >"+unit+".timer")
	if err := wanted.Install(t.Context(), host, "host", found); err == nil || host.sh(t, "cat "+unit+".timer") != "# somebody else" {
		t.Errorf("a unit of somebody else's was replaced: %v", err)
	}
	host.sh(t, "rm "+unit+".timer")
	for range 2 { // once more changes nothing
		if err := wanted.Install(t.Context(), host, "host", found); err != nil {
			t.Fatal(err)
		}
		if found = look(); found.Installed != text {
			t.Errorf("installed is\n%s\nwanted\n%s", found.Installed, text)
		}
	}
	if timers := host.sh(t, "systemctl list-timers --no-legend provision-renew-myweb_https.timer"); !strings.Contains(timers, "provision-renew-myweb_https.service") {
		t.Errorf("the timers are %q", timers)
	}
	host.sh(t, "systemctl start provision-renew-myweb_https.service")
	if ran := host.sh(t, "cat '/home/kevin/.my 100% site.provision/renew/ran'"); ran != "ran" {
		t.Errorf("it ran %q", ran)
	}
	if err := Remove(t.Context(), host, "host", wanted.Directory, wanted.StateDir, wanted.Container, found); err != nil {
		t.Fatal(err)
	}
	if left := host.sh(t, "ls -d "+unit+"* /home/kevin/.my*/renew 2>/dev/null; systemctl list-timers --no-legend 'provision-*'"); left != "" {
		t.Errorf("left: %s", left)
	}
}
