package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
)

func newDoctor() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check this machine, the host and the site, and explain what is missing; changes nothing",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision doctor")
			if err != nil {
				return err
			}
			d, err := steps.NewDeployment(ctx, s.inventory, s.words)
			if err != nil {
				return err
			}
			checks := d.Local()
			for _, host := range s.hosts {
				checks = append(checks, s.examine(ctx, s.host(d, host))...)
			}
			return printChecks(c.OutOrStdout(), checks, f.json)
		},
	}
	f.add(c)
	return c
}

func (s *session) examine(ctx context.Context, h *steps.Host) []steps.Check {
	checks := h.Doctor(ctx, provision.NewReporter(provision.Options{Decider: s.decider()}, h.Name(), ""))
	_ = h.Close(context.WithoutCancel(ctx), provision.HostResult{}) // nothing was changed that closing could spoil
	return checks
}

// printChecks writes the table; the exit status tells whether anything keeps a run from succeeding.
func printChecks(w io.Writer, checks []steps.Check, asJSON bool) error {
	code := provision.ExitOK
	if asJSON {
		if err := printJSON(w, map[string]any{"checks": checks}); err != nil {
			return err
		}
	}
	for _, c := range checks {
		if c.Verdict == provision.SeverityError {
			code = provision.ExitFailed
			if c.Name == "login" {
				code = provision.ExitUnreachable
			}
		}
		if asJSON {
			continue
		}
		place := "here"
		if c.Host != "" {
			place = c.Host
		}
		if _, err := fmt.Fprintf(w, "%-8s %-10s %-22s %s\n", c.Verdict, place, c.Name, c.Detail); err != nil {
			return err
		}
		if c.Fix != "" {
			_, _ = fmt.Fprintf(w, "%-43s-> %s\n", "", c.Fix)
		}
	}
	return exit(code)
}
