package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/steps"
)

// newBase is the command for the tutorial's base image.
func newBase() *cobra.Command {
	f := &flags{}
	var build bool
	var tag string
	c := &cobra.Command{
		Use:  "base",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !build {
				_, err := io.WriteString(c.OutOrStdout(), prepare.BaseDockerfile)
				return err
			}
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			return f.buildBase(ctx, tag)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&build, "build", false, "")
	c.Flags().StringVar(&tag, "tag", prepare.BaseImage, "")
	return c
}

// buildBase builds the image on the hosts, one after the other.
func (f *flags) buildBase(ctx context.Context, tag string) error {
	if f.json {
		return usage("usage.base-json")
	}
	s, err := f.open("provision base")
	if err != nil {
		return err
	}
	return s.reach(ctx, steps.Installed(s.inventory, s.words), func(ctx context.Context, h *steps.Host) error {
		fmt.Fprintln(os.Stderr, s.words.T("prepare.base.building", tag, h.Name()))
		cmd := remote.Command{Argv: prepare.BuildBase(tag), Sudo: true, Stdin: strings.NewReader(prepare.BaseDockerfile), Stdout: os.Stdout, Stderr: os.Stderr}
		return h.Attach(ctx, cmd)
	})
}
