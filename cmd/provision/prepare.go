package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/steps/prepare"
)

// newPrepare is the command that makes bare hosts ready.
func newPrepare() *cobra.Command {
	f := &flags{}
	var yes, plan bool
	c := &cobra.Command{
		Use:  "prepare",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			if plan {
				return f.unableToPlan(ctx, f.planPrepare(ctx))
			}
			return f.unableToRun(ctx, f.prepare(ctx, yes))
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "")
	c.Flags().BoolVar(&plan, "plan", false, "")
	return c
}

func (f *flags) planPrepare(ctx context.Context) error {
	s, err := f.open("provision prepare")
	if err != nil {
		return err
	}
	return s.showPlan(ctx, s.bare(), false)
}

func (f *flags) prepare(ctx context.Context, yes bool) error {
	if !yes && (f.json || !onTerminal()) {
		return usage("usage.prepare-no-terminal")
	}
	s, err := f.open("provision prepare")
	if err != nil {
		return err
	}
	decider := s.decider()
	if yes {
		decider = provision.Headless{}
	}
	return s.walk(ctx, s.bare(), decider, !yes)
}

// preparation is what is wanted of a bare host.
func (s *session) preparation() *prepare.Preparation {
	return &prepare.Preparation{Inventory: s.inventory, Words: s.words, Bases: site.Bases(os.DirFS(s.inventory.Site.Source), site.Of(s.inventory.Site))}
}

// bare are the hosts as prepare sees them.
func (s *session) bare() []provision.Target {
	p := s.preparation()
	var targets []provision.Target
	for _, h := range s.hosts {
		targets = append(targets, p.NewHost(h, s.flags.acceptNewHostKey))
	}
	return targets
}
