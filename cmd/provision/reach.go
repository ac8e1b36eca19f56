package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
)

// reach connects to every host of the session in turn and hands it over, for the commands that look rather than walk
// through steps. One host that cannot be reached does not keep the others from being shown.
func (s *session) reach(ctx context.Context, d *steps.Deployment, work func(context.Context, *steps.Host) error) error {
	code := provision.ExitOK
	for _, h := range s.hosts {
		err := s.reachOne(ctx, s.host(d, h), work)
		if err == nil {
			continue
		}
		var said finished
		if errors.As(err, &said) {
			code = int(said)
			continue
		}
		fmt.Fprintf(os.Stderr, "provision: %s: %v\n", h.Name, err)
		if code == provision.ExitOK {
			code = provision.ExitCode(err)
		}
	}
	return exit(code)
}

func (s *session) reachOne(ctx context.Context, h *steps.Host, work func(context.Context, *steps.Host) error) error {
	reporter := provision.NewReporter(provision.Options{Decider: s.decider()}, h.Name(), "")
	err := h.Connect(ctx, reporter)
	if err == nil {
		err = work(ctx, h)
	}
	if closeErr := h.Close(context.WithoutCancel(ctx), provision.HostResult{}); err == nil {
		err = closeErr
	}
	return err
}

// walk runs the targets with the printers that the flags ask for.
func (s *session) walk(ctx context.Context, targets []provision.Target, decider provision.Decider) error {
	sink, err := s.sink(s.printer())
	if err != nil {
		return err
	}
	result := provision.Run(ctx, targets, provision.Options{
		Site: s.inventory.Site.Name, LogFile: s.log.Name(), Sink: sink, Decider: decider,
	})
	if err := s.close(); err != nil {
		return err
	}
	return exit(result.ExitCode)
}

// one is the host of a command that works on a single one.
func (s *session) one() error {
	if len(s.hosts) == 1 {
		return nil
	}
	return usage("the inventory has %d hosts and this command works on one; name it with --limit", len(s.hosts))
}

// printJSON writes v as one line.
func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
