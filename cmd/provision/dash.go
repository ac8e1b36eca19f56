package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"github.com/muesli/cancelreader"
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/cockpit"
)

// shortestInterval keeps the cockpit from being a load of its own.
const shortestInterval = time.Second

func newDash() *cobra.Command {
	f := &flags{}
	var interval time.Duration
	c := &cobra.Command{
		Use:  "dash",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case f.json || !onTerminal() || !capable(os.Stdout):
				return usage("dash.no-terminal")
			case interval < shortestInterval:
				return usage("dash.interval", interval, shortestInterval)
			}
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			return f.dash(ctx, interval)
		},
	}
	f.add(c)
	c.Flags().DurationVar(&interval, "interval", survey.WatchInterval, "")
	c.Flags().Lookup("json").Hidden = true // it is for a person: see status
	return c
}

// dash shows the cockpit.
func (f *flags) dash(ctx context.Context, interval time.Duration) error {
	config, err := f.cockpit(interval)
	if err != nil {
		return err
	}
	return cockpit.Run(ctx, config)
}

// cockpit is what the cockpit needs to watch the hosts that the flags name.
func (f *flags) cockpit(interval time.Duration) (cockpit.Config, error) {
	s, err := f.open("provision dash")
	if err != nil {
		return cockpit.Config{}, err
	}
	secrets, err := report.Secrets(s.inventory)
	if err != nil {
		return cockpit.Config{}, err
	}
	d := steps.Installed(s.inventory, s.words)
	var watches []*survey.Watch
	for _, h := range s.hosts {
		w := s.host(d, h).Watch()
		w.Interval = interval
		watches = append(watches, w)
	}
	return cockpit.Config{
		Words:   s.words,
		In:      os.Stdin,
		Out:     os.Stdout,
		Env:     os.Environ(),
		NoColor: f.noColor,
		Site:    s.inventory.Site.Name,
		Watches: watches,
		Hide:    report.NewMasker(secrets).Line,
		Wanted:  f.wanted,
		Command: f.again,
		Shell:   openShell,
		Browse:  browse,
	}, nil
}

// wanted is what the source would be deployed as by now, by host; nothing where it cannot be read.
func (f *flags) wanted(ctx context.Context) map[string]survey.Wanted {
	s, err := f.open("provision dash")
	if err != nil {
		return nil
	}
	d, err := steps.NewDeployment(ctx, s.inventory, s.words, steps.Reading{})
	if err != nil {
		return nil
	}
	wanted := map[string]survey.Wanted{}
	for _, h := range s.hosts {
		wanted[h.Name] = d.Wanted(h)
	}
	return wanted
}

// again is this program with another command on one host, with the flags that it was given itself.
func (f *flags) again(ctx context.Context, host string, args ...string) *exec.Cmd {
	given := []string{args[0], "--inventory", f.inventory, "--limit", host}
	for flag, set := range map[string]bool{"--no-color": f.noColor, "--accept-new-host-key": f.acceptNewHostKey, "--verbose": f.verbose} {
		if set {
			given = append(given, flag)
		}
	}
	if f.lang != "" {
		given = append(given, "--lang", f.lang)
	}
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return exec.CommandContext(ctx, program, slices.Concat(given, args[1:])...)
}

// openShell gives the person's terminal to a shell in a container, over the connection of the watch.
func openShell(ctx context.Context, w *survey.Watch, container string) error {
	cmd := survey.Shell(container)
	back, err := lendTerminal(&cmd)
	if err != nil {
		return err
	}
	defer back()
	typed, err := cancelreader.NewReader(os.Stdin)
	if err != nil {
		return err
	}
	defer typed.Cancel() // what is typed after the shell has ended is the cockpit's
	cmd.Stdin = typed
	err = w.Attach(ctx, cmd)
	if errors.As(err, new(*remote.ExitError)) { // of the last command that was typed there
		return nil
	}
	return err
}

// browse shows a URL in the browser of the desktop. One that would want the terminal gets none.
func browse(ctx context.Context, url string) error {
	program := "xdg-open"
	if runtime.GOOS == "darwin" {
		program = "open"
	}
	return exec.CommandContext(ctx, program, url).Run()
}
