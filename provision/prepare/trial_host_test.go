//go:build host || bare

package prepare

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/shell"
)

// hostClient is a host that is logged in to; a lost connection is made anew, as a run does it.
type hostClient struct {
	*remote.Client
	t    *testing.T
	host sandbox.Host

	noInclude bool // its sshd is taken for one that knows no Include
}

func logIn(t *testing.T, host sandbox.Host) *hostClient {
	t.Helper()
	client, err := dial(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &hostClient{Client: client, t: t, host: host}
}

func dial(ctx context.Context, host sandbox.Host) (*remote.Client, error) {
	return remote.Dial(ctx, remote.Config{Address: host.Address, User: host.User, Identity: host.Identity, KnownHosts: host.KnownHosts,
		SSHConfig: "none", Timeout: 2 * time.Second, KeepAlive: time.Second})
}

func (h *hostClient) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	var budget remote.RetryBudget
	for {
		out, err := h.Output(ctx, cmd)
		if !remote.IsLost(err) || ctx.Err() != nil {
			return out, err
		}
		if err := h.Recover(ctx, &budget, err); err != nil {
			return nil, err
		}
	}
}

// anew is the login that confirms.
func (h *hostClient) anew(ctx context.Context) (Session, error) {
	client, err := dial(ctx, h.host)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// inside runs a script on the host, not through its SSH server.
func (h *hostClient) inside(text shell.Text) string {
	h.t.Helper()
	out, err := exec.CommandContext(h.t.Context(), "docker", "exec", h.host.Container, "/bin/sh", "-c", string(text)).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// state is what a change must leave behind as it was: the rules, their files, sshd's, and what sshd does.
func (h *hostClient) state() string {
	return h.inside(`iptables-save | sed 's/\[[0-9:]*\]//; /^#/d'; ! command -v nft >/dev/null || nft -s list ruleset 2>/dev/null | grep -v '^#' | sed 's/packets [0-9]* bytes [0-9]*//'
		find /etc/ssh /etc/ufw /etc/default /etc/provision /etc/nftables.conf -type f -exec md5sum {} + 2>/dev/null | sort
		for u in kevin root; do sshd -T -C user=$u,host=a,addr=127.0.0.1; done; ls /run/provision-sshd 2>/dev/null || :`)
}

// strict is the trial of settings that sshd does not have yet.
func (h *hostClient) strict(t *testing.T, settings ...Setting) Trial {
	t.Helper()
	out, err := h.Exec(t.Context(), remote.Command{Script: Query{User: h.host.User}.Script(), Sudo: true})
	if err != nil {
		t.Fatal(err)
	}
	f := Parse(out)
	if !f.SSH.Includes() || len(f.SSH.Ports) == 0 || f.SSH.Differs(settings) == "" {
		t.Fatalf("sshd is known as %+v", f.SSH)
	}
	if h.noInclude {
		f.SSH.Version = "8.0"
	}
	trial := f.SSH.Trial(h.host.Name, h.host.User, settings)
	trial.Limit = limit
	return trial
}

// refusing is a change of sshd after which nobody can log in.
func (h *hostClient) refusing(t *testing.T) Trial {
	t.Helper()
	return h.strict(t, Setting{"PasswordAuthentication", "no"}, Setting{"AllowUsers", "nobody"})
}

// undone has a change made that nobody can confirm, and the host as before in time.
func (h *hostClient) undone(t *testing.T, trial Trial, codes string) {
	t.Helper()
	before, begun := h.state(), time.Now()
	err := trial.Run(t.Context(), h, h.anew)
	took := time.Since(begun)
	t.Logf("after %s: %v", took.Round(100*time.Millisecond), err)
	if code := provision.CodeOf(err); !strings.Contains(codes, code) || code == "" || provision.ExitCode(err) != provision.ExitFailed {
		t.Errorf("ends with %v", err)
	}
	if took > limit+15*time.Second {
		t.Errorf("the end comes after %s", took)
	}
	if after := h.state(); after != before {
		t.Errorf("the host is not as before:\n%s", Diff("host", before, after))
	}
	if _, err := h.Exec(t.Context(), remote.Command{Argv: []string{"true"}}); err != nil {
		t.Errorf("nobody gets in: %v", err)
	}
}

// restart is a reboot.
func (h *hostClient) restart(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "docker", "restart", "-t", "5", h.host.Container).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := sandbox.Up(t.Context(), sandbox.Options{Name: h.host.Name, NoBaseImage: true}); err != nil {
		t.Fatal(err)
	}
}

// TestTrialOnHost makes changes that lock everybody out of a real host, which has to let us in again by itself.
func TestTrialOnHost(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{Sudo: sandbox.SudoNoPassword, NoBaseImage: true, SSHD: []string{"PasswordAuthentication yes"}})
	h := logIn(t, host)
	// Whoever is logged in is cut off too: there is no exception for established connections.
	cut := Trial{Host: host.Name, User: host.User, Limit: limit, Keep: "exit 1",
		Apply: "iptables -I INPUT -p tcp --dport 22 -j DROP", Undo: "iptables -D INPUT -p tcp --dport 22 -j DROP 2>/dev/null || :"}
	t.Run("rule that cuts the connection", func(t *testing.T) { h.undone(t, cut, "trial.undone") })
	t.Run("sshd that refuses the login", func(t *testing.T) { h.undone(t, h.refusing(t), "trial.undone") })
	t.Run("sshd that refuses the login, and nobody declines", func(t *testing.T) {
		before := h.state()
		err := h.refusing(t).Run(t.Context(), deaf{h}, h.anew)
		// Which of the two it is depends on whether the undone login lets the last question through.
		if code := provision.CodeOf(err); code != "trial.undoing" && code != "trial.undone" {
			t.Errorf("ends with %v", err)
		}
		begun := time.Now()
		for {
			client, err := dial(t.Context(), host)
			if err == nil {
				_ = client.Close()
				break
			}
			if time.Since(begun) > limit+10*time.Second {
				t.Fatalf("nobody gets in: %v", err)
			}
			time.Sleep(200 * time.Millisecond)
		}
		h.inside("until [ -e /run/provision-trial/change/end ]; do sleep 0.1; done")
		if after := h.state(); after != before {
			t.Errorf("the host is not as before:\n%s", Diff("host", before, after))
		}
	})
	t.Run("reboot before the confirmation", func(t *testing.T) {
		before := h.state()
		ssh := h.strict(t, Setting{"PasswordAuthentication", "no"}, Setting{"PermitRootLogin", "no"})
		ssh.Limit, ssh.Folder = 10*time.Minute, trialFolder
		rule := cut
		rule.Limit, rule.Folder, rule.Apply = 10*time.Minute, "/run/provision-trial/other", "iptables -I INPUT -p tcp --dport 81 -j DROP"
		for _, trial := range []Trial{ssh, rule} {
			if err := trial.begin(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		if now := h.state(); now == before || !strings.Contains(now, "--dport 81") || !strings.Contains(now, "passwordauthentication no") {
			t.Fatalf("nothing has changed:\n%s", now)
		}
		h.restart(t)
		after := h.state()
		if strings.Contains(after, "--dport 81") || !strings.Contains(after, "passwordauthentication yes") {
			t.Errorf("the reboot has not brought the old state back:\n%s", after)
		}
		if said := h.inside("cat /etc/ssh/sshd_config.d/00-provision.conf"); said != "Include /run/provision-sshd/*.conf\n" {
			t.Errorf("on the disk lies %q", said)
		}
	})
	t.Run("confirmed", func(t *testing.T) {
		h := logIn(t, host)
		trial := h.strict(t, StrictSSH(true)...)
		trial.Sudo = true
		if err := trial.Run(t.Context(), h, h.anew); err != nil {
			t.Fatal(err)
		}
		if now := h.state(); !strings.Contains(now, "passwordauthentication no") || strings.Contains(now, "passwordauthentication yes") {
			t.Errorf("password logins are still there:\n%s", now)
		}
		if said := h.inside("cat /etc/ssh/sshd_config.d/00-provision.conf"); !strings.HasPrefix(said, "PasswordAuthentication no\n") || strings.Contains(said, "Include") {
			t.Errorf("on the disk lies %q", said)
		}
		logIn(t, host)
	})
}

// TestTrialOnOldServer edits the one file of an sshd that knows no Include, as OpenSSH 8.0.
func TestTrialOnOldServer(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t, sandbox.Options{Sudo: sandbox.SudoNoPassword, NoBaseImage: true, SSHD: []string{"PasswordAuthentication yes"}})
	h := logIn(t, host)
	h.noInclude = true
	h.inside(`sed -i '/^Include/d' /etc/ssh/sshd_config; echo PasswordAuthentication yes >>/etc/ssh/sshd_config
		: >/run/mark; kill -HUP $(cat /run/sshd.pid); until [ /run/sshd.pid -nt /run/mark ]; do sleep 0.1; done`)
	h.undone(t, h.refusing(t), "trial.undone")
	wrong := h.strict(t, Setting{"PasswordAuthentication", "maybe"})
	h.undone(t, wrong, "trial.failed")
	unkept := h.strict(t, Setting{"PasswordAuthentication", "no"})
	unkept.Keep = "mv() { return 1; }\n" + unkept.Keep
	h.undone(t, unkept, "trial.unkept")
	before, disk := h.state(), h.inside("cat /etc/ssh/sshd_config")
	trial := h.strict(t, StrictSSH(true)...)
	trial.Limit, trial.Sudo, trial.Folder = 10*time.Minute, true, trialFolder
	if err := trial.begin(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if now := h.state(); !strings.Contains(now, "passwordauthentication no") || !strings.Contains(now, "permitrootlogin no") {
		t.Fatalf("nothing has changed:\n%s", now)
	}
	h.restart(t)
	if after := h.state(); after != before {
		t.Errorf("the reboot has not brought the old state back:\n%s", Diff("host", before, after))
	}
	h = logIn(t, host)
	h.noInclude = true
	trial = h.strict(t, StrictSSH(true)...)
	trial.Sudo = true
	if err := trial.Run(t.Context(), h, h.anew); err != nil {
		t.Fatal(err)
	}
	if now := h.inside("cat /etc/ssh/sshd_config"); !strings.HasSuffix(now, "\n"+disk) || !strings.HasPrefix(now, "PasswordAuthentication no\n") {
		t.Errorf("on the disk lies\n%s", now)
	}
	if kept := h.inside("cat /etc/ssh/sshd_config.before-provision; sshd -T -C user=kevin,host=a,addr=127.0.0.1 | grep -x 'passwordauthentication no'"); kept != disk+"passwordauthentication no\n" {
		t.Errorf("the old configuration is\n%s", kept)
	}
	logIn(t, host)
}

// deaf is a host that begins what it is told and cannot be asked again.
type deaf struct{ *hostClient }

func (d deaf) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	if strings.Contains(string(cmd.Script), "declined") {
		return nil, errors.New("no route to host")
	}
	return d.hostClient.Exec(ctx, cmd)
}
