package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/steps"
)

// reach connects to every host of the session in turn and hands it over, for the commands that look rather than walk
// through steps. One host that cannot be reached does not keep the others from being shown.
func (s *session) reach(ctx context.Context, d *steps.Deployment, work func(context.Context, *steps.Host) error) error {
	sink, err := s.observe()
	if err != nil {
		return err
	}
	code := provision.ExitOK
	for _, h := range s.hosts {
		err := s.reachOne(ctx, s.host(d, h), sink, work)
		var ended statusError
		switch {
		case err == nil:
			continue
		case errors.As(err, &ended):
			code = int(ended)
			continue
		case code == provision.ExitOK:
			code = provision.ExitCode(err)
		}
		if err := s.failure(h.Name, err); err != nil {
			return err
		}
	}
	if err := s.readers.close(); err != nil {
		return err
	}
	return exit(code)
}

// failure says why a host has nothing to show: to the person on standard error, to a script as an object of its own.
func (s *session) failure(host string, err error) error {
	fmt.Fprintf(os.Stderr, "provision: %s: %s\n", host, safetext.Clean(s.words.Error(err)))
	if !s.flags.json {
		return nil
	}
	return printJSON(os.Stdout, struct {
		Host     string `json:"host"`
		Error    string `json:"error"`
		ExitCode int    `json:"exit_code"`
	}{host, s.words.Error(err), provision.ExitCode(err)})
}

func (s *session) reachOne(ctx context.Context, h *steps.Host, sink provision.Sink, work func(context.Context, *steps.Host) error) error {
	reporter := provision.NewReporter(provision.Options{Sink: sink, Decider: s.decider()}, h.Name(), "")
	err := h.Connect(ctx, reporter)
	if err == nil {
		err = work(ctx, h)
	}
	if err != nil && ctx.Err() != nil {
		err = s.stopped(ctx, h.Name(), err)
	}
	if closeErr := h.Close(context.WithoutCancel(ctx), provision.HostResult{}); err == nil {
		err = closeErr
	}
	return err
}

// stopped is the error of a command that was stopped at a host, because of which it met err.
func (s *session) stopped(ctx context.Context, host string, err error) error {
	return &provision.StoppedError{Host: host, Cause: context.Cause(ctx), Interrupted: interrupted(ctx), Err: err}
}

// walk runs the targets with the printers that the flags ask for; asks says whether a person may be asked in between.
func (s *session) walk(ctx context.Context, targets []provision.Target, decider provision.Decider, asks bool) error {
	result, err := s.run(ctx, targets, decider, s.printer(asks))
	return cmp.Or(err, exit(result.ExitCode))
}

// run runs the targets while readers look on, beside the log.
func (s *session) run(ctx context.Context, targets []provision.Target, decider provision.Decider, readers ...reader) (provision.RunFinished, error) {
	sink, err := s.sink(readers...)
	if err != nil {
		return provision.RunFinished{}, err
	}
	result := provision.Run(ctx, targets, s.options(sink, decider))
	return result, s.readers.close()
}

// interrupted tells a context that somebody ended from one whose time is over.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// one is the host of a command that works on a single one.
func (s *session) one() error {
	if len(s.hosts) == 1 {
		return nil
	}
	return usage("usage.one-host", len(s.hosts))
}

// printJSON writes v as one line, which may be shown on a terminal as it is.
func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(safetext.EscapeJSON(text), '\n'))
	return err
}
