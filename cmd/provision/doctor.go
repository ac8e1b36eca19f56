package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/cells"
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
	var checks []survey.Check
	d, err := steps.NewDeployment(ctx, s.inventory, s.words, steps.Reading{})
	if err != nil { // the hosts can be looked at all the same
		checks = append(checks, survey.SourceBroken(s.words, err))
		d = steps.Installed(s.inventory, s.words)
	} else {
		checks = d.Survey().Examine(s.words)
	}
	for _, host := range s.hosts {
		found := s.examine(ctx, s.host(d, host), sink)
		broken := slices.ContainsFunc(found, func(c survey.Check) bool { return c.Unready() })
		lacks := s.preparation().Lacks(ctx, host, s.flags.acceptNewHostKey, !broken)
		checks = append(checks, append(found, survey.Unprepared(s.words, host.Name, lacks)...)...)
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

func (s *session) examine(ctx context.Context, h *steps.Host, sink provision.Sink) []survey.Check {
	checks := h.Doctor(ctx, provision.NewReporter(provision.Options{Sink: sink, Decider: s.decider()}, h.Name(), ""))
	_ = h.Close(context.WithoutCancel(ctx), provision.HostResult{}) // nothing was changed that closing could spoil
	return checks
}

// verdict is the exit status: whether anything keeps a run from succeeding.
func verdict(checks []survey.Check) int {
	code := provision.ExitOK
	for _, c := range checks {
		if c.Verdict != provision.SeverityError {
			continue
		}
		if c.ID == survey.CheckLogin {
			return provision.ExitUnreachable
		}
		code = provision.ExitFailed
	}
	return code
}

// checkTable is one aligned table: verdict, place, what was looked at, and what was found; below it what to do about it.
func (s *session) checkTable(checks []survey.Check) string {
	look := s.flags.look(os.Stdout)
	widest := 0 // hosts are printed one by one, and stand below each other all the same
	for _, v := range []provision.Severity{survey.CheckOK, provision.SeverityInfo, provision.SeverityWarning, provision.SeverityError, provision.SeverityUnknown} {
		widest = max(widest, ansi.StringWidth(s.words.T("doctor.verdict."+string(v))))
	}
	var rows [][]string
	for _, c := range checks {
		place := s.words.T("doctor.here")
		if c.Host != "" {
			place = c.Host
		}
		verdict := verdictStyle(look, c.Verdict).Render(s.words.T("doctor.verdict." + string(c.Verdict)))
		verdict = cells.Fit(verdict, widest)
		rows = append(rows, []string{verdict, place, safetext.Line(c.Name), safetext.Text(c.Detail)})
		if c.Fix != "" {
			fix := cells.Hang(safetext.Text("-> "+c.Fix), "   ")
			rows = append(rows, []string{"", "", "", strings.TrimSuffix(cells.Each(look.Strong, "", fix), "\n")})
		}
	}
	return cells.Table(rows)
}

func verdictStyle(look *theme.Theme, verdict provision.Severity) lipgloss.Style {
	switch verdict {
	case survey.CheckOK:
		return look.Good
	case provision.SeverityError, provision.SeverityUnknown:
		return look.Bad
	case provision.SeverityWarning:
		return look.Warn
	}
	return look.Text
}
