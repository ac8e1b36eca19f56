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
	limited          func() bool // --limit was given
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
	set.StringSliceVar(&f.limit, "limit", nil, "only these hosts of the inventory: `NAME,…`")
	f.limited = func() bool { return set.Changed("limit") }
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

const about = `provision takes a website on your own machine to a live, verified container on a cloud host over SSH.
It walks through eleven steps: log in, look at the site's files, upload them, build the image there, run the
container, and see that the site answers. What is as wanted already is left alone.

On a terminal it is a wizard; with --yes it asks nothing.

Exit status:
  0    done
  1    a step failed
  2    usage or inventory is wrong; nothing was connected to
  3    a host cannot be reached or refuses the login
  4    the new release failed its checks and the previous one serves
  5    another run holds the lock; see provision unlock
  6    plan --exit-code found changes
  130  interrupted`

const examples = `  provision sandbox up      a cloud host on this machine, to try everything on
  provision init            write an inventory.yaml for a host of your own
  provision plan            what would change
  provision --yes           make it so
  provision status          what is deployed now`

// The groups of the commands in the help.
const (
	groupDeploy  = "deploy"
	groupLook    = "look"
	groupOperate = "operate"
	groupBeside  = "beside"
)

func newRoot() *cobra.Command {
	deploy := &deployCommand{}
	root := &cobra.Command{
		Use:           "provision",
		Short:         "Take a website from this machine to a live container on a cloud host",
		Long:          about,
		Example:       examples,
		Version:       programVersion(),
		Args:          noArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          deploy.run,

		SuggestionsMinimumDistance: 2,
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
	group(root, groupDeploy, "Deploy:", explicit, newPlan(), newRollback(), newDown())
	group(root, groupLook, "Look:", newStatus(), newHistory(), newLogs(), newDoctor(), newDiagnose())
	group(root, groupOperate, "Operate:", newExec(), newUnlock())
	group(root, groupBeside, "Set up:", newInit(), newSandbox(), newVersion(), newHelp())
	root.SetHelpCommandGroupID(groupBeside)
	root.SetCompletionCommandGroupID(groupBeside)
	root.InitDefaultCompletionCmd()
	strictCompletion(root)
	return root
}

// group adds commands to the help's list under one heading.
func group(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
		if c.Name() == "help" {
			root.SetHelpCommand(c)
			continue
		}
		root.AddCommand(c)
	}
}

// newHelp is help with the exit status for wrong usage where it is asked about a command that there is not.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noArgs(c.Root(), args)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// strictCompletion gives a shell that is not known the exit status for wrong usage.
func strictCompletion(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = noArgs, func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}

// noArgs refuses arguments, among them misspelt commands, with the exit status for wrong usage.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return usage("`%s` takes no argument such as %q; see `%s --help`", c.CommandPath(), args[0], c.CommandPath())
	}
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	meant := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		meant = "; did you mean `" + c.CommandPath() + " " + near[0] + "`?"
	}
	return usage("`%s` has no command %q%s; see `%s --help`", c.CommandPath(), args[0], meant, c.CommandPath())
}
