package certificate

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// execDNS has a program of the person's own put records into the DNS, called as lego's provider of that name calls it.
type execDNS struct {
	program string
	raw     bool
	values  map[string]provision.Secret // of the file with credentials, which the program gets as variables
}

// The variables of lego's provider exec.
const (
	execPath = "EXEC_PATH"
	execMode = "EXEC_MODE"
	modeRaw  = "RAW"
)

func newExecDNS(file string, values map[string]provision.Secret) (*execDNS, error) {
	program := values[execPath].Reveal()
	if !filepath.IsAbs(program) {
		return nil, provision.Fail("acme.exec-path", file, execPath).WithExit(provision.ExitUsage)
	}
	return &execDNS{program, values[execMode].Reveal() == modeRaw, values}, nil
}

// Present implements Solver.
func (e *execDNS) Present(ctx context.Context, domain, token, keyAuth string) error {
	return e.run(ctx, "present", domain, token, keyAuth)
}

// CleanUp implements Solver.
func (e *execDNS) CleanUp(ctx context.Context, domain, token, keyAuth string) error {
	return e.run(ctx, "cleanup", domain, token, keyAuth)
}

func (e *execDNS) run(ctx context.Context, what, domain, token, keyAuth string) error {
	name, value := record(domain, keyAuth)
	args := []string{what, name + ".", value}
	if e.raw {
		args = []string{what, "--", domain, token, keyAuth}
	}
	program := exec.CommandContext(ctx, e.program, args...)
	program.WaitDelay = cleanPatience
	program.Env = os.Environ()
	for name, value := range e.values {
		program.Env = append(program.Env, name+"="+value.Reveal())
	}
	said := safetext.NewTail(saidLimit)
	program.Stdout, program.Stderr = said, said
	if err := program.Run(); err != nil {
		last := strings.TrimSpace(safetext.Clean(string(said.Bytes())))
		return provision.Fail("acme.exec-failed", e.program, what, name, provision.ForeignError(cmp.Or(safetext.OneLine(last, saidLimit), err.Error())))
	}
	return nil
}
