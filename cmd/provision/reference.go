package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/kehuo/provision/provision/inventory"
)

// newSchema prints the inventory's schema, for editors.
func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:  "schema",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := inventory.Schema(languageOf([]string{"--lang=" + c.Flag("lang").Value.String()}, os.Getenv))
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
}

// newMan writes the manual pages that packages bring.
func newMan() *cobra.Command {
	var date string
	c := &cobra.Command{
		Use:    "man FOLDER",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			at, err := time.Parse(time.DateOnly, date)
			if err != nil {
				return usage("usage.flag-invalid", date, "--date", err)
			}
			return doc.GenManTree(c.Root(), &doc.GenManHeader{Section: "1", Source: "provision " + programVersion(), Manual: "provision", Date: &at}, args[0])
		},
	}
	c.Flags().StringVar(&date, "date", time.Now().Format(time.DateOnly), "")
	return c
}
