package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/lines"
)

func newLogs() *cobra.Command {
	f := &flags{}
	var follow bool
	var last, from string
	c := &cobra.Command{
		Use:  "logs",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			n, err := strconv.Atoi(last)
			if err != nil || n < -1 {
				return usage("usage.lines", last)
			}
			since, err := logStart(from, time.Local)
			if err != nil {
				return err
			}
			if since != "" && !c.Flags().Changed("lines") {
				n = -1
			}
			return f.attach(c, attachment{name: "provision logs", endless: follow, command: onContainer(func(container string) remote.Command {
				return remote.Command{Argv: docker.Logs(container, n, since, follow)}
			})})
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&follow, "follow", "f", false, "")
	c.Flags().StringVarP(&last, "lines", "n", "100", "")
	c.Flags().StringVar(&from, "since", "", "")
	return c
}

// logStart is --since as docker takes it: how long ago, such as 10m or 2d, by the host's own clock, or a time, of this machine's
// zone unless it names another.
func logStart(text string, zone *time.Location) (string, error) {
	if text == "" {
		return "", nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return fmt.Sprintf("%dh", n*24), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return text, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at.UTC().Format(time.RFC3339), nil
		}
	}
	return "", usage("usage.since", text)
}

func newExec() *cobra.Command {
	f := &flags{}
	var tty bool
	c := &cobra.Command{
		Use: "exec -- CMD…",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("usage.exec-nothing")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			tty, err := f.terminal(c, tty)
			if err != nil {
				return err
			}
			return f.attach(c, attachment{name: "provision exec", command: onContainer(func(container string) remote.Command {
				if tty {
					return remote.Command{Argv: docker.ExecTerminal(container, args...), Terminal: &remote.Terminal{}}
				}
				return remote.Command{Argv: docker.Exec(container, !onTerminal(), args...), Stdin: stdin()}
			})})
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&tty, "tty", "t", false, "")
	return c
}

func newRun() *cobra.Command {
	f := &flags{}
	var tty bool
	c := &cobra.Command{
		Use: "run -- CMD…",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("usage.run-nothing")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			tty, err := f.terminal(c, tty)
			if err != nil {
				return err
			}
			var once *steps.OneOff
			return f.attach(c, attachment{
				name: "provision run",
				command: func(ctx context.Context, h *steps.Host) (cmd remote.Command, err error) {
					if once, err = h.OneOff(ctx, tty, !onTerminal(), args); err != nil {
						return cmd, err
					}
					if tty {
						return remote.Command{Argv: once.Argv, Terminal: &remote.Terminal{}}, nil
					}
					return remote.Command{Argv: once.Argv, Stdin: stdin()}, nil
				},
				givenUp: func(ctx context.Context) error { return once.Remove(ctx) },
			})
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&tty, "tty", "t", false, "")
	return c
}

// terminal says whether a command gets a terminal of its own: as asked, or where the person has one.
func (f *flags) terminal(c *cobra.Command, asked bool) (bool, error) {
	switch {
	case asked && (f.json || !onTerminal()):
		return false, usage("usage.exec-terminal")
	case c.Flags().Changed("tty"):
		return asked, nil
	}
	return onTerminal() && !f.json, nil
}

// onContainer is a command that needs of the host the name of its live container.
func onContainer(command func(container string) remote.Command) func(context.Context, *steps.Host) (remote.Command, error) {
	return func(_ context.Context, h *steps.Host) (remote.Command, error) {
		return command(h.Site().Container), nil
	}
}

// stdin is the input of a command in the container: a pipe or a file, not a person at a terminal.
// The link to the host watches over a command without any.
func stdin() io.Reader {
	if onTerminal() {
		return nil
	}
	return os.Stdin
}

// attachment is a command on the live container.
type attachment struct {
	name    string // what the person typed
	command func(context.Context, *steps.Host) (remote.Command, error)
	givenUp func(context.Context) error // ends what goes on where the command was given up; nil: nothing does
	endless bool                        // it goes on until the person has seen enough: to interrupt it is no failure to tell of
}

// attach runs one command on the live container of the one host, its output as it comes. What it prints is the container's
// own word: on a terminal it is made harmless, into a pipe it goes as it is.
func (f *flags) attach(c *cobra.Command, a attachment) error {
	ctx, cancel := f.withTimeout(c.Context())
	defer cancel()
	s, err := f.open(a.name)
	if err != nil {
		return err
	}
	if err := s.one(); err != nil {
		return err
	}
	return s.reach(ctx, steps.Installed(s.inventory, s.words), func(ctx context.Context, h *steps.Host) error {
		if h.Facts().Container == nil {
			return provision.Fail("container.absent", s.inventory.Site.Container)
		}
		cmd, err := a.command(ctx, h)
		if err != nil {
			return err
		}
		flush, err := s.streams(h.Name(), &cmd)
		if err != nil {
			return err
		}
		err = h.Attach(ctx, cmd)
		flush()
		var status *remote.ExitError
		if a.givenUp != nil && err != nil && (ctx.Err() != nil || !errors.As(err, &status)) {
			err = errors.Join(err, a.givenUp(ctx))
		}
		if a.endless && interrupted(ctx) {
			return exit(provision.ExitInterrupted)
		}
		if ctx.Err() == nil && errors.As(err, &status) && status.Code > 0 { // the command has said what it had to say
			return exit(status.Code)
		}
		return err
	})
}

// streams sends a command's output to ours: as events with --json, as it is into a pipe, made harmless on a terminal. The
// function returned flushes an unfinished last line.
func (s *session) streams(host string, cmd *remote.Command) (flush func(), err error) {
	if cmd.Terminal != nil {
		return lendTerminal(cmd)
	}
	if !s.flags.json {
		out, flushOut := safe(os.Stdout)
		errs, flushErrs := safe(os.Stderr)
		cmd.Stdout, cmd.Stderr = out, errs
		return func() { flushOut(); flushErrs() }, nil
	}
	printer := lines.NewJSON(os.Stdout, s.words)
	emit := func(stream string) *safetext.Lines {
		return safetext.NewLines(func(lines string) {
			printer.Emit(provision.Event{Time: time.Now(), Host: host, Body: provision.StepOutput{Stream: stream, Text: lines}})
		})
	}
	out, errs := emit(provision.StreamOut), emit(provision.StreamErr)
	cmd.Stdout, cmd.Stderr = out, errs
	return func() {
		out.Flush()
		errs.Flush()
		_ = printer.Close() // a reader that is gone misses nothing any more
	}, nil
}
