package renewal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/state"
)

// machine is the host as a program on it reaches it.
type machine struct {
	name, user string
	sudo       bool // docker commands need it
}

var (
	_ Host       = machine{}
	_ state.Host = machine{}
)

func newMachine(sudo bool) machine {
	m := machine{name: "localhost", sudo: sudo}
	if name, err := os.Hostname(); err == nil {
		m.name = name
	}
	if u, err := user.Current(); err == nil {
		m.user = u.Username
	}
	return m
}

// Name implements state.Host.
func (m machine) Name() string { return m.name }

// User implements state.Host.
func (m machine) User() string { return m.user }

// Sessions implements state.Host.
func (machine) Sessions() int { return 2 }

// Recover implements state.Host: there is no link that could be lost.
func (machine) Recover(_ context.Context, _ *remote.RetryBudget, why error) error { return why }

// Dial implements Host.
func (machine) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Run implements state.Host.
func (m machine) Run(ctx context.Context, cmd remote.Command) error {
	argv := cmd.Argv
	if cmd.Script != "" {
		argv = []string{"sh", "-c", string(cmd.Script)}
	}
	if cmd.Sudo && m.sudo {
		argv = append([]string{"sudo", "-n", "--"}, argv...)
	}
	program := exec.CommandContext(ctx, argv[0], argv[1:]...)
	said := safetext.NewTail(saidLimit)
	program.Stdout, program.Stderr = cmd.Stdout, said
	input, err := program.StdinPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		return err
	}
	go func() { // it ends with the program, or once the caller closes what it reads
		if cmd.Stdin != nil {
			_, _ = io.Copy(input, cmd.Stdin)
		}
		_ = input.Close()
	}()
	err = program.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &remote.ExitError{Command: cmd.String(), Code: exit.ExitCode(), Stderr: safetext.Clean(string(said.Bytes()))}
	}
	return err
}

// saidLimit is how much of what a command says of its failure is kept, in bytes.
const saidLimit = 4 << 10

// Exec implements Host.
func (m machine) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	if cmd.Stdout != nil {
		return nil, m.Run(ctx, cmd)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	err := m.Run(ctx, cmd)
	return out.Bytes(), err
}
