package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/cells"
)

// languageOf is the language that the program is called in, known before the arguments are parsed: help and usage errors speak
// it too.
func languageOf(args []string, getenv func(string) string) *language.Printer {
	tag := language.Detect(getenv)
	for i, arg := range args {
		value, ok := strings.CutPrefix(arg, "--lang=")
		switch {
		case arg == "--":
			return language.New(tag)
		case arg == "--lang" && i+1 < len(args):
			value = args[i+1]
		case !ok:
			continue
		}
		if named, known := language.Parse(value); known {
			tag = named
		}
	}
	return language.New(tag)
}

// knownLanguage refuses a --lang that there are no words for.
func knownLanguage(c *cobra.Command, _ []string) error {
	if lang := c.Flag("lang").Value.String(); lang != "" {
		if _, ok := language.Parse(lang); !ok {
			return usage("usage.lang", lang, fmt.Sprint(language.Tags()))
		}
	}
	return nil
}

// speak gives a command and those below it their words: "help.COMMAND", "help.COMMAND.long" and "help.COMMAND.example" in the
// catalogue, and for a flag "help.COMMAND.flag.NAME" or, where several commands have it, "help.flag.NAME".
func speak(c *cobra.Command, words *language.Printer) {
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	key := helpKey(c)
	c.Short, c.Example = words.T(key), optional(words, key+".example")
	c.Long = strings.Join(cells.Wrap(cmp.Or(optional(words, key+".long"), c.Short), helpWidth), "\n")
	describe := func(f *pflag.Flag) {
		f.Usage = optional(words, key+".flag."+f.Name)
		if f.Usage == "" {
			f.Usage = words.T("help.flag." + f.Name)
		}
	}
	c.PersistentFlags().VisitAll(describe)
	c.LocalFlags().VisitAll(describe)
	for _, g := range c.Groups() {
		g.Title = words.T(g.Title)
	}
	for _, sub := range c.Commands() {
		speak(sub, words)
	}
}

// helpKey is the key of a command's words: help.sandbox.up.
func helpKey(c *cobra.Command) string {
	if !c.HasParent() {
		return "help." + c.Name()
	}
	return "help." + strings.ReplaceAll(strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" "), " ", ".")
}

func optional(words *language.Printer, key string) string {
	if text := words.T(key); text != key {
		return text
	}
	return ""
}

// helpWidth is the widest line of a help text, in cells of a terminal.
const helpWidth = 80

// commonFlag marks a flag that every command that reaches a host has.
const commonFlag = "common"

// flagRows are the flags of a set that are common to the commands that reach a host, or those that are not: name and words.
func flagRows(set *pflag.FlagSet, words *language.Printer, common bool) (rows [][2]string) {
	set.VisitAll(func(f *pflag.Flag) {
		if _, marked := f.Annotations[commonFlag]; f.Hidden || marked != common {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		left := "      --" + f.Name
		if f.Shorthand != "" {
			left = "  -" + f.Shorthand + ", --" + f.Name
		}
		if f.Value.Type() != "bool" {
			left += " " + name
			if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "0s" {
				usage += words.T("help.default", f.DefValue)
			}
		}
		rows = append(rows, [2]string{left, usage})
	})
	return rows
}

// aligned is a line a row, the second column at width, wrapped to helpWidth.
func aligned(rows [][2]string, width int) string {
	var b strings.Builder
	for _, row := range rows {
		text := strings.Join(cells.Wrap(row[1], helpWidth-width), "\n")
		b.WriteString(cells.Fit(row[0], width) + cells.Hang(text, strings.Repeat(" ", width)) + "\n")
	}
	return b.String()
}

// widest is the width of the first column of rows, with the space behind it.
func widest(rows [][2]string) int {
	width := 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row[0])+cells.Gutter)
	}
	return width
}

// usageText is how a command is called, as cobra prints it.
func usageText(c *cobra.Command, words *language.Printer) string {
	var b strings.Builder
	b.WriteString(words.T("help.usage"))
	if c.Runnable() {
		c.DisableFlagsInUseLine = true
		b.WriteString("\n  " + words.T("help.line", c.UseLine()))
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n  " + words.T("help.subline", c.CommandPath()))
	}
	b.WriteString("\n")
	section := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + title + "\n" + strings.TrimRight(text, " \n") + "\n")
		}
	}
	section(words.T("help.examples"), c.Example)
	groups := c.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: words.T("help.commands")}}
	}
	commands := map[string][][2]string{} // by group
	width := 0
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			row := [2]string{"  " + sub.Name(), sub.Short}
			commands[sub.GroupID] = append(commands[sub.GroupID], row)
			width = max(width, widest([][2]string{row}))
		}
	}
	for _, group := range groups {
		section(group.Title, aligned(commands[group.ID], width))
	}
	c.LocalFlags() // merges those that it inherits
	own, common := flagRows(c.Flags(), words, false), flagRows(c.Flags(), words, true)
	width = max(widest(own), widest(common))
	section(words.T("help.flags"), aligned(own, width))
	section(words.T("help.common"), aligned(common, width))
	if c.HasAvailableSubCommands() {
		b.WriteString("\n" + strings.Join(cells.Wrap(words.T("help.more", c.CommandPath()), helpWidth), "\n") + "\n")
	}
	return b.String()
}

// usage is an error of how the program was called.
func usage(code string, values ...any) error {
	return provision.Fail(code, values...).WithExit(provision.ExitUsage)
}

// flagError is what pflag says of a flag, in our words where it is one of the slips that people make.
func flagError(c *cobra.Command, err error) error {
	what := err
	var unknown *pflag.NotExistError
	var alone *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		what = usage("usage.flag-unknown", dashed(unknown.GetSpecifiedName()), meantFlag(c, unknown.GetSpecifiedName()))
	case errors.As(err, &alone):
		what = usage("usage.flag-value", dashed(alone.GetSpecifiedName()))
	case errors.As(err, &wrong):
		what = usage("usage.flag-invalid", wrong.GetValue(), "--"+wrong.GetFlag().Name, wrong.Unwrap())
	}
	return usage("usage.see", what, c.CommandPath())
}

// meantFlag is the question that follows a misspelt flag; empty where none is near.
func meantFlag(c *cobra.Command, name string) any {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := inventory.Nearest(name, names); len(name) > 1 && near != "" {
		return provision.Fail("usage.meant", dashed(near))
	}
	return ""
}

// dashed is a flag as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// noArgs refuses arguments, among them misspelt commands, with the exit status for wrong usage.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return usage("usage.no-argument", c.CommandPath(), args[0])
	}
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	var meant any = ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		meant = provision.Fail("usage.meant", c.CommandPath()+" "+near[0])
	}
	return usage("usage.no-command", c.CommandPath(), args[0], meant)
}

// newHelp is help with the exit status for wrong usage where it is asked about a command that there is not.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noArgs(c.Root(), args)
			}
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

// printUsage is usageText where cobra prints it.
func printUsage(words *language.Printer) func(*cobra.Command) error {
	return func(c *cobra.Command) error {
		_, err := fmt.Fprint(c.OutOrStderr(), usageText(c, words))
		return err
	}
}

// spoken is the root with the words for the arguments that it will be given.
func spoken(args []string) (*cobra.Command, *language.Printer) {
	words := languageOf(args, os.Getenv)
	root := newRoot()
	root.InitDefaultHelpCmd()
	speak(root, words)
	root.SetUsageFunc(printUsage(words))
	root.SetArgs(args)
	return root, words
}
