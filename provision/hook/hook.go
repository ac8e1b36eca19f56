// Package hook runs a command of the person's own on this machine.
package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/kehuo/provision/provision/safetext"
)

// grace is how long a command that is given up may take to end, before it is killed.
const grace = 5 * time.Second

// Local has the machine's shell read a text in a folder, and passes its output on line by line. A command that ctx ends is asked to
// end, with all that it has started.
func Local(ctx context.Context, folder, text string, output func(lines string)) error {
	lines := safetext.NewLines(output)
	defer lines.Flush()
	return Run(ctx, folder, text, lines, lines)
}

// Run is Local for whoever reads what the command writes.
func Run(ctx context.Context, folder, text string, stdout, stderr io.Writer) error {
	shell := shellOf(text)
	cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = folder, stdout, stderr, grace
	ownGroup(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		endGroup(cmd)
		return ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return &ExitError{exit.ExitCode()}
	}
	return err
}

// ExitError is the end of a command that did not succeed.
type ExitError struct{ Status int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Status) }
