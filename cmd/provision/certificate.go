package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/operate"
)

func newCertificate() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:  "certificate",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.certificateStatus(c) },
	}
	f.add(c)
	c.AddCommand(newCertificateStatus(), newCertificateRenew(), newCertificateRevoke())
	return c
}

func newCertificateStatus() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:  "status",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.certificateStatus(c) },
	}
	f.add(c)
	return c
}

// certificateStatus shows what this machine has, and what the CA says of it. No host is asked but one that renews by itself; status
// tells what they serve.
func (f *flags) certificateStatus(c *cobra.Command) error {
	ctx, cancel := f.withTimeout(c.Context())
	defer cancel()
	s, d, err := f.openSource(ctx, "provision certificate status")
	if err != nil {
		return err
	}
	if s.inventory.Site.Obtains() && s.inventory.Site.ACME.Renew == inventory.RenewHost { // which knows more than this machine
		return s.reach(ctx, d, func(ctx context.Context, h *steps.Host) error { return f.showCertificate(ctx, c, s, d, h.Renewed()) })
	}
	return f.showCertificate(ctx, c, s, d, nil)
}

func (f *flags) showCertificate(ctx context.Context, c *cobra.Command, s *session, d *steps.Deployment, last *survey.Renewal) error {
	known, err := d.Certificate(ctx)
	if err != nil {
		return err
	}
	known.Renewal = last
	if f.json {
		return printJSON(c.OutOrStdout(), known)
	}
	_, err = io.WriteString(c.OutOrStdout(), s.checkTable(certificateRows(s.words, known)))
	return err
}

// openSource opens the inventory and reads the source.
func (f *flags) openSource(ctx context.Context, command string) (*session, *steps.Deployment, error) {
	s, err := f.open(command)
	if err != nil {
		return nil, nil, err
	}
	d, err := steps.NewDeployment(ctx, s.inventory, s.words, steps.Reading{})
	return s, d, err
}

func certificateRows(words *language.Printer, c steps.Certificate) []survey.Check {
	var rows []survey.Check
	row := func(verdict provision.Severity, key, value string) {
		if value != "" {
			rows = append(rows, survey.Check{ID: key, Name: words.T("certificate." + key), Verdict: verdict, Detail: value})
		}
	}
	verdict := survey.CheckOK
	switch c.State {
	case steps.CertificateExpired:
		verdict = provision.SeverityError
	case steps.CertificateAbsent, steps.CertificateDue:
		verdict = provision.SeverityWarning
	}
	row(survey.CheckOK, "names", strings.Join(c.Names, ", "))
	row(survey.CheckOK, "ca", c.CA)
	row(verdict, "state", words.T("certificate.state."+c.State))
	row(survey.CheckOK, "serial", c.Serial)
	if c.Days != nil {
		row(verdict, "ends", words.T("certificate.days", c.NotAfter, *c.Days))
	}
	row(verdict, "renewed", c.RenewAt)
	if c.WindowStart != "" {
		row(survey.CheckOK, "window", c.WindowStart+" – "+c.WindowEnd)
	}
	if r := c.Renewal; r != nil {
		row(r.Verdict(), "renewal", r.Text(words))
	}
	row(survey.CheckOK, "folder", c.Folder)
	return rows
}

func newCertificateRenew() *cobra.Command {
	f := &flags{}
	var force bool
	c := &cobra.Command{
		Use:  "renew",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			return f.unableToRun(ctx, f.renew(ctx, force))
		},
	}
	f.add(c)
	f.addLock(c)
	c.Flags().BoolVar(&force, "force", false, "")
	return c
}

// renew asks nothing: it is for timers, and does nothing where nothing is due.
func (f *flags) renew(ctx context.Context, force bool) error {
	s, d, err := f.openSource(ctx, "provision certificate renew")
	if err != nil {
		return err
	}
	if err := d.RenewCertificate(force); err != nil {
		return err
	}
	var targets []provision.Target
	for _, h := range s.hosts {
		targets = append(targets, operate.NewRenew(s.host(d, h)))
	}
	return s.walk(ctx, targets, provision.Headless{}, false)
}

func newCertificateRevoke() *cobra.Command {
	f := &flags{}
	var yes bool
	c := &cobra.Command{
		Use:  "revoke",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			if !yes && (f.json || !onTerminal()) {
				return usage("usage.revoke")
			}
			s, d, err := f.openSource(ctx, "provision certificate revoke")
			if err != nil {
				return err
			}
			return s.revoke(ctx, c.OutOrStdout(), d, yes)
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "")
	return c
}

func (s *session) revoke(ctx context.Context, out io.Writer, d *steps.Deployment, yes bool) error {
	known, err := d.Certificate(ctx)
	if err != nil {
		return err
	}
	names := strings.Join(known.Names, ", ")
	if !yes && known.State != steps.CertificateAbsent {
		answer, err := s.decider().Decide(ctx, provision.Decision{
			Kind:     provision.DecideTakeOver,
			Question: s.words.T("certificate.revoke.question", names, known.CA),
			Options:  []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}},
			Default:  provision.AnswerNo,
		})
		if err != nil {
			return err
		}
		if answer.Choice != provision.AnswerYes {
			return provision.ErrDeclined
		}
	}
	if err := d.RevokeCertificate(ctx); err != nil {
		return err
	}
	if s.flags.json {
		return printJSON(out, map[string]any{"names": known.Names, "serial": known.Serial, "revoked": true})
	}
	_, err = fmt.Fprintln(out, s.words.T("certificate.revoked", names, known.CA))
	return err
}
