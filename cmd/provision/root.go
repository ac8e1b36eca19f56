package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// flags are the ones that every command that reaches a host has.
type flags struct {
	inventory        string
	limit            []string
	json             bool
	verbose          bool
	noColor          bool
	lang             string
	timeout          time.Duration
	logFile          string
	acceptNewHostKey bool
}

func (f *flags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "the `file` that says what goes where")
	set.StringSliceVar(&f.limit, "limit", nil, "only these hosts of the inventory, by `name`,…")
	set.BoolVar(&f.json, "json", false, "one JSON object a line on standard output, and nothing else there")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "show the commands that run on the hosts, and diffs")
	set.BoolVar(&f.noColor, "no-color", os.Getenv("NO_COLOR") != "", "no colours; as NO_COLOR in the environment")
	set.StringVar(&f.lang, "lang", "", "language of the messages: `en|zh` (default: the locale's)")
	set.DurationVar(&f.timeout, "timeout", 0, "give up after this `duration`, such as 10m (default: never)")
	set.StringVar(&f.logFile, "log-file", "", "write the whole log to this `file` (default: one a run in the user's cache)")
	set.BoolVar(&f.acceptNewHostKey, "accept-new-host-key", false, "trust hosts that known_hosts does not list yet, and list them")
}

// words is the printer for the language of the run.
func (f *flags) words() (*language.Printer, error) {
	if f.lang == "" {
		return language.New(language.Detect(os.Getenv)), nil
	}
	tag, ok := language.Parse(f.lang)
	if !ok {
		return nil, usage("--lang %s is not a language of this program; use one of %v", f.lang, language.Tags())
	}
	return language.New(tag), nil
}

// usage is an error of how the program was called.
func usage(format string, args ...any) error {
	return provision.WithExit(provision.ExitUsage, fmt.Errorf(format, args...))
}

func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

func newRoot() *cobra.Command {
	deploy := &deployCommand{}
	root := &cobra.Command{
		Use:   "provision",
		Short: "Take a website from this machine to a live container on a cloud host",
		Long: `provision takes a website on your own machine to a live, verified container on a cloud host over SSH.
It walks through eleven steps: log in, look at the site's files, upload them, build the image there, run the
container, and see that the site answers. What is as wanted already is left alone.

On a terminal it is a wizard; with --yes it asks nothing.`,
		Example: `  provision sandbox up      a cloud host on this machine, to try everything on
  provision init            write an inventory.yaml for a host of your own
  provision plan            what would change
  provision --yes           make it so`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          deploy.run,
	}
	deploy.add(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w; see `%s --help`", err, c.CommandPath())
	})
	again := &deployCommand{}
	explicit := &cobra.Command{
		Use: "deploy", Short: "Deploy the site: the same as provision alone", Args: noArgs, RunE: again.run,
	}
	again.add(explicit)
	root.Args = noArgs
	root.AddCommand(explicit, newPlan(), newStatus(), newLogs(), newExec(), newRollback(), newHistory(), newUnlock(),
		newDown(), newDoctor(), newDiagnose(), newInit(), newSandbox(), newVersion())
	return root
}

// noArgs refuses arguments, among them misspelt commands, with the exit status for wrong usage.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage("%q is neither a command nor a flag of `%s`; see `%s --help`", args[0], c.CommandPath(), c.CommandPath())
}
