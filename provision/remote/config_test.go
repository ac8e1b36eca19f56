//go:build host

package remote_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// sshConfig has the login read an SSH configuration with these lines.
func sshConfig(t *testing.T, lines ...string) func(*remote.Config) {
	path := filepath.Join(t.TempDir(), "config")
	check(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return func(c *remote.Config) { c.SSHConfig = path }
}

// countDials counts the connections that are opened.
func countDials(n *int) func(*remote.Config) {
	return func(c *remote.Config) {
		c.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			*n++
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
}

// onlyName leaves nothing but a name in the inventory.
func onlyName(name string) func(*remote.Config) {
	return func(c *remote.Config) {
		c.Address, c.Port, c.User, c.Identity, c.KnownHosts = name, 0, "", "", ""
	}
}

// An entry of the SSH configuration is all that is needed, by OpenSSH's own reading and by the library's.
func TestSSHConfiguration(t *testing.T) {
	s := newServer(t)
	known := s.knownHosts()
	check(t, os.Rename(s.key, s.dir+"/id_kevin_"+machine.Address))
	hosts := []string{
		"Include " + filepath.Join(t.TempDir(), "*"),
		"Host web !other",
		"  HostName " + machine.Address,
		fmt.Sprintf("  Port=%d", s.port),
		"  User kevin",
		"  IdentityFile " + s.dir + "/id_%r_%h",
		"  IdentitiesOnly yes",
		`  UserKnownHostsFile "` + known + `" /nonesuch`,
		"Host *",
		"  User nobody",
		"  ConnectTimeout 7",
	}
	for _, way := range []string{"OpenSSH", "library"} {
		t.Run(way, func(t *testing.T) {
			if way == "library" {
				t.Setenv("PATH", t.TempDir())
			} else if _, err := exec.LookPath("ssh"); err != nil {
				t.Fatal("this test needs the OpenSSH client: apt-get install openssh-client")
			}
			resolved := ""
			c := s.dial(sshConfig(t, hosts...), onlyName("web"), func(c *remote.Config) { c.Resolved = func(hostname string) { resolved = hostname } })
			if resolved != machine.Address {
				t.Errorf("web leads to %q", resolved)
			}
			if got := script(t, c, "id -un"); got != "kevin\n" {
				t.Errorf("logged in as %q", got)
			}
			c = s.dial(sshConfig(t, hosts...), onlyName("web"), func(c *remote.Config) {
				c.User, c.Identity = "dashy", s.dir+"/id_kevin_"+machine.Address
			})
			if got := script(t, c, "id -un"); got != "dashy\n" {
				t.Errorf("the inventory did not win: %q", got)
			}
			_, err := s.try(sshConfig(t, "Host web", "  Hostname "+machine.Address, "  IdentityFile /tmp/%Q"), onlyName("web"))
			wantFailure(t, err, "remote.ssh-config")
		})
	}
	t.Run("Match and Include", func(t *testing.T) {
		check(t, os.Rename(s.dir+"/id_kevin_"+machine.Address, s.key))
		included := filepath.Join(t.TempDir(), "more")
		check(t, os.WriteFile(included, []byte("Host *\n  IdentityFile "+s.key+"\n"), 0o600))
		c := s.dial(sshConfig(t, "Include "+included, `Match originalhost deep exec "true"`, "  HostName "+machine.Address,
			fmt.Sprintf("  Port %d", s.port), "  User dashy", "  UserKnownHostsFile "+known), onlyName("deep"))
		if got := script(t, c, "id -un"); got != "dashy\n" {
			t.Errorf("logged in as %q", got)
		}
	})
	t.Run("an error in the file", func(t *testing.T) {
		_, err := s.try(sshConfig(t, "Host x", "  Nonsense yes"), onlyName("x"))
		wantFailure(t, err, "connect.ssh-config", "nonsense", "line 2")
	})
}

func TestProxyJump(t *testing.T) {
	first, second, target := newServer(t), newServer(t), newServer(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	check(t, os.WriteFile(known, []byte(first.knownLine()+"\n"+second.knownLine()+"\n"+
		// The target is reached from the machine itself, at its own port 127.0.0.1.
		strings.Replace(target.knownLine(), machine.Address, "127.0.0.1", 1)+"\n"+
		strings.Replace(second.knownLine(), machine.Address, "127.0.0.1", 1)+"\n"), 0o600))
	entry := func(name, address string, s *server, more ...string) []string {
		return append([]string{"Host " + name, "  HostName " + address, fmt.Sprintf("  Port %d", s.port), "  IdentityFile " + s.key}, more...)
	}
	var lines []string
	lines = append(lines, entry("first", machine.Address, first, "  User dashy")...)
	lines = append(lines, entry("second", "127.0.0.1", second, "  User fishy")...)
	lines = append(lines, entry("target", "127.0.0.1", target, "  ProxyJump first,second")...)
	lines = append(lines, entry("circle", "127.0.0.1", target, "  ProxyJump circle")...)
	lines = append(lines, entry("blocked", "127.0.0.1", target, "  ProxyJump first,missing")...)
	lines = append(lines, "Host *", "  User kevin", "  UserKnownHostsFile "+known)
	config := sshConfig(t, lines...)
	t.Run("two hops", func(t *testing.T) {
		c := target.dial(config, onlyName("target"))
		if got := script(t, c, "id -un; echo $SSH_CONNECTION"); !strings.HasPrefix(got, "kevin\n127.0.0.1 ") {
			t.Errorf("got %q", got)
		}
		for _, hop := range []struct {
			s    *server
			user string
		}{{first, "dashy"}, {second, "fishy"}} {
			if log := hop.s.run("cat " + hop.s.folder + "/log"); !strings.Contains(log, "Accepted publickey for "+hop.user) {
				t.Errorf("%s did not pass:\n%s", hop.user, log)
			}
		}
	})
	t.Run("a person takes longer over a hop's key than a login may", func(t *testing.T) {
		strange := sshConfig(t, append(entry("hop", machine.Address, first, "  UserKnownHostsFile "+filepath.Join(t.TempDir(), "none")),
			append(entry("behind", "127.0.0.1", target, "  ProxyJump hop"), "Host *", "  User kevin", "  UserKnownHostsFile "+known)...)...)
		asked := 0
		c := target.dial(strange, onlyName("behind"), func(c *remote.Config) {
			c.Timeout = 3 * time.Second
			c.Ask = func(ctx context.Context, _ provision.Decision) (provision.Answer, error) {
				asked++
				select {
				case <-time.After(c.Timeout + time.Second):
					return provision.Answer{Choice: provision.AnswerYes}, nil
				case <-ctx.Done():
					return provision.Answer{}, ctx.Err()
				}
			}
		})
		if got := script(t, c, "id -un"); got != "kevin\n" || asked != 1 {
			t.Errorf("got %q after %d questions", got, asked)
		}
	})
	t.Run("in a circle", func(t *testing.T) {
		_, err := target.try(config, onlyName("circle"))
		wantFailure(t, err, "connect.proxy-jump", "circle")
	})
	t.Run("a hop that is not there", func(t *testing.T) {
		_, err := target.try(config, onlyName("blocked"))
		wantFailure(t, err, "connect.proxy-jump", "missing")
	})
}

func TestProxyCommand(t *testing.T) {
	s := newServer(t)
	t.Run("leads there", func(t *testing.T) {
		c := s.dial(sshConfig(t, `ProxyCommand docker exec -i `+machine.Container+` nc 127.0.0.1 %p`))
		if got := script(t, c, "id -un"); got != "kevin\n" {
			t.Errorf("got %q", got)
		}
		check(t, c.Close())
	})
	t.Run("fails", func(t *testing.T) {
		_, err := s.try(sshConfig(t, `ProxyCommand echo no way to %h:%p as %r >&2`))

		wantFailure(t, err, "connect.proxy-jump", fmt.Sprintf("no way to %s:%d as kevin", machine.Address, s.port))
	})
}

func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	address := listener.Addr().(*net.TCPAddr)
	base := remote.Config{Name: "web", Address: "127.0.0.1", Port: address.Port, SSHConfig: "none", KnownHosts: "/dev/null", User: "kevin"}
	t.Run("silent", func(t *testing.T) {
		c := base
		c.Timeout = 1e9
		_, err := dial(t, c)
		wantFailure(t, err, "connect.timeout")
	})
	t.Run("another protocol", func(t *testing.T) {
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write([]byte("HTTP/1.0 400 Bad Request\r\n" + strings.Repeat("x", 100_000)))
				_ = conn.Close()
			}
		}()
		c := base
		c.Timeout = 5e9
		_, err := dial(t, c)
		wantFailure(t, err, "connect.not-ssh")
	})
	check(t, listener.Close())
	t.Run("refused", func(t *testing.T) {
		_, err := dial(t, base)
		wantFailure(t, err, "connect.refused", address.String())
	})
	t.Run("no such name", func(t *testing.T) {
		c := base
		c.Address = "no-such-host.invalid"
		_, err := dial(t, c)
		wantFailure(t, err, "connect.name-not-found", "no-such-host.invalid")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := remote.Dial(ctx, base); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
}
