package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/sanitize"
	"github.com/kehuo/provision/tui/theme"
)

func newDoctor() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:  "doctor",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision doctor")
			if err != nil {
				return err
			}
			return s.doctor(ctx, c.OutOrStdout())
		},
	}
	f.add(c)
	return c
}

func (s *session) doctor(ctx context.Context, out io.Writer) error {
	sink, err := s.observe()
	if err != nil {
		return err
	}
	var checks []steps.Check
	d, err := steps.NewDeployment(ctx, s.inventory, s.words)
	if err != nil { // the hosts can be looked at all the same
		checks = append(checks, steps.SourceBroken(s.words, err))
		d = steps.Installed(s.inventory, s.words)
	} else {
		checks = d.Local()
	}
	for _, host := range s.hosts {
		checks = append(checks, s.examine(ctx, s.host(d, host), sink)...)
	}
	if err := s.readers.close(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return s.stopped(ctx, s.hosts[len(s.hosts)-1].Name, ctx.Err())
	}
	if s.flags.json {
		err = printJSON(out, map[string]any{"checks": checks})
	} else {
		_, err = io.WriteString(out, s.checkTable(checks))
	}
	if err != nil {
		return err
	}
	return exit(verdict(checks))
}

func (s *session) examine(ctx context.Context, h *steps.Host, sink provision.Sink) []steps.Check {
	checks := h.Doctor(ctx, provision.NewReporter(provision.Options{Sink: sink, Decider: s.decider()}, h.Name(), ""))
	_ = h.Close(context.WithoutCancel(ctx), provision.HostResult{}) // nothing was changed that closing could spoil
	return checks
}

// verdict is the exit status: whether anything keeps a run from succeeding.
func verdict(checks []steps.Check) int {
	code := provision.ExitOK
	for _, c := range checks {
		if c.Verdict != provision.SeverityError {
			continue
		}
		if c.ID == steps.CheckLogin {
			return provision.ExitUnreachable
		}
		code = provision.ExitFailed
	}
	return code
}

// checkTable is one aligned table: verdict, place, what was looked at, and what was found; below it what to do about it.
func (s *session) checkTable(checks []steps.Check) string {
	look := s.flags.look(os.Stdout)
	rows := make([][3]string, len(checks))
	var width [3]int
	for i, c := range checks {
		place := s.words.T("doctor.here")
		if c.Host != "" {
			place = c.Host
		}
		rows[i] = [3]string{s.words.T("doctor.verdict." + string(c.Verdict)), place, c.Name}
		for column, text := range rows[i] {
			width[column] = max(width[column], ansi.StringWidth(text))
		}
	}
	indent := strings.Repeat(" ", width[0]+width[1]+width[2]+6)
	var b strings.Builder
	for i, c := range checks {
		style := verdictStyle(look, c.Verdict)
		b.WriteString(style.Render(rows[i][0]))
		for column, text := range rows[i] {
			if column > 0 {
				b.WriteString(text)
			}
			b.WriteString(strings.Repeat(" ", width[column]-ansi.StringWidth(text)+2))
		}
		b.WriteString(hanging(c.Detail, indent) + "\n")
		if c.Fix != "" {
			b.WriteString(indent + look.Strong.Render(hanging("-> "+c.Fix, indent+"   ")) + "\n")
		}
	}
	return b.String()
}

// hanging puts the further lines of a text below its first one.
func hanging(text, indent string) string {
	return strings.ReplaceAll(sanitize.Lines(text), "\n", "\n"+indent)
}

func verdictStyle(look *theme.Theme, verdict provision.Severity) lipgloss.Style {
	switch verdict {
	case steps.CheckOK:
		return look.Good
	case provision.SeverityError, provision.SeverityUnknown:
		return look.Bad
	case provision.SeverityWarning:
		return look.Warn
	}
	return look.Text
}
