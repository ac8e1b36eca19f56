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
	defer context.AfterFunc(ctx, atOnce)()
	root, words := spoken(args)
	err := root.ExecuteContext(ctx)
	var ended statusError
	switch {
	case err == nil:
		return provision.ExitOK
	case errors.As(err, &ended) && ctx.Err() == nil: // the run has told the story already
		return int(ended)
	case errors.As(err, &ended):
		return provision.ExitInterrupted
	}
	fmt.Fprintln(os.Stderr, "provision:", safetext.Clean(words.Error(err)))
	if ctx.Err() != nil {
		return provision.ExitInterrupted
	}
	return provision.ExitCode(err)
}

// atOnce ends the program at the next signal: the first one lets the command tidy up.
func atOnce() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	<-again
	os.Exit(provision.ExitInterrupted)
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
