//go:build host

package remote_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/kehuo/provision/provision/remote"
)

// dialled is the address that a configuration leads to; nothing is connected to.
func dialled(t *testing.T, edit ...func(*remote.Config)) (address string, err error) {
	t.Helper()
	c := remote.Config{Name: "web", SSHConfig: "none", Dialer: func(_ context.Context, _, to string) (net.Conn, error) {
		address = to
		return nil, errors.New("not now")
	}}
	for _, e := range edit {
		e(&c)
	}
	_, err = remote.Dial(t.Context(), c)
	return address, err
}

// Percent tokens are of the SSH configuration. Elsewhere a percent sign is one.
func TestTokensAreOfTheSSHConfiguration(t *testing.T) {
	config := sshConfig(t, "Host web", "  HostName fe80::2%%eth0", "Host *.short", "  HostName %h.example.com")
	none := func(c *remote.Config) { c.SSHConfig = "none" }
	for _, way := range []string{"OpenSSH", "library"} {
		t.Run(way, func(t *testing.T) {
			if way == "library" {
				t.Setenv("PATH", t.TempDir())
			}
			for _, c := range []struct {
				address string
				config  func(*remote.Config)
				want    string
			}{
				{"fe80::1%eth0", config, "[fe80::1%eth0]:22"},
				{"fe80::1%eth0", none, "[fe80::1%eth0]:22"},
				{"web", config, "[fe80::2%eth0]:22"},
				{"a.short", config, "a.short.example.com:22"},
			} {
				got, err := dialled(t, c.config, onlyName(c.address))
				if wantFailure(t, err, "connect.no-route"); got != c.want {
					t.Errorf("%s leads to %s, not %s", c.address, got, c.want)
				}
			}
		})
	}
	t.Run("paths", func(t *testing.T) {
		s := newServer(t)
		key, known := filepath.Join(s.dir, "100%Qey"), filepath.Join(s.dir, "known%x")
		check(t, os.Rename(s.key, key))
		check(t, os.Rename(s.knownHosts(), known))
		script(t, s.dial(func(c *remote.Config) { c.Identity, c.KnownHosts = key, known }), "true")
	})
}

// No name, whoever wrote it, makes a proxy command another one.
func TestProxyCommandIsNoPlaceForTricks(t *testing.T) {
	dir, err := os.MkdirTemp("", "proxy") // in lower case, as OpenSSH makes names of hosts
	check(t, err)
	defer func() { _ = os.RemoveAll(dir) }()
	trace := filepath.Join(dir, "trace")
	trick := "$(echo>" + trace + ")"
	command := "ProxyCommand echo way %%h to %h:%p as %r >&2"
	for name, edit := range map[string]func(*remote.Config){
		"address":           func(c *remote.Config) { c.Address = "fe80::1%" + trick },
		"user":              func(c *remote.Config) { c.Address, c.User = "web", trick },
		"option":            func(c *remote.Config) { c.Address = "dash" },
		"SSH configuration": func(c *remote.Config) { c.Address = "bad" },
	} {
		t.Run(name, func(t *testing.T) {
			config := sshConfig(t, "Host bad", "  HostName `echo>"+trace+"`", "Host dash", "  HostName -oProxyCommand=x", "Host *", "  "+command)
			_, err := dialled(t, config, edit)
			code := "remote.ssh-config"
			if name == "address" || name == "user" { // OpenSSH refuses these itself
				code = "connect.ssh-config"
			}
			wantFailure(t, err, code)
			if _, err := os.Stat(trace); err == nil {
				t.Error("the shell ran it")
			}
		})
	}
	_, err = dialled(t, sshConfig(t, command), func(c *remote.Config) { c.Address, c.User = "fe80::1%eth0", "kevin" })
	wantFailure(t, err, "connect.proxy-jump", "way %h to fe80::1%eth0:22 as kevin")
	_, err = dialled(t, sshConfig(t, "ProxyCommand echo no names >&2"), func(c *remote.Config) { c.Address, c.User = "web", `AD\kevin$` })
	wantFailure(t, err, "connect.proxy-jump", "no names")
}
