package remote

import (
	"context"
	"fmt"
)

// killScript ends a process group: politely, then for good.
func killScript(group int) string {
	return fmt.Sprintf("kill -TERM -%[1]d 2>/dev/null || kill -TERM %[1]d 2>/dev/null || exit 0\n"+
		"for i in 1 2 3; do sleep 1; kill -0 -%[1]d 2>/dev/null || exit 0; done\n"+
		"kill -KILL -%[1]d 2>/dev/null; exit 0", group)
}

// kill ends the process group of a command whose standard input is in use, by way of another session. It is an attempt:
// where no session is to be had, the command still sees the end of its input.
func (p *Process) kill() {
	group := p.begun.group()
	if group == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	if killer, err := p.another(ctx, Command{Script: killScript(group), Sudo: p.command.Sudo, detached: true}); err == nil {
		_ = killer.Wait()
	}
}
