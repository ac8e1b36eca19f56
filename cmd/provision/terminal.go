package main

import (
	"os"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision/remote"
)

// lendTerminal gives a command on the host the person's own terminal: what is typed goes there as it is, and what the command
// draws comes here as it is. The function returned takes the terminal back.
func lendTerminal(cmd *remote.Command) (back func(), err error) {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	width, height, err := term.GetSize(out)
	if err != nil {
		return nil, err
	}
	before, err := term.MakeRaw(in)
	if err != nil {
		return nil, err
	}
	sizes, stop := watchSize(out)
	cmd.Terminal = &remote.Terminal{Kind: os.Getenv("TERM"), Width: width, Height: height, Resized: sizes}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, nil
	return func() {
		stop()
		_ = term.Restore(in, before)
	}, nil
}
