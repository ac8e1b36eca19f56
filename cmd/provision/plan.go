package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
)

func newPlan() *cobra.Command {
	f := &flags{}
	var exitCode bool
	c := &cobra.Command{
		Use:  "plan",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			return f.unableToPlan(ctx, f.plan(ctx, exitCode))
		},
	}
	f.add(c)
	f.addVerify(c)
	c.Flags().BoolVar(&exitCode, "exit-code", false, "")
	return c
}

func (f *flags) plan(ctx context.Context, exitCode bool) error {
	s, err := f.open("provision plan")
	if err != nil {
		return err
	}
	s.diffs = true
	deployment, err := steps.NewDeployment(ctx, s.inventory, s.words, steps.Reading{Verify: f.verify})
	if err != nil {
		return err
	}
	return s.showPlan(ctx, s.targets(deployment), exitCode)
}

// showPlan tells what a run of the targets would change.
func (s *session) showPlan(ctx context.Context, targets []provision.Target, exitCode bool) error {
	sink, err := s.sink(s.planPrinter())
	if err != nil {
		return err
	}
	result := provision.Plan(ctx, targets, s.options(sink, s.decider()))
	if err := s.readers.close(); err != nil {
		return err
	}
	if exitCode && result.ExitCode == provision.ExitOK && len(result.Changes) > 0 {
		return exit(provision.ExitChanges)
	}
	return exit(result.ExitCode)
}
