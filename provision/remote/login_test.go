//go:build host

package remote_test

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/shell"
)

func TestPassword(t *testing.T) {
	s := newServer(t, "PasswordAuthentication yes")
	t.Run("third time lucky, and remembered", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {"wrong", "wronger", sandbox.Password}}}
		c := s.dial(identity(""), asking(p))
		if n := p.times(provision.DecidePassword); n != 3 || !p.asked[0].Secret {
			t.Errorf("asked %d times", n)
		}
		p.toldOfRefusal(t)
		loginAgain(t, c)
		if got := script(t, c, "id -un"); got != "kevin\n" || p.times(provision.DecidePassword) != 3 {
			t.Errorf("got %q after %d questions", got, p.times(provision.DecidePassword))
		}
	})
	t.Run("wrong", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {"a", "b", "c", "d"}}}
		_, err := s.try(identity(""), asking(p))
		wantFailure(t, err, "connect.auth-refused", "publickey, password", "check the user name and the password")
		if n := p.times(provision.DecidePassword); n != 3 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		_, err := s.try(identity(""))
		wantFailure(t, err, "connect.auth-refused", "publickey, password", "no key was offered")
	})
}

// TestPrompts logs in with a password that has expired: PAM asks for it, for it once more, and for a new one twice.
func TestPrompts(t *testing.T) {
	s := newServer(t, "KbdInteractiveAuthentication yes", "AuthenticationMethods keyboard-interactive")
	s.run("useradd --create-home --shell /bin/bash expired && echo expired:" + sandbox.Password + " | chpasswd && chage -d 0 expired")
	expired := func(c *remote.Config) { c.User = "expired" }
	const fresh = "An0ther-longPassword"
	p := &person{answers: map[provision.DecisionKind][]string{
		provision.DecidePassword: {sandbox.Password, sandbox.Password, fresh, fresh, fresh}}}
	c := s.dial(asking(p), expired)
	if got := script(t, c, "id -un"); got != "expired\n" || p.times(provision.DecidePassword) != 4 {
		t.Errorf("got %q after %+v", got, p.asked)
	}
	s.dial(asking(p), expired)
	if p.times(provision.DecidePassword) != 5 {
		t.Errorf("the new password did not do: %+v", p.asked)
	}
	_, err := s.try(expired)
	wantFailure(t, err, "connect.auth-refused", "keyboard-interactive", "--yes")
}

// TestPromptsInOneRound logs in at a server that asks for a password and a code at the same time.
func TestPromptsInOneRound(t *testing.T) {
	host := signerOf(t, filepath.Join(t.TempDir(), "host"))
	server := &ssh.ServerConfig{KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		answers, err := ask("Acme\x1b[31m Login", "Have your token ready.", []string{"Password: ", "Code: "}, []bool{false, true})
		if err == nil && !slices.Equal(answers, []string{"secret", "123456"}) {
			err = fmt.Errorf("got %q", answers)
		}
		return nil, err
	}}
	server.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if login, channels, requests, err := ssh.NewServerConn(conn, server); err == nil {
			go ssh.DiscardRequests(requests)
			go func() {
				for c := range channels {
					_ = c.Reject(ssh.Prohibited, "no")
				}
			}()
			_ = login.Wait()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {"secret"}, provision.DecideCode: {"123456"}}}
	c, err := remote.Dial(t.Context(), remote.Config{Name: "acme", Address: "127.0.0.1", Port: port, User: "u", SSHConfig: "none", Ask: p.ask,
		KnownHosts: filepath.Join(t.TempDir(), "known"), AcceptNewHostKey: true})
	check(t, err)
	check(t, c.Close())
	check(t, listener.Close())
	<-served
	if d := p.asked[0]; d.Question != "acme asks: Password:" || d.Detail != "Acme Login\nHave your token ready." || len(p.asked) != 2 {
		t.Errorf("asked %+v", p.asked)
	}
}

// Key and password, one after the other.
func TestTwoMethods(t *testing.T) {
	s := newServer(t, "PasswordAuthentication yes", "AuthenticationMethods publickey,password")
	p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {sandbox.Password}}}
	s.dial(asking(p))
	if n := p.times(provision.DecidePassword); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestTooManyKeys(t *testing.T) {
	s := newServer(t, "MaxAuthTries 3")
	dir := t.TempDir()
	var lines []string
	for i := range 6 {
		newKey(t, filepath.Join(dir, fmt.Sprint(i)))
		lines = append(lines, "IdentityFile "+filepath.Join(dir, fmt.Sprint(i)))
	}
	config := sshConfig(t, lines...)
	_, err := s.try(identity(""), config)
	wantFailure(t, err, "connect.too-many-auth-failures", "too many keys", "IdentitiesOnly")
	s.dial(config) // the inventory's key goes first
}

func TestSudo(t *testing.T) {
	s := newServer(t)
	as := func(user string) func(*remote.Config) { return func(c *remote.Config) { c.User = user } }
	whoami := remote.Command{Argv: []string{"sh", "-c", `id -un; cat; exit 3`}, Sudo: true, Stdin: strings.NewReader("input")}
	try := func(t *testing.T, c *remote.Client) {
		t.Helper()
		whoami.Stdin = strings.NewReader("input")
		out, err := c.Output(t.Context(), whoami)
		var ended *remote.ExitError
		if !errors.As(err, &ended) || ended.Code != 3 || string(out) != "root\ninput" {
			t.Errorf("got %q, %v", out, err)
		}
		out, err = c.Output(t.Context(), remote.Command{Script: "id -u; cat", Sudo: true})
		if err != nil || string(out) != "0\n" {
			t.Errorf("got %q, %v", out, err)
		}
	}
	problem := func(t *testing.T, err error, want string) {
		t.Helper()
		var refused *provision.Failure
		if !errors.As(err, &refused) || refused.Code != "connect.sudo" || provision.CodeOf(refused.Values[0].(error)) != "remote.sudo."+want {
			t.Errorf("got %v, not %s", err, want)
		}
		if text := words(err); strings.Contains(text, "%!") || !strings.Contains(text, "sudo") {
			t.Errorf("it says %q", text)
		}
	}
	t.Run("unasked", func(t *testing.T) { try(t, s.dial(as("free"))) })
	t.Run("with a password", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {"wrong", sandbox.Password}}}
		c := s.dial(as("wheel"), asking(p))
		try(t, c)
		try(t, c)
		if n := p.times(provision.DecideSudo); n != 2 {
			t.Errorf("asked %d times", n)
		}
		p.toldOfRefusal(t)
		// What sudo does not take must not reach the command.
		s.run("echo 'wheel ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/wheel")
		defer s.run("echo 'wheel ALL=(ALL) ALL' >/etc/sudoers.d/wheel")
		try(t, c)
		long := ": '" + strings.Repeat("x y\n", 30_000) + "'\ncat"
		out, err := c.Output(t.Context(), remote.Command{Script: shell.Text(long), Sudo: true, Stdin: strings.NewReader("only this")})
		if err != nil || string(out) != "only this" {
			t.Errorf("got %q, %v", out, err)
		}
	})
	t.Run("password in nobody's sight", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}}
		c := s.dial(as("wheel"), asking(p))
		out, err := c.Output(t.Context(), remote.Command{Script: "env; ps axww", Sudo: true})
		check(t, err)
		if strings.Contains(string(out), sandbox.Password) {
			t.Error("the password is among arguments or variables")
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		err := s.dial(as("wheel")).Run(t.Context(), whoami)
		problem(t, err, "password")
		var unanswered *provision.UnansweredError
		if !errors.As(err, &unanswered) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {"a", "b", "c"}}}
		problem(t, s.dial(as("wheel"), asking(p)).Run(t.Context(), whoami), "password")
	})
	t.Run("a password given a moment ago", func(t *testing.T) {
		s.run("echo 'Defaults:wheel timestamp_type=global' >/etc/sudoers.d/global")
		defer s.run("rm /etc/sudoers.d/global")
		c := s.dial(as("wheel"))
		script(t, c, "echo "+sandbox.Password+" | sudo -S -p '' true && sudo -n true")
		problem(t, c.Run(t.Context(), whoami), "password")
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}}
		c = s.dial(as("wheel"), asking(p))
		try(t, c)
		script(t, c, "sudo -K")
		try(t, c)
	})
	t.Run("not a sudoer", func(t *testing.T) {
		p := &person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}}
		problem(t, s.dial(asking(p)).Run(t.Context(), whoami), "forbidden")
	})
	t.Run("not a sudoer, nobody there", func(t *testing.T) { problem(t, s.dial().Run(t.Context(), whoami), "unlisted") })
	t.Run("docker alone", func(t *testing.T) {
		for rule, p := range map[string]*person{
			"NOPASSWD: /usr/bin/docker, /usr/bin/id": nil,
			"/usr/bin/docker":                        {answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}},
		} {
			s.run("echo 'kevin ALL=(ALL : ALL) " + rule + "' >/etc/sudoers.d/kevin")
			c := s.dial()
			if p != nil {
				c = s.dial(asking(p))
			}
			problem(t, c.Run(t.Context(), whoami), "limited")
		}
		s.run("rm /etc/sudoers.d/kevin")
	})
	t.Run("docker unasked, all else with a password", func(t *testing.T) {
		s.run("printf 'wheel ALL=(ALL : ALL) ALL\\nwheel ALL=(ALL) NOPASSWD: /usr/bin/docker\\n' >/etc/sudoers.d/wheel")
		defer s.run("echo 'wheel ALL=(ALL) ALL' >/etc/sudoers.d/wheel")
		try(t, s.dial(as("wheel"), asking(&person{answers: map[provision.DecisionKind][]string{provision.DecideSudo: {sandbox.Password}}})))
	})
	t.Run("no sudo", func(t *testing.T) {
		s.run("mv /usr/bin/sudo /usr/bin/sudo.away")
		defer s.run("mv /usr/bin/sudo.away /usr/bin/sudo")
		problem(t, s.dial().Run(t.Context(), whoami), "missing")
	})
	t.Run("cancelled", func(t *testing.T) {
		c := s.dial(as("free"))
		ctx, until := contextUntilOutput(t)
		err := c.Run(ctx, remote.Command{Script: "echo $$; sleep 1000", Sudo: true, Stdout: until})
		if !errors.Is(err, ctx.Err()) {
			t.Errorf("got %v", err)
		}
		if left := s.run(stillThere(until.String())); left != "" {
			t.Errorf("%s lives on", left)
		}
	})
	t.Run("a job", func(t *testing.T) {
		c := s.dial(as("free"))
		var said string
		var jobs []remote.JobState
		var err error
		check(t, c.RunJob(t.Context(), remote.Job{StateDir: "/home/free/state", ID: "x", Script: "id -un; sleep 1", Sudo: true}, func(lines string) {
			said = lines
			jobs, err = c.ListJobs(t.Context(), "/home/free/state", true)
		}))
		check(t, err)
		if said != "root" || len(jobs) != 1 || !jobs[0].Running {
			t.Errorf("it said %q; the jobs were %+v", said, jobs)
		}
	})
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	s := newServer(t, "PasswordAuthentication yes")
	p := &person{answers: map[provision.DecisionKind][]string{provision.DecidePassword: {"hunter2"}}}
	_, err := s.try(identity(""), asking(p))
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "hunter2") {
		t.Errorf("the password shows in %s", text)
	}
}

// A host that is going down or coming up says so and hangs up. It is not asked again at once, but after a lost link it is.
func TestNoLoginsAtTheMoment(t *testing.T) {
	s := newServer(t)
	client := s.dial()
	s.stop()
	s.start()
	s.run("echo 'System is booting up.' >/run/nologin")
	up := sync.OnceFunc(func() { s.run("rm -f /run/nologin") })
	defer up()
	dials := 0
	_, err := s.try(countDials(&dials))
	wantFailure(t, err, "connect.auth-refused", "System is booting up.")
	if dials != 1 {
		t.Errorf("%d connections", dials)
	}
	wantLost(t, client.Run(t.Context(), remote.Command{Script: "sleep 1000"}))
	back := make(chan error, 1)
	go func() { back <- client.Reconnect(t.Context()) }()
	select {
	case err := <-back:
		t.Fatalf("gave up: %v", err)
	case <-time.After(time.Second):
	}
	up()
	check(t, <-back)
	script(t, client, "true")
}
