package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

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
