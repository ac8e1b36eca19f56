package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
)

// deployCommand is the program's main job.
type deployCommand struct {
	flags
	yes        bool
	fix        bool
	accessible bool
	report     reportFlags
}

func (d *deployCommand) add(c *cobra.Command) {
	d.flags.add(c)
	d.report.add(c)
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "")
	c.Flags().BoolVar(&d.fix, "fix", false, "")
	c.Flags().BoolVar(&d.accessible, "accessible", os.Getenv("ACCESSIBLE") != "", "")
}

func (d *deployCommand) run(c *cobra.Command, _ []string) error {
	ctx, cancel := d.withTimeout(c.Context())
	defer cancel()
	if !d.yes && !d.json && onTerminal() {
		return d.wizard(ctx)
	}
	if !d.yes {
		return d.unableToRun(ctx, usage("usage.no-terminal"))
	}
	return d.unableToRun(ctx, d.headless(ctx))
}

// headless runs without questions.
func (d *deployCommand) headless(ctx context.Context) error {
	s, err := d.open("provision --yes")
	if err != nil {
		return err
	}
	if d.report.file == "" {
		return d.walk(ctx, s)
	}
	file, err := d.report.create()
	if err != nil {
		return err
	}
	told := &recorder{}
	s.readers.list = append(s.readers.list, told)
	err = d.walk(ctx, s)
	return errors.Join(err, s.report(file, d.report, told, s.loggedTo))
}

func (d *deployCommand) walk(ctx context.Context, s *session) error {
	deployment, err := s.deployment(ctx, d.fix)
	if err != nil {
		return err
	}
	return s.walk(ctx, s.targets(deployment), provision.Headless{}, false)
}

// deployment reads the source, and puts it right first if that is asked for.
func (s *session) deployment(ctx context.Context, fix bool) (*steps.Deployment, error) {
	var mended []steps.Mended
	if fix {
		var err error
		if mended, err = steps.OfferFixes(ctx, s.inventory, s.words, provision.Headless{}, true); err != nil {
			return nil, err
		}
	}
	d, err := steps.NewDeployment(ctx, s.inventory, s.words)
	if err != nil {
		return nil, err
	}
	d.Mended = mended
	return d, nil
}
