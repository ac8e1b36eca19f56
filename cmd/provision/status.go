package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/steps"
)

func newStatus() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:   "status",
		Short: "What is deployed: release, image, container, ports, certificate, drift",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision status")
			if err != nil {
				return err
			}
			d, err := steps.NewDeployment(ctx, s.inventory, s.words)
			if err != nil {
				return err
			}
			return s.reach(ctx, d, func(_ context.Context, h *steps.Host) error {
				o, err := h.Overview()
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(c.OutOrStdout(), o)
				}
				return printOverview(c.OutOrStdout(), o)
			})
		},
	}
	f.add(c)
	return c
}

func printOverview(w io.Writer, o steps.Overview) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(t, "  %s\t%s\n", name, value)
		}
	}
	_, _ = fmt.Fprintf(t, "%s on %s\n", o.Site, o.Host)
	row("release", o.Release)
	row("image", strings.TrimSpace(o.Image+" "+o.ImageID))
	row("container", strings.TrimSpace(o.Container+", "+o.State+" "+o.Since))
	row("ports", strings.Join(o.Ports, ", "))
	row("answers", o.Answer)
	if o.CertificateDays != nil {
		row("certificate", fmt.Sprintf("%d days left, until %s", *o.CertificateDays, o.CertificateEnd))
	}
	row("earlier", strings.Join(o.Earlier, ", "))
	row("lock", o.Lock)
	if len(o.Drift) == 0 {
		row("drift", "none: a run would change nothing")
	}
	for _, line := range o.Drift {
		row("drift", line)
	}
	return t.Flush()
}

func newHistory() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:   "history",
		Short: "Who deployed what, when, and how it ended",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision history")
			if err != nil {
				return err
			}
			return s.reach(ctx, steps.Installed(s.inventory, s.words), func(ctx context.Context, h *steps.Host) error {
				records, err := h.History(ctx)
				if err != nil {
					return err
				}
				t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, r := range records {
					if f.json {
						if err := printJSON(c.OutOrStdout(), hostRecord{h.Name(), r}); err != nil {
							return err
						}
						continue
					}
					_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d changed\t%s\t%s\n", h.Name(), r.Time.Local().Format(time.DateTime), r.Who,
						r.Command, r.Release, r.Changed, (time.Duration(r.DurationMS) * time.Millisecond).Round(100*time.Millisecond), r.Outcome)
				}
				return t.Flush()
			})
		},
	}
	f.add(c)
	return c
}

// hostRecord is a line of the history with the host that it is of.
type hostRecord struct {
	Host string `json:"host"`
	state.Record
}
