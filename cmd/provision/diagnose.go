package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/sanitize"
)

// diagnoseLimit bounds what is read of a file: failures explain themselves at the end, but a build's log is read whole.
const diagnoseLimit = 64 << 20 // bytes

func newDiagnose() *cobra.Command {
	f := &flags{}
	report := reportFlags{}
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
			if report.file != "" {
				if err := f.reportOn(c.Context(), report, strings.Join(append([]string{"provision diagnose"}, args...), " "), findings, text, words); err != nil {
					return err
				}
			}
			if f.json {
				if findings == nil {
					findings = []provision.Finding{}
				}
				return printJSON(c.OutOrStdout(), map[string]any{"findings": findings})
			}
			return printFindings(c.OutOrStdout(), findings, words)
		},
	}
	c.Flags().BoolVar(&f.json, "json", false, "as one JSON object")
	report.add(c)
	c.Flags().StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "the `file` whose names and secrets are masked in the report, where it is there")
	c.Flags().StringVar(&f.lang, "lang", "", "language of the findings: `en|zh` (default: the locale's)")
	return c
}

// reportOn writes a report on an output. A person at the terminal reads it before it is written.
func (f *flags) reportOn(ctx context.Context, flags reportFlags, tried string, findings []provision.Finding, log string, words *language.Printer) error {
	inv, err := inventory.Load(f.inventory)
	if err != nil {
		inv = nil // then the mask knows what it finds by itself
	}
	mask, err := maskOf(inv, flags.names)
	if err != nil {
		return err
	}
	told := &recorder{tried: []string{tried}, findings: findings}
	text := told.report(log).Text(mask, words.Tag())
	if onTerminal() {
		answer, err := prompt{os.Stdin, os.Stderr, words}.Decide(ctx, provision.Decision{
			Detail:   text,
			Question: words.T("report.question", flags.file),
			Options:  []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}},
			Default:  provision.AnswerYes,
		})
		if err != nil || answer.Choice != provision.AnswerYes {
			return err
		}
	}
	file, err := flags.create()
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = fmt.Fprintln(os.Stderr, words.T("report.written", flags.file))
	return err
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

func printFindings(w io.Writer, findings []provision.Finding, words *language.Printer) error {
	if len(findings) == 0 {
		_, err := fmt.Fprintln(w, words.T("diagnose.healthy"))
		return err
	}
	for i, f := range findings {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintln(w, sanitize.Lines(lines.FindingText(words, f))); err != nil {
			return err
		}
	}
	return nil
}
