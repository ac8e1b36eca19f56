package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/muesli/cancelreader"
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/lines"
)

func newDiagnose() *cobra.Command {
	f := &flags{}
	flags := reportFlags{}
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
			in, done := interruptible(c.Context(), c.InOrStdin())
			defer done()
			findings, log, err := examine(in, args, f.known(), words.Tag())
			if c.Context().Err() != nil {
				return &provision.StoppedError{Cause: context.Cause(c.Context()), Interrupted: true}
			}
			if err != nil {
				return usage("usage.diagnose-input", err)
			}
			if flags.file != "" {
				if err := f.reportOn(c.Context(), flags, strings.Join(append([]string{"provision diagnose"}, args...), " "), findings, log, words); err != nil {
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
	flags.add(c)
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
	mask, err := report.MaskOf(inv, flags.names)
	if err != nil {
		return err
	}
	text := report.Record(tried, findings).Text(time.Now(), programVersion(), log, mask, words)
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
		return provision.Fail("report.unwritten", err)
	}
	_, err = fmt.Fprintln(os.Stderr, words.T("report.written", flags.file))
	return err
}

// known is what the inventory tells of the site and of its one host; an output can be read without one.
func (f *flags) known() diagnose.Place {
	inv, err := inventory.Load(f.inventory)
	if err != nil {
		return diagnose.Place{}
	}
	s := inv.Site
	at := diagnose.Place{Image: s.Image, Container: s.Container, Domain: s.Domain, Certificate: s.Certificate, Key: s.Key}
	if len(inv.Hosts) == 1 {
		at.Host, at.Port, at.User = inv.Hosts[0].Address, inv.Hosts[0].Port, inv.Hosts[0].User
	}
	return at
}

// examine reads an output of any length, and returns the end of it for a report as well.
func examine(source io.Reader, args []string, at diagnose.Place, tag language.Tag) (findings []provision.Finding, log string, err error) {
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = file.Close() }() // it was only read
		source = file
	}
	tail := report.NewTail()
	findings, err = diagnose.Read(io.TeeReader(source, tail), at, tag)
	return findings, string(tail.Bytes()), err
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
		if _, err := fmt.Fprintln(w, safetext.Text(lines.FindingText(words, f))); err != nil {
			return err
		}
	}
	return nil
}

// interruptible is an input of which a read ends with ctx, where it can be waited for: a file needs no waiting.
func interruptible(ctx context.Context, in io.Reader) (reader io.Reader, done func()) {
	waited, err := cancelreader.NewReader(in)
	if err != nil {
		return in, func() {}
	}
	stop := context.AfterFunc(ctx, func() { waited.Cancel() })
	return waited, func() {
		stop()
		_ = waited.Close() // it was only read
	}
}
