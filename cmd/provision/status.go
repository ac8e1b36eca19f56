package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/cells"
)

func newStatus() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:  "status",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision status")
			if err != nil {
				return err
			}
			d, sourceErr := steps.NewDeployment(ctx, s.inventory, s.words)
			if sourceErr != nil { // what is deployed can be told without the source
				d = steps.Installed(s.inventory, s.words)
			}
			return s.reach(ctx, d, func(_ context.Context, h *steps.Host) error {
				o := h.Status(sourceErr)
				if f.json {
					return printJSON(c.OutOrStdout(), o)
				}
				_, err := io.WriteString(c.OutOrStdout(), overview(s.words, o))
				return err
			})
		},
	}
	f.add(c)
	return c
}

// overview is one host's table.
func overview(words *language.Printer, o survey.Status) string {
	rows := [][]string{}
	row := func(key, value string) {
		if value != "" {
			rows = append(rows, []string{"  " + words.T("status."+key), safetext.Text(value)})
		}
	}
	release, container := o.Release, o.Container+", "+words.T("status.absent")
	if o.Since != "" {
		container = words.T("status.state", o.Container, o.State, o.Since)
	}
	if release == "" {
		release = words.T("status.nothing")
	}
	row("release", release)
	row("image", strings.TrimSpace(o.Image+" "+o.ImageID))
	row("container", container)
	if o.Restarts > 0 {
		row("restarts", words.T("status.restarted", o.Restarts))
	}
	row("ports", strings.Join(o.Ports, ", "))
	if o.Release != "" || o.Since != "" {
		row("answers", o.Answer)
	}
	if o.CertificateDays != nil {
		row("certificate", words.T("status.days", *o.CertificateDays, o.CertificateEnd))
	}
	row("earlier", strings.Join(o.Earlier, ", "))
	if o.Lock != nil {
		row("lock", words.T("status.held", o.Lock.Who, o.Lock.Purpose))
	}
	for _, line := range o.Drift {
		row("drift", line)
	}
	switch {
	case o.DriftUnknown != "":
		row("drift", words.T("status.unknown", o.DriftUnknown))
	case len(o.Drift) == 0:
		row("drift", words.T("status.none"))
	}
	return words.T("status.title", o.Site, o.Host) + "\n" + cells.Table(rows)
}

func newHistory() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:  "history",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision history")
			if err != nil {
				return err
			}
			return s.reach(ctx, steps.Installed(s.inventory, s.words), func(ctx context.Context, h *steps.Host) error {
				out, err := h.Connection().Exec(ctx, remote.Command{Script: state.History(h.Site().Directory)})
				if err != nil {
					return provision.Fail("state.history-unread", h.Name(), err)
				}
				return s.printHistory(c.OutOrStdout(), h.Name(), state.ParseHistory(out))
			})
		},
	}
	f.add(c)
	return c
}

func (s *session) printHistory(w io.Writer, host string, records []state.Record) error {
	if s.flags.json {
		for _, r := range records {
			if err := printJSON(w, hostRecord{host, r}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(records) == 0 {
		_, err := fmt.Fprintln(w, s.words.T("history.empty", host))
		return err
	}
	var rows [][]string
	var head []string
	for _, key := range []string{"host", "time", "who", "command", "release", "changed", "took", "outcome"} {
		head = append(head, s.words.T("history."+key))
	}
	rows = append(rows, head)
	for _, r := range records {
		took := (time.Duration(r.DurationMS) * time.Millisecond).Round(100 * time.Millisecond)
		rows = append(rows, []string{host, r.Time.Local().Format(time.DateTime), safetext.Line(r.Who), safetext.Line(r.Command),
			safetext.Line(r.Release), strconv.Itoa(r.Changed), took.String(), safetext.Text(r.Outcome)})
	}
	_, err := io.WriteString(w, cells.Table(rows))
	return err
}

// hostRecord is a line of the history with the host that it is of.
type hostRecord struct {
	Host string `json:"host"`
	state.Record
}
