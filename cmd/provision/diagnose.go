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

func newDiagnose() *cobra.Command {
	f := &flags{}
	report := reportFlags{}
	c := &cobra.Command{
		Use: "diagnose [FILE]",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("usage.diagnose-files")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			words, err := f.words()
			if err != nil {
				return err
			}
			findings, log, err := examine(c.InOrStdin(), args, words.Tag())
			if err != nil {
				return usage("usage.diagnose-input", err)
			}
			if report.file != "" {
				if err := f.reportOn(c.Context(), report, strings.Join(append([]string{"provision diagnose"}, args...), " "), findings, log, words); err != nil {
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
	c.Flags().BoolVar(&f.json, "json", false, "")
	report.add(c)
	c.Flags().StringVarP(&f.inventory, "inventory", "i", "inventory.yaml", "")
	c.Flags().StringVar(&f.lang, "lang", "", "")
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

// examine reads an output of any length, and returns the end of it for a report as well.
func examine(source io.Reader, args []string, tag language.Tag) (findings []provision.Finding, log string, err error) {
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = file.Close() }() // it was only read
		source = file
	}
	end := &ending{}
	findings, err = diagnose.Read(io.TeeReader(source, end), diagnose.Anywhere, tag)
	return findings, string(end.kept), err
}

// endingKept is how many bytes an ending keeps at least; a report shows no more of a log.
const endingKept = 64 << 10

// ending keeps the end of what is written to it.
type ending struct{ kept []byte }

func (e *ending) Write(p []byte) (int, error) {
	e.kept = append(e.kept, p...)
	if over := len(e.kept) - endingKept; over > endingKept {
		e.kept = e.kept[:copy(e.kept, e.kept[over:])]
	}
	return len(p), nil
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
