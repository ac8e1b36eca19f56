package main

import (
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

func newRollback() *cobra.Command {
	f := &flags{}
	var yes bool
	c := &cobra.Command{
		Use: "rollback [RELEASE]",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("usage.rollback")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			release := ""
			if len(args) == 1 {
				release = args[0]
			}
			if err := f.mayRun(yes, false); err != nil {
				return f.unableToRun(c.Context(), err)
			}
			return f.operate(c, "provision rollback", yes, false, func(h *steps.Host) provision.Target { return operate.NewRollback(h, release) })
		},
	}
	f.add(c)
	f.addLock(c)
	c.ValidArgsFunction = f.completeReleases
	c.Flags().BoolVarP(&yes, "yes", "y", false, "")
	return c
}

func newDown() *cobra.Command {
	f := &flags{}
	var yes bool
	var o operate.DownOptions
	c := &cobra.Command{
		Use:  "down",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.mayRun(yes, o.Files || o.Images); err != nil {
				return f.unableToRun(c.Context(), err)
			}
			return f.operate(c, "provision down", yes, true, func(h *steps.Host) provision.Target { return operate.NewDown(h, o) })
		},
	}
	f.add(c)
	f.addLock(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "")
	c.Flags().BoolVar(&o.Images, "images", false, "")
	c.Flags().BoolVar(&o.Files, "files", false, "")
	return c
}

// mayRun refuses to leave out, without --yes, a question that a person could be asked. Where nobody can be, what can be taken
// back by another run is done without one: scripts do it, and the command says what it does. What destroys is not.
func (f *flags) mayRun(yes, destroys bool) error {
	switch {
	case yes:
		return nil
	case onTerminal() && f.json:
		return usage("usage.json-prompt")
	case destroys && !onTerminal():
		return usage("usage.destroys")
	}
	return nil
}

// operate walks targets that need nothing of the source; cautious is provision.Options.Cautious.
func (f *flags) operate(c *cobra.Command, name string, yes, cautious bool, target func(*steps.Host) provision.Target) error {
	ctx, cancel := f.withTimeout(c.Context())
	defer cancel()
	s, err := f.open(name)
	if err != nil {
		return f.unableToRun(ctx, err)
	}
	s.cautious = cautious
	decider := s.decider()
	if yes {
		decider = provision.Headless{}
	}
	_, silent := decider.(provision.Headless)
	d := steps.Installed(s.inventory, s.words)
	var targets []provision.Target
	for _, h := range s.hosts {
		targets = append(targets, target(s.host(d, h)))
	}
	return f.unableToRun(ctx, s.walk(ctx, targets, decider, !silent))
}
