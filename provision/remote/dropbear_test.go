//go:build host

package remote_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/shell"
)

// newDropbear starts Dropbear with OpenSSH's sftp-server, and is what reaches it.
func newDropbear(t *testing.T) remote.Config {
	t.Helper()
	if err := startMachine(); err != nil {
		t.Fatalf("no sandbox host: %v", err)
	}
	port := firstPort + int(portsGiven.Add(1)) - 1
	key, err := onMachine(fmt.Sprintf(`
[ -x /usr/sbin/dropbear ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dropbear-bin openssh-sftp-server; } >&2
mkdir -p /etc/test/%[1]d; cd /etc/test/%[1]d
dropbearkey -t ed25519 -f key >/dev/null 2>&1
dropbear -E -p %[1]d -r key -P $PWD/pid 2>log
dropbearkey -y -f key | grep ^ssh-`, port))
	check(t, err)
	t.Cleanup(func() {
		log, err := onMachine(fmt.Sprintf("cd /etc/test/%d; kill $(cat pid); tail -20 log", port))
		check(t, err)
		if t.Failed() {
			t.Logf("Dropbear said:\n%s", log)
		}
	})
	_, key, _ = strings.Cut(key, "ssh-ed25519 ")
	known := filepath.Join(t.TempDir(), "known_hosts")
	check(t, os.WriteFile(known, []byte(fmt.Sprintf("[%s]:%d ssh-ed25519 %s\n", machine.Address, port, strings.Fields(key)[0])), 0o600))
	return remote.Config{Name: "test", Address: machine.Address, Port: port, User: machine.User, Identity: machine.Identity,
		KnownHosts: known, SSHConfig: "none", Timeout: 10 * time.Second}
}

// persist does work as a run does, over one link after another: Dropbear 2022.83 may end by an assertion of its own where sessions
// end side by side.
func persist(t *testing.T, c *remote.Client, work func() error) {
	t.Helper()
	err := work()
	for losses := (&remote.RetryBudget{}); remote.IsLost(err); err = work() {
		check(t, c.Recover(t.Context(), losses, err))
	}
	check(t, err)
}

// TestDropbear: it takes command lines of 9,000 bytes, and closes a session that runs nothing yet when another one's command ends.
func TestDropbear(t *testing.T) {
	config := newDropbear(t)
	c, err := dial(t, config)
	check(t, err)
	long := ": " + shell.Quote(strings.Repeat("it's long\n", 2000)) + "\n"
	t.Run("commands side by side", func(t *testing.T) {
		var running sync.WaitGroup
		for i := range 8 {
			running.Go(func() {
				for n := range 10 {
					var out []byte
					persist(t, c, func() (err error) {
						out, err = c.Output(t.Context(), remote.Command{Script: shell.Text(fmt.Sprintf("echo %d.%d", i, n))})
						return err
					})
					if string(out) != fmt.Sprintf("%d.%d\n", i, n) {
						t.Errorf("got %q", out)
					}
				}
			})
		}
		running.Wait()
	})
	t.Run("a long script", func(t *testing.T) {
		if got := script(t, c, long+"echo done"); got != "done\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a long script with input", func(t *testing.T) {
		sent := strings.Repeat("0123456789abcdef", 300_000)
		out, err := c.Output(t.Context(), remote.Command{Script: shell.Text(long + "exec cat"), Stdin: strings.NewReader(sent), Limit: 8 << 20})
		check(t, err)
		if string(out) != sent {
			t.Errorf("%d bytes came back of %d", len(out), len(sent))
		}
	})
	t.Run("a long script that is given up", func(t *testing.T) {
		ctx, out := contextUntilOutput(t)
		err := c.Run(ctx, remote.Command{Script: shell.Text(long + "echo $$; sleep 1000"), Stdout: out})
		if ctx.Err() == nil || err == nil {
			t.Errorf("got %v", err)
		}
		if left := script(t, c, stillThere(out.String())); left != "" {
			t.Errorf("the process %s lives on", left)
		}
	})
	t.Run("a long script of a job", func(t *testing.T) {
		var lines []string
		check(t, c.RunJob(t.Context(), remote.Job{StateDir: "/home/kevin/dropbear", ID: "a", Script: shell.Text(long + "echo job")},
			safetext.EachLine(func(line string) { lines = append(lines, line) })))
		if len(lines) != 1 || lines[0] != "job" {
			t.Errorf("got %q", lines)
		}
	})
	t.Run("SFTP beside commands that end", func(t *testing.T) {
		for range 5 {
			s, err := c.SFTP(t.Context())
			check(t, err)
			f, err := s.Create("/home/kevin/by-sftp")
			check(t, err)
			script(t, c, "true")
			_, err = io.Copy(f, bytes.NewReader(make([]byte, 1<<20)))
			check(t, err)
			check(t, f.Close())
			check(t, s.Close())
		}
	})
	t.Run("as root, with a password", func(t *testing.T) {
		_, err := onMachine("install -d -o wheel -m 700 /home/wheel/.ssh; install -o wheel -m 600 /home/kevin/.ssh/authorized_keys /home/wheel/.ssh/")
		check(t, err)
		as := config
		as.User = "wheel"
		asking(&person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}})(&as)
		c, err := dial(t, as)
		check(t, err)
		out, err := c.Output(t.Context(), remote.Command{Script: shell.Text(long + "id -u; cat"), Stdin: strings.NewReader("input"), Sudo: true})
		check(t, err)
		if string(out) != "0\ninput" {
			t.Errorf("got %q", out)
		}
	})
}
