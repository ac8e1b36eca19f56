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
		Use:   "rollback [RELEASE]",
		Short: "Back to the previous release, or to that one, with its own settings",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("rollback takes the name of one release; `provision status` lists them")
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
	c.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing")
	return c
}

func newDown() *cobra.Command {
	f := &flags{}
	var yes bool
	var o operate.DownOptions
	c := &cobra.Command{
		Use:   "down",
		Short: "Stop and remove the site's container; keep files and images",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.mayRun(yes, o.Files || o.Images); err != nil {
				return f.unableToRun(c.Context(), err)
			}
			return f.operate(c, "provision down", yes, true, func(h *steps.Host) provision.Target { return operate.NewDown(h, o) })
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing; without a terminal, --images and --files need it")
	c.Flags().BoolVar(&o.Images, "images", false, "remove the site's images too")
	c.Flags().BoolVar(&o.Files, "files", false, "remove the uploaded files too, and the folder with the history")
	return c
}

// mayRun refuses to leave out, without --yes, a question that a person could be asked. Where nobody can be, what can be taken
// back by another run is done without one: scripts do it, and the command says what it does. What destroys is not.
func (f *flags) mayRun(yes, destroys bool) error {
	switch {
	case yes:
		return nil
	case onTerminal() && f.json:
		return usage("with --json no question is asked; add --yes to run without it")
	case destroys && !onTerminal():
		return usage("this removes for good what is on the host, and nobody is asked in this mode; add --yes, or see with `provision status` what is there")
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
