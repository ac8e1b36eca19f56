package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/setup"
	prompting "github.com/kehuo/provision/tui/prompt"
)

func newInit() *cobra.Command {
	f := &flags{}
	answers := map[string]*string{}
	c := &cobra.Command{Use: "init", Args: noArgs}
	c.Flags().StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "")
	c.Flags().StringVar(&f.lang, "lang", "", "")
	for _, q := range setup.Questions() {
		answers[q.Name] = c.Flags().String(q.Name, "", "")
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
			return err
		}
		if onTerminal() {
			lines, err := prompting.New(c.Context(), os.Stdin, c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer lines.Close()
			if err := setup.Ask(c.Context(), s, words, lines, setup.Questions(), given); err != nil {
				return err
			}
		} else if given[setup.Address] == "" {
			return usage("usage.init-address")
		}
		if err := s.Write(given); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", f.inventory)
		_, _ = fmt.Fprintln(c.ErrOrStderr(), words.T("setup.next", f.inventory))
		return err
	}
	return c
}
