package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
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
	for _, q := range initQuestions {
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

// initQuestions are the answers of init, in the order in which they are asked for.
var initQuestions = []struct{ name, help, standard string }{
	{setup.Address, "the `host` to deploy to: a name, an IP address, or an alias of the SSH configuration", ""},
	{setup.Port, "the `port` of its SSH server", "22"},
	{setup.User, "the `user` to log in as", "kevin"},
	{setup.Identity, "the private key `file` to log in with (default: the agent's and OpenSSH's usual ones)", ""},
	{setup.Name, "the site's `name`", "myweb"},
	{setup.Source, "the `folder` with the Dockerfile", "."},
	{setup.Directory, "the `folder` where the site lives on the host", "/home/kevin/dev/myweb"},
	{setup.Domain, "the `name` that visitors type", ""},
	{setup.Certificate, "the certificate `file`, relative to the source", "ssl_files/kevinhuo_cool.pem"},
	{setup.Key, "its private key `file`, relative to the source", "ssl_files/kevinhuo_cool.key"},
}

// askAnswers asks for what the flags did not say, one line each, until every answer is right.
func askAnswers(ctx context.Context, out io.Writer, s setup.Setup, given setup.Answers) error {
	offers := s.Suggest()
	lines := newLineReader(ctx)
	for _, q := range initQuestions {
		if _, ok := given[q.name]; ok {
			continue
		}
		standard := q.standard
		if len(offers[q.name]) > 0 {
			standard = offers[q.name][0]
		}
		for {
			_, _ = fmt.Fprintf(out, "%s [%s]: ", strings.ReplaceAll(q.help, "`", ""), standard)
			line, err := lines.read()
			if err != nil {
				return err
			}
			answer := strings.TrimSpace(line)
			if answer == "" {
				answer = standard
			}
			note, err := s.Check(q.name, answer, given)
			if err == nil {
				given[q.name] = answer
				if note != "" {
					_, _ = fmt.Fprintln(out, "  "+note)
				}
				break
			}
			_, _ = fmt.Fprintln(out, "  "+err.Error())
		}
	}
	return nil
}
