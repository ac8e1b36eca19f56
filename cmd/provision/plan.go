package main

import (
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
)

func newPlan() *cobra.Command {
	f := &flags{}
	var exitCode bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "What a run would change, with diffs; changes nothing",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision plan")
			if err != nil {
				return err
			}
			deployment, err := s.deployment(ctx, false)
			if err != nil {
				return err
			}
			f.verbose = true // a plan is read for its diffs
			sink, err := s.sink(s.printer())
			if err != nil {
				return err
			}
			result := provision.Plan(ctx, s.targets(deployment), provision.Options{
				Site: s.inventory.Site.Name, LogFile: s.log.Name(), Sink: sink,
			})
			if err := s.close(); err != nil {
				return err
			}
			if exitCode && result.ExitCode == provision.ExitOK && len(result.Changes) > 0 {
				return exit(provision.ExitChanges)
			}
			return exit(result.ExitCode)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&exitCode, "exit-code", false, "end with status 6 when there is something to change")
	return c
}
