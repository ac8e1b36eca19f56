package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

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
	waitLock         time.Duration
	verify           bool
}

func (f *flags) add(c *cobra.Command) {
	all, set := c.Flags(), pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "")
	set.StringSliceVar(&f.limit, "limit", nil, "")
	f.limited = func() bool { return all.Changed("limit") }
	set.BoolVar(&f.json, "json", false, "")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "")
	set.BoolVar(&f.noColor, "no-color", os.Getenv("NO_COLOR") != "", "")
	set.StringVar(&f.lang, "lang", "", "")
	set.DurationVar(&f.timeout, "timeout", 0, "")
	set.StringVar(&f.logFile, "log-file", "", "")
	set.BoolVar(&f.acceptNewHostKey, "accept-new-host-key", false, "")
	set.VisitAll(func(flag *pflag.Flag) { flag.Annotations = map[string][]string{commonFlag: nil} })
	all.AddFlagSet(set)
	f.complete(c)
}

// addLock adds the flag of the commands that take the lock.
func (f *flags) addLock(c *cobra.Command) { c.Flags().DurationVar(&f.waitLock, "wait-lock", 0, "") }

// addVerify adds the flag of deployments and of what plans one.
func (f *flags) addVerify(c *cobra.Command) { c.Flags().BoolVar(&f.verify, "verify", false, "") }

// words is the printer for the language of the run.
func (f *flags) words() (*language.Printer, error) {
	if f.lang == "" {
		return language.New(language.Detect(os.Getenv)), nil
	}
	tag, ok := language.Parse(f.lang)
	if !ok {
		return nil, usage("usage.lang", f.lang, fmt.Sprint(language.Tags()))
	}
	return language.New(tag), nil
}

func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// The groups of the commands in the help.
const (
	groupDeploy  = "deploy"
	groupLook    = "look"
	groupOperate = "operate"
	groupBeside  = "beside"
)

// newRoot is the program's commands, without words; see speak.
func newRoot() *cobra.Command {
	deploy := &deployCommand{cockpit: true} // the cockpit itself runs the other one
	root := &cobra.Command{
		Use:           "provision",
		Version:       programVersion(),
		Args:          noArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          deploy.run,

		SuggestionsMinimumDistance: 2,
	}
	deploy.add(root)
	root.PersistentFlags().String("lang", "", "") // read by languageOf; commands that reach a host have one of their own
	root.PersistentPreRunE = knownLanguage
	root.SetFlagErrorFunc(flagError)
	again := &deployCommand{}
	explicit := &cobra.Command{Use: "deploy", Args: noArgs, RunE: again.run}
	again.add(explicit)
	group(root, groupDeploy, "help.deploying", explicit, newPlan(), newRollback(), newDown())
	group(root, groupLook, "help.looking", newStatus(), newDash(), newHistory(), newLogs(), newDoctor(), newDiagnose())
	group(root, groupOperate, "help.operating", newExec(), newUnlock())
	group(root, groupBeside, "help.beside", newInit(), newSandbox(), newSchema(), newMan(), newVersion(), newHelp())
	root.SetHelpCommandGroupID(groupBeside)
	root.SetCompletionCommandGroupID(groupBeside)
	root.InitDefaultCompletionCmd()
	strictCompletion(root)
	return root
}

// group adds commands to the help's list under one heading, which is a key of the catalogue.
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
