package prepare

import (
	"context"
	"errors"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
)

// Offer prepares a host in the middle of another run, where the person agrees to what would be changed. It reports whether it did.
func (p *Preparation) Offer(acceptNewHostKey bool) func(context.Context, *provision.Reporter, inventory.Host) (bool, error) {
	return func(ctx context.Context, r *provision.Reporter, host inventory.Host) (bool, error) {
		r.Output(provision.StreamOut, p.Words.T("prepare.offer.looking", host.Name, p.NewHost(host, false).deployUser()))
		result := provision.Run(ctx, []provision.Target{p.NewHost(host, acceptNewHostKey)}, provision.Options{
			Sink: within(r), Decider: offering{r, p, host.Name},
		}).Hosts[host.Name]
		switch {
		case errors.Is(result.Err, provision.ErrDeclined):
			return false, nil
		case errors.As(result.Err, new(*remote.DialError)) && result.Changed == 0: // nobody came in: the first failure tells why
			return false, nil
		}
		return result.Changed > 0, result.Err
	}
}

// within passes the events of a preparation on as those of the step that it is part of.
func within(r *provision.Reporter) provision.Sink {
	return func(e provision.Event) {
		switch body := e.Body.(type) {
		case provision.StepStarted:
			r.Output(provision.StreamOut, "== "+body.Title)
		case provision.StepCommand:
			r.Command(body.Command)
		case provision.StepOutput:
			r.Output(body.Stream, body.Text)
		case provision.StepProgress:
			r.Progress(body.Done, body.Total, body.Unit, body.Detail)
		case provision.Finding:
			if e.Step != Login || !body.Grave() {
				r.Finding(body)
			}
		}
	}
}

// offering asks the questions of a preparation as those of the run around it; that for the plan is whether to prepare at all.
type offering struct {
	r    *provision.Reporter
	p    *Preparation
	host string
}

// Decide implements provision.Decider.
func (o offering) Decide(ctx context.Context, d provision.Decision) (provision.Answer, error) {
	if d.Kind != provision.DecidePlan {
		return o.r.Ask(ctx, d)
	}
	var detail strings.Builder
	for _, c := range d.Changes {
		detail.WriteString(o.p.Words.T("status.change", c.Action, c.Reason) + "\n")
		for line := range strings.Lines(c.Diff) {
			detail.WriteString("    " + line)
		}
	}
	return o.r.Ask(ctx, provision.Decision{
		Kind:     provision.DecidePrepare,
		Question: o.p.Words.T("prepare.offer.question", o.host),
		Detail:   strings.TrimSuffix(detail.String(), "\n"),
		Options: []provision.Option{
			{ID: provision.AnswerYes, Label: o.p.Words.T("prepare.offer.yes")}, {ID: provision.AnswerNo, Label: o.p.Words.T("prepare.offer.no")},
		},
		Default:  provision.AnswerYes,
		Headless: provision.AnswerNo,
	})
}

// Lacks tells what preparing a host would change, and changes nothing. By the deploy user alone nobody else's login is tried.
func (p *Preparation) Lacks(ctx context.Context, host inventory.Host, acceptNewHostKey, deployUserAlone bool) []string {
	h := p.NewHost(host, acceptNewHostKey)
	if deployUserAlone {
		h.host.PrepareAs = h.deployUser()
	}
	var lacks []string
	for _, c := range provision.Plan(ctx, []provision.Target{h}, provision.Options{}).Changes {
		lacks = append(lacks, c.Action)
	}
	return lacks
}
