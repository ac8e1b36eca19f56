// Command provision takes a website from this machine to a live, verified container on a cloud host over SSH.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The first signal lets the command tidy up; a second one finds the ordinary handling back and ends the program at once.
	defer context.AfterFunc(ctx, stop)()
	root, words := spoken(args)
	err := root.ExecuteContext(ctx)
	var ended statusError
	switch {
	case err == nil:
		return provision.ExitOK
	case errors.As(err, &ended): // the run has told the story already
		return int(ended)
	}
	fmt.Fprintln(os.Stderr, "provision:", safetext.Clean(words.Error(err)))
	if ctx.Err() != nil {
		return provision.ExitInterrupted
	}
	return provision.ExitCode(err)
}

// statusError is the end of a command that has nothing more to say than its exit status.
type statusError int

func (statusError) Error() string { return "" }

// exit turns an exit status into the error that ends the command with it; nil for success.
func exit(code int) error {
	if code == provision.ExitOK {
		return nil
	}
	return statusError(code)
}
