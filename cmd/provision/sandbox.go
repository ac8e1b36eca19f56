package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/sandbox"
)

func newSandbox() *cobra.Command {
	c := &cobra.Command{
		Use:  "sandbox",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSandboxUp(), newSandboxDown(), newSandboxStatus())
	return c
}

func newSandboxUp() *cobra.Command {
	var o sandbox.Options
	var asJSON bool
	c := &cobra.Command{
		Use:  "up",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			words := languageOf(os.Args[1:], os.Getenv)
			o.Words = words
			o.Log = func(line string) { _, _ = fmt.Fprintln(c.ErrOrStderr(), line) }
			hosts, err := sandbox.Up(c.Context(), o)
			if err != nil {
				return err
			}
			if asJSON {
				return printHosts(c.OutOrStdout(), hosts)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), hosts[0].Inventory)
			next := "--yes"
			if o.Bare {
				next = "prepare --yes"
			}
			_, _ = fmt.Fprintln(c.ErrOrStderr(), words.T("sandbox.next", hosts[0].Inventory, next))
			return err
		},
	}
	c.Flags().StringVar(&o.Name, "name", sandbox.DefaultName, "")
	c.Flags().IntVar(&o.Count, "count", 1, "")
	c.Flags().StringVar(&o.Engine, "engine", "20.10", "")
	c.Flags().StringVar(&o.System, "system", "debian", "")
	c.Flags().BoolVar(&o.Bare, "bare", false, "")
	c.Flags().BoolVar(&asJSON, "json", false, "")
	return c
}

func newSandboxDown() *cobra.Command {
	var name string
	var images bool
	c := &cobra.Command{
		Use:  "down",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := sandbox.Down(c.Context(), name); err != nil {
				return err
			}
			if images {
				return sandbox.Purge(c.Context())
			}
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "", "")
	c.Flags().BoolVar(&images, "images", false, "")
	return c
}

func newSandboxStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:  "status",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			words := languageOf(os.Args[1:], os.Getenv)
			hosts, err := sandbox.Status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printHosts(c.OutOrStdout(), hosts)
			}
			if len(hosts) == 0 {
				_, err = fmt.Fprintln(c.OutOrStdout(), words.T("sandbox.none"))
				return err
			}
			for _, h := range hosts {
				state := words.T("sandbox.stopped")
				if h.Running {
					state = words.T("sandbox.running")
				}
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%-12s %-12s %s  %s\n", h.Name, h.Address, state, h.Inventory); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "")
	return c
}

// printHosts writes one object a line.
func printHosts(w io.Writer, hosts []sandbox.Host) error {
	encoder := json.NewEncoder(w)
	for _, h := range hosts {
		err := encoder.Encode(map[string]any{
			"name": h.Name, "address": h.Address, "port": h.Port, "user": h.User, "identity": h.Identity,
			"known_hosts": h.KnownHosts, "inventory": h.Inventory, "site": h.Site, "container": h.Container, "running": h.Running,
			"engine": h.Engine, "system": h.System,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
