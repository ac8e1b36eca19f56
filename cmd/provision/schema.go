package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/inventory"
)

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
