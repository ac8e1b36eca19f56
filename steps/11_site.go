package steps

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// website is the tutorial's step 11: http://kevinhuo.cool and https://kevinhuo.cool show the site, and the Server header says
// nginx: the request came through nginx to gunicorn to flask and back.
type website struct{ *Host }

func (website) ID() string      { return stepSite }
func (s website) Title() string { return s.title(stepSite) }

// Plan implements provision.Step. What an interrupted run did not come to, tidying up after itself, is left to do here.
func (s website) Plan() ([]provision.Change, error) {
	left := s.leftOver()
	if s.release != nil || len(left) == 0 {
		return nil, nil
	}
	changes := one(s.Words.T("plan.left.action", strings.Join(left, ", ")), s.Words.T("plan.left.reason"))
	changes[0].Apply = s.finish
	return changes, nil
}

// Verify implements provision.Verifier.
func (s website) Verify(ctx context.Context, r *provision.Reporter) error {
	if err := ctx.Err(); err != nil {
		return err // an interrupted run judges nothing any more
	}
	s.unasked(r)
	results := s.probes.enough()
	// Nothing has come in where a release was confirmed by the host and nobody else can ask.
	if s.release != nil && !s.release.confirmed || firstError(results) != nil || len(results) == 0 {
		results = s.verify(ctx, s.patience())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.measured(r, results)
	if err := s.judge(results); err != nil {
		return s.failed(ctx, r, results, err)
	}
	if s.release != nil {
		return s.finish(ctx, r)
	}
	return nil
}

// unasked warns of a site that no question can be put to: that nothing is wrong with it says nothing.
func (s website) unasked(r *provision.Reporter) {
	if len(s.hostQuestions(s.client)) > 0 {
		return
	}
	r.Finding(provision.Finding{
		Severity: provision.SeverityWarning,
		Code:     "site.unasked",
		Cause:    s.Words.T("site.unasked.cause"),
		Fix:      s.Words.T("site.unasked.fix"),
	})
}

// judge folds the answers into one error. From the host the site must answer; where it does, and not from here, something in
// between is closed.
func (s website) judge(results []result) error {
	if firstError(results) == nil {
		return nil
	}
	if fromHost(results) != nil {
		return s.fail("fail.site", s.Name(), fromHost(results))
	}
	return s.between(results)
}

// failed undoes the release where the site fails on the host itself. A closed port in between is not the release's doing.
func (s website) failed(ctx context.Context, r *provision.Reporter, results []result, err error) error {
	if fromHost(results) == nil {
		if s.release != nil {
			if tidyErr := s.finish(ctx, r); tidyErr != nil {
				return tidyErr
			}
		}
		return err
	}
	return s.failedInPublic(ctx, r, err)
}

func fromHost(results []result) error {
	var host []result
	for _, r := range results {
		if strings.HasPrefix(r.station, "host-") {
			host = append(host, r)
		}
	}
	return firstError(host)
}

// leftOver are containers of ours that an interrupted run left: they run although they are not live, and nobody is stopping
// them, or were candidates.
func (s website) leftOver() []string {
	var names []string
	for _, c := range s.own() {
		if c.Name == s.candidateName() || c.Up() && !slices.Contains(s.facts.Stopping, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// finish ends what a verified release leaves behind: the previous container stops, releases beyond site.keep go, and so do
// our images that no release has any more. Nobody waits for a container that takes its time to stop.
func (s website) finish(ctx context.Context, _ *provision.Reporter) error {
	previous := ""
	if s.release != nil && s.release.previous != nil {
		previous = s.release.previous.retired
	}
	script := tidyScript{
		site:      s.site().Name,
		directory: s.site().Directory,
		live:      s.site().Container,
		left:      s.candidateName(),
		previous:  previous,
		keep:      s.site().Keep,
		image:     s.site().Image,
		stateDir:  s.StateDir(),
	}.String()
	out, err := s.exec(ctx, remote.Command{Script: shell.Text(script), Sudo: s.sudo})
	if err != nil {
		return s.fail("fail.tidy", s.Name(), err)
	}
	if state := strings.TrimSpace(string(out)); state != "running" {
		return s.fail("fail.ended", s.site().Container, s.Name(), cmp.Or(state, s.Words.T("fail.ended.gone")))
	}
	return nil
}

// patience is how long the site may take to answer as wanted: what the inventory says when it has just been started, less
// when it should be answering already.
func (s website) patience() time.Duration {
	if s.release != nil {
		return s.demands().Health.Timeout
	}
	return min(s.demands().Health.Timeout, 5*time.Second)
}
