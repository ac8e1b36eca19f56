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
			d, sourceErr := steps.NewDeployment(ctx, s.inventory, s.words, steps.Reading{})
			if sourceErr != nil { // what is deployed can be told without the source
				d = steps.Installed(s.inventory, s.words)
			}
			return s.reach(ctx, d, func(ctx context.Context, h *steps.Host) error {
				h.Measure(ctx)
				o := h.Status(sourceErr)
				if f.json {
					return printJSON(c.OutOrStdout(), o)
				}
				_, err := io.WriteString(c.OutOrStdout(), s.checkTable(overview(s.words, o, time.Now())))
				return err
			})
		},
	}
	f.add(c)
	return c
}

// overview is one host's status as rows of the table that doctor prints too.
func overview(words *language.Printer, o survey.Status, now time.Time) []survey.Check {
	var rows []survey.Check
	row := func(verdict provision.Severity, key, value string) {
		if value != "" {
			rows = append(rows, survey.Check{ID: key, Host: o.Host, Name: words.T("status." + key), Verdict: verdict, Detail: value})
		}
	}
	if o.Release == "" {
		row(provision.SeverityInfo, "release", words.T("status.nothing", o.Site))
	} else {
		row(survey.CheckOK, "release", words.T("status.live", o.Release, o.Site))
	}
	if o.TaggedID != "" && o.TaggedID != o.ImageID {
		row(provision.SeverityInfo, "image", words.T("status.image-moved", o.ImageID, o.Image, o.TaggedID))
	} else {
		row(survey.CheckOK, "image", strings.TrimSpace(o.Image+" "+o.ImageID))
	}
	row(containerRow(words, o, now))
	if o.Restarts > 0 {
		row(provision.SeverityWarning, "restarts", words.T("status.restarted", o.Restarts))
	}
	row(survey.CheckOK, "ports", strings.Join(o.Ports, ", "))
	if o.Release != "" || o.Since != "" {
		row(answersRow(words, o))
	}
	if o.CertificateDays != nil {
		row(survey.CertificateVerdict(*o.CertificateDays), "certificate", words.T("status.days", *o.CertificateDays, o.CertificateEnd))
	}
	if r := o.Renewal; r != nil {
		row(r.Verdict(), "renewal", r.Text(words))
	}
	row(survey.CheckOK, "earlier", strings.Join(o.Earlier, ", "))
	if d := o.Disk; d != nil {
		row(survey.CheckOK, "disk", words.T("status.taken", d.Images>>20, d.Root, d.Free>>20))
	}
	if l := o.Lock; l != nil {
		row(provision.SeverityInfo, "lock", words.T("status.held", l.Who, l.Purpose, words.Age(now.Sub(l.Since))))
	}
	for _, line := range o.Drift {
		row(provision.SeverityWarning, "drift", line)
	}
	switch {
	case o.DriftUnknown != "":
		row(provision.SeverityUnknown, "drift", words.T("status.unknown", o.DriftUnknown))
	case len(o.Drift) == 0:
		row(survey.CheckOK, "drift", words.T("status.none"))
	}
	return rows
}

// answersRow is the row of what the site answers, from the host and from here.
func answersRow(words *language.Printer, o survey.Status) (verdict provision.Severity, key, value string) {
	verdict = survey.CheckOK
	var texts []string
	for _, r := range o.Results {
		text := strconv.Itoa(r.Answer.Status)
		if r.Err != nil {
			verdict, text = provision.SeverityError, words.Error(r.Err)
		}
		texts = append(texts, words.T("doctor.name.from."+r.Vantage)+": "+text)
	}
	return verdict, "answers", strings.Join(texts, "\n")
}

// containerRow is the row of the live container: its state, and for how long.
func containerRow(words *language.Printer, o survey.Status, now time.Time) (verdict provision.Severity, key, value string) {
	since, err := time.Parse(time.RFC3339, o.Since)
	switch {
	case err != nil:
		return provision.SeverityInfo, "container", o.Container + ", " + words.T("status.absent")
	case o.State != "running":
		verdict = provision.SeverityError
	default:
		verdict = survey.CheckOK
	}
	return verdict, "container", words.T("status.state", o.Container, o.State, words.Age(now.Sub(since)), since.Local().Format(time.DateTime))
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
