//go:build host

package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
)

// A host that lets us in and runs no command is told apart by what it does in place of one, with the file and the line.
func TestHostsThatRunNoCommand(t *testing.T) {
	jail, err := os.MkdirTemp("/run", "jail") // sshd wants every folder above to be root's alone
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(jail) })
	check(t, os.Chmod(jail, 0o755))
	guard := "# exec nothing\ncase $- in *i*) echo interactive; exit;; esac\n"
	for _, c := range []struct {
		name    string
		startup string   // .bashrc
		sshd    []string // lines of its configuration
		code    string
		says    string // in the sentence
		finding string // the code of the finding; "": the same
	}{
		{name: "another shell", startup: guard + "\n[ -x /bin/dash ] && exec dash\n", code: "connect.startup-shell", says: "/.bashrc:4:[ -x /bin/dash ] && exec dash"},
		{name: "another shell that is no exec", startup: "sh\n", code: "connect.startup-shell", says: "?"},
		{name: "read", startup: "umask 022\nread -p 'Which project? ' p\n", code: "connect.startup-waits", says: "/.bashrc:2:read -p"},
		{name: "read in a loop", startup: "while read l; do :; done\n", code: "connect.startup-waits", says: "/.bashrc:1:while read"},
		{name: "exit", startup: guard + "\nexit\n", code: "connect.startup-ends", says: "~/.bashrc:2:"},
		{name: "exit without SFTP", startup: "exit 3\n", sshd: []string{"Subsystem sftp /usr/lib/openssh/sftp-server", "AcceptEnv LC_*"}, code: "connect.startup-ends", says: "exit status 3: -): ~/.bashrc"},
		{name: "exit, nothing to be had", startup: "exit 3\n", sshd: []string{"Subsystem sftp /usr/lib/openssh/sftp-server"}, code: "connect.no-command", says: "exit status 3: -"},
		{name: "tmux", startup: "exec sh -c 'echo open terminal failed: not a terminal >&2; exit 1' tmux\n", code: "connect.startup-ends", says: "open terminal failed: not a terminal): ~/.bashrc:1:exec"},
		{name: "only SFTP", sshd: []string{"ForceCommand internal-sftp"}, code: "connect.sftp-only"},
		{name: "a folder of its own", sshd: []string{"ChrootDirectory " + jail}, code: "connect.chroot"},
		{name: "SFTP in a folder of its own", sshd: []string{"ChrootDirectory " + jail, "ForceCommand internal-sftp"}, code: "connect.sftp-only"},
		{name: "no login shell", sshd: []string{"ForceCommand exec /usr/sbin/nologin"}, code: "connect.no-command", says: "not available", finding: "connect.account-locked"},
		{name: "an expired password", sshd: []string{"ForceCommand echo WARNING: Your password has expired.; exit 1"}, code: "connect.no-command", finding: "connect.account-locked"},
		{name: "another command", sshd: []string{"ForceCommand echo welcome to the menu"}, code: "connect.no-command", says: "welcome to the menu"},
		{name: "nothing", sshd: []string{"ForceCommand false"}, code: "connect.no-command", says: "exit status 1: -"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			check(t, os.WriteFile(filepath.Join(home, ".bashrc"), []byte(c.startup), 0o600))
			if !strings.Contains(strings.Join(c.sshd, "\n"), "ftp") {
				c.sshd = append(c.sshd, "Subsystem sftp internal-sftp -d "+home)
			}
			d := newDaemon(t, append(c.sshd, "SetEnv HOME="+home)...)
			known := filepath.Join(home, "known")
			check(t, os.WriteFile(known, []byte(d.knownLine()+"\n"), 0o600))
			client, err := dial(t, remote.Config{Name: "web", Address: "127.0.0.1", Port: d.port, User: "root", Identity: d.key, KnownHosts: known,
				SSHConfig: "none", Timeout: 8 * time.Second})
			check(t, err)
			err = client.Run(t.Context(), remote.Command{Argv: []string{"true"}})
			if !errors.As(err, new(*remote.DialError)) || provision.CodeOf(err) != c.code || !strings.Contains(words(err), c.says) {
				t.Fatalf("got %v: %s; want %s", err, words(err), c.code)
			}
			if c.finding == "" {
				c.finding = c.code
			}
			for _, tag := range language.Tags() {
				found := diagnose.Failure(err, nil, diagnose.Place{Where: diagnose.Connect, Host: "web", User: "root"}, language.New(tag))
				if found[0].Code != c.finding || found[0].Cause == "" || found[0].Fix == "" || strings.Contains(found[0].Cause+found[0].Fix, "%!") {
					t.Errorf("%s: %+v, want %s", tag, found[0], c.finding)
				}
			}
		})
	}
}
