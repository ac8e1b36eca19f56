package main

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/steps"
)

// deployCommand is the program's main job.
type deployCommand struct {
	flags
	yes        bool
	fix        bool
	accessible bool
	report     reportFlags
	leads      bool // to the cockpit
}

func (d *deployCommand) add(c *cobra.Command) {
	d.flags.add(c)
	d.addLock(c)
	d.addVerify(c)
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
	s.diffs = d.verbose || d.json
	var file *os.File
	told := &report.Recorder{}
	if d.report.file != "" {
		if file, err = d.report.create(s.needed()...); err != nil {
			return err
		}
	}
	result, err := s.deploy(ctx, provision.Headless{}, d.fix, told, s.printer(false))
	if file != nil {
		err = errors.Join(err, s.report(file, d.report, told, s.loggedTo))
	}
	return cmp.Or(err, exit(result.ExitCode))
}

// deploy is the one way to deploy, for a person at the wizard as for --yes: the source is read, and put right where that is
// agreed to, and the hosts are walked while the given readers look on, beside the log.
func (s *session) deploy(ctx context.Context, decider provision.Decider, fix bool, readers ...reader) (provision.RunFinished, error) {
	deployment, err := steps.Mend(ctx, s.inventory, s.words, decider, fix, steps.Reading{Verify: s.flags.verify, Remember: true})
	if err != nil {
		return provision.RunFinished{}, err
	}
	if _, nobody := decider.(provision.Headless); !nobody {
		deployment.MakeReady = s.preparation().Offer(s.flags.acceptNewHostKey)
	}
	return s.run(ctx, s.targets(deployment), decider, readers...)
}
