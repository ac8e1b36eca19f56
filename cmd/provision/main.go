// Command provision takes a website from this machine to a live, verified container on a cloud host over SSH.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The first signal lets the command tidy up; a second one finds the ordinary handling back and ends the program at once.
	defer context.AfterFunc(ctx, stop)()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var said finished
	switch {
	case err == nil:
		return provision.ExitOK
	case errors.As(err, &said): // the run has told the story already
		return int(said)
	}
	fmt.Fprintln(os.Stderr, "provision:", safetext.Clean(speech(args).Error(err)))
	if ctx.Err() != nil {
		return provision.ExitInterrupted
	}
	return provision.ExitCode(err)
}

// speech is the printer for the language of the arguments, also where they cannot be read as a whole.
func speech(args []string) *language.Printer {
	f := &flags{}
	for i, arg := range args {
		if value, joined := strings.CutPrefix(arg, "--lang="); joined {
			f.lang = value
		} else if arg == "--lang" && i+1 < len(args) {
			f.lang = args[i+1]
		}
	}
	words, err := f.words()
	if err != nil {
		return language.New(language.Detect(os.Getenv))
	}
	return words
}

// finished is the end of a command that has nothing more to say than its exit status.
type finished int

func (finished) Error() string { return "" }

// exit turns an exit status into the error that ends the command with it; nil for success.
func exit(code int) error {
	if code == provision.ExitOK {
		return nil
	}
	return finished(code)
}
