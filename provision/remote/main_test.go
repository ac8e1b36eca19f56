//go:build host

package remote_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kehuo/provision/provision/sandbox"
)

// machine is the host that tests share, once the first of them has asked for a server: a container with a real sshd's binaries,
// PAM, sudo and shells. Each test runs a sshd of its own there, with its own configuration, at a port of its own.
var machine sandbox.Host

// The ports of the machine that tests may use, one for each sshd.
const firstPort, ports = 2201, 56

var (
	startMachine = sync.OnceValue(func() error { return upMachine() })
	options      = sandbox.Options{Name: "remote-" + strings.ToLower(rand.Text()[:8]), NoBaseImage: true}
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if config, ok := os.LookupEnv(loginVariable); ok {
		return logIn(config)
	}
	defer downMachine()
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func upMachine() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "remote")
	if err != nil {
		return err
	}
	options.Dir = dir
	for port := firstPort; port < firstPort+ports; port++ {
		options.Ports = append(options.Ports, port)
	}
	hosts, err := sandbox.Up(ctx, options)
	if err != nil {
		return err
	}
	machine = hosts[0]
	_, err = onMachine(accounts)
	return err
}

func downMachine() {
	if options.Dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := sandbox.Down(ctx, options.Name); err != nil {
		fmt.Fprintln(os.Stderr, "the sandbox host was not removed:", err)
	}
	_ = os.RemoveAll(options.Dir)
}

// accounts makes the users that the tests log in as, all with the same password.
const accounts = `
add() { useradd --create-home --shell "$2" "$1" && echo "$1:` + sandbox.Password + `" | chpasswd; }
mkdir -p /etc/test
sed -i "s/pam_unix.so nullok/pam_unix.so nullok nodelay/" /etc/pam.d/common-auth # wrong passwords cost seconds otherwise
add fishy /usr/bin/fish; add cshy /bin/tcsh; add dashy /bin/sh; add barred /usr/sbin/nologin
add loud /bin/bash; printf 'echo "welcome to the jungle"\n' >/home/loud/.bashrc
add wheel /bin/bash; echo 'wheel ALL=(ALL) ALL' >/etc/sudoers.d/wheel
add free /bin/bash; echo 'free ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/free
add notty /bin/bash; printf 'Defaults:notty requiretty\nnotty ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/notty
`

// onMachine runs a script as root on the machine, past SSH.
func onMachine(script string) (string, error) {
	cmd := exec.Command("docker", "exec", "-i", machine.Container, "/bin/sh", "-se")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", abridged(script), err, out)
	}
	return string(out), nil
}

func abridged(text string) string {
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}
