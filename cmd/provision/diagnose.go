package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
)

// diagnoseLimit bounds what is read of a file: failures explain themselves at the end, but a build's log is read whole.
const diagnoseLimit = 64 << 20 // bytes

func newDiagnose() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:   "diagnose [FILE]",
		Short: "Read a failure's output from FILE or stdin and name cause, evidence and fix",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("diagnose reads one file, or standard input without one")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			words, err := f.words()
			if err != nil {
				return err
			}
			text, err := input(c, args)
			if err != nil {
				return usage("read the output to diagnose: %w", err)
			}
			findings := diagnose.Text(text, "", words.Tag())
			if f.json {
				if findings == nil {
					findings = []provision.Finding{}
				}
				return printJSON(c.OutOrStdout(), map[string]any{"findings": findings})
			}
			return printFindings(c.OutOrStdout(), findings, words.T("diagnose.healthy"))
		},
	}
	c.Flags().BoolVar(&f.json, "json", false, "as one JSON object")
	c.Flags().StringVar(&f.lang, "lang", "", "language of the findings: `en|zh` (default: the locale's)")
	return c
}

func input(c *cobra.Command, args []string) (string, error) {
	source := c.InOrStdin()
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	text, err := io.ReadAll(io.LimitReader(source, diagnoseLimit))
	return string(text), err
}

func printFindings(w io.Writer, findings []provision.Finding, none string) error {
	if len(findings) == 0 {
		_, err := fmt.Fprintln(w, none)
		return err
	}
	for i, f := range findings {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n  > %s\n  %s\n", f.Severity, f.Cause, f.Evidence, f.Fix); err != nil {
			return err
		}
	}
	return nil
}
