package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/page"
)

func newInit() *cobra.Command {
	f := &flags{}
	answers := map[string]*string{}
	c := &cobra.Command{
		Use:     "init",
		Short:   "Write an inventory.yaml, by questions or flags",
		Example: "  provision init --address 203.0.113.10 --user kevin --source ./site --domain kevinhuo.cool",
		Args:    noArgs,
	}
	c.Flags().StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "the `file` to write")
	c.Flags().StringVar(&f.lang, "lang", "", "language of the questions: `en|zh` (default: the locale's)")
	for _, q := range initFlags {
		answers[q.name] = c.Flags().String(q.name, "", q.help)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		words, err := f.words()
		if err != nil {
			return err
		}
		given := setup.Answers{}
		for name, value := range answers {
			if c.Flags().Changed(name) {
				given[name] = *value
			}
		}
		s := setup.Setup{File: f.inventory, Words: words}
		if err := s.Free(); err != nil { // before ten questions are asked for nothing
			return provision.WithExit(provision.ExitUsage, err)
		}
		if onTerminal() {
			err = askAnswers(c.Context(), c.ErrOrStderr(), s, given)
		} else if given[setup.Address] == "" {
			err = usage("there is no terminal to ask questions on; say at least --address, the host to deploy to")
		}
		if err != nil {
			return err
		}
		if err := s.Write(given); err != nil {
			return provision.WithExit(provision.ExitUsage, err)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", f.inventory)
		_, _ = fmt.Fprintf(c.ErrOrStderr(), "Next: provision -i %s plan\n", f.inventory)
		return err
	}
	return c
}

// initFlags are the answers that can be given beforehand.
var initFlags = []struct{ name, help string }{
	{setup.Address, "the `host` to deploy to: a name, an IP address, or an alias of the SSH configuration"},
	{setup.Port, "the `port` of its SSH server"},
	{setup.User, "the `user` to log in as (default: the SSH configuration's)"},
	{setup.Identity, "the private key `file` to log in with (default: the agent's and OpenSSH's usual ones)"},
	{setup.Name, "the site's `name`"},
	{setup.Source, "the `folder` with the Dockerfile"},
	{setup.Directory, "the `folder` where the site lives on the host"},
	{setup.Domain, "the `name` that visitors type"},
	{setup.Certificate, "the certificate `file`, relative to the source; empty, with an empty key: plain http"},
	{setup.Key, "its private key `file`, relative to the source"},
}

// interview asks for what the flags did not say.
type interview struct {
	setup setup.Setup
	out   io.Writer
	lines *lineReader
}

// askAnswers asks what the wizard's form asks, one line each, until every answer is right.
func askAnswers(ctx context.Context, out io.Writer, s setup.Setup, given setup.Answers) error {
	i := interview{s, out, newLineReader(ctx)}
	offers := s.Suggest()
	for _, field := range initFields() {
		if _, ok := given[field.Name]; ok {
			continue
		}
		if field.With != "" && given[field.With] == "" {
			given[field.Name] = ""
			continue
		}
		s.Follow(offers, given)
		field.Default = field.Standard(offers, given)
		if err := i.ask(field, given); err != nil {
			return err
		}
	}
	return nil
}

// initFields are the form's, and the site's name: several sites on one host need names of their own.
func initFields() []page.Field {
	fields := tui.Fields()
	at := slices.IndexFunc(fields, func(f page.Field) bool { return f.Name == setup.Source })
	return slices.Insert(fields, at, page.Field{Name: setup.Name, Default: inventory.Defaults().Name})
}

func (i interview) ask(field page.Field, given setup.Answers) error {
	words := i.setup.Words
	title, help := words.T("wizard.field."+field.Name), words.T("wizard.field."+field.Name+".help")
	if field.Optional && field.Default != "" {
		help += " " + words.T("wizard.form.enter")
	}
	_, _ = fmt.Fprintf(i.out, "%s: %s\n", title, help)
	for {
		_, _ = fmt.Fprintf(i.out, "%s [%s]: ", title, field.Default)
		line, err := i.lines.read()
		if err != nil {
			return err
		}
		answer := strings.TrimSpace(line)
		switch {
		case answer == "":
			answer = field.Default
		case answer == "-" && field.Optional:
			answer = ""
		}
		note, err := i.setup.Check(field.Name, answer, given)
		if err == nil {
			given[field.Name] = answer
			if note != "" {
				_, _ = fmt.Fprintln(i.out, "  "+note)
			}
			return nil
		}
		_, _ = fmt.Fprintln(i.out, "  "+err.Error())
	}
}
