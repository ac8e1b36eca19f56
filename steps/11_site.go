package steps

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
)

// website is the tutorial's step 11: http://kevinhuo.cool and https://kevinhuo.cool show the site, and the Server header says
// nginx: the request came through nginx to gunicorn to flask and back.
type website struct {
	step
	site       release.Site
	facts      *known
	connection *connection
	cutover    *release.Switch
	visitors   *visitors
}

func newWebsite(h *Host, s step) provision.Step {
	return website{s, h.site, h.facts, h.connection, h.cutover, h.visitors}
}

// Plan implements provision.Step. What an interrupted run did not come to, tidying up after itself, is left to do here.
func (s website) Plan() ([]provision.Change, error) {
	left := s.site.LeftOver(s.facts.Containers, s.facts.Stopping)
	if s.cutover.Acted() || len(left) == 0 || s.connection.otherRun(s.facts) != nil { // another run's candidate is no leftover
		return nil, nil
	}
	changes := one(s.words.T("plan.left.action", strings.Join(left, ", ")), s.words.T("plan.left.reason"), s.words.T("plan.summary.stopped"))
	changes[0].Apply = func(ctx context.Context, _ *provision.Reporter) error { return s.cutover.Tidy(ctx) }
	return changes, nil
}

// Verify implements provision.Verifier.
func (s website) Verify(ctx context.Context, r *provision.Reporter) error {
	if err := ctx.Err(); err != nil {
		return err // an interrupted run judges nothing any more
	}
	s.unasked(r)
	results := s.visitors.enough()
	// Nothing has come in where a release was confirmed by the host and nobody else can ask.
	if s.cutover.Acted() && !s.cutover.Confirmed() || probe.FirstError(results) != nil || len(results) == 0 {
		results = s.askUntilRight(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	report(r, results)
	if err := s.judge(results); err != nil {
		return s.failed(ctx, r, results, err)
	}
	if s.cutover.Acted() {
		return s.cutover.Tidy(ctx)
	}
	return nil
}

// unasked warns of a site that no question can be put to: that nothing is wrong with it says nothing.
func (s website) unasked(r *provision.Reporter) {
	if len(s.visitors.demands.FromHost(s.connection.Dial)) > 0 {
		return
	}
	r.Finding(provision.Finding{
		Severity: provision.SeverityWarning,
		Code:     "site.unasked",
		Cause:    s.words.T("site.unasked.cause"),
		Fix:      s.words.T("site.unasked.fix"),
	})
}

// verifyPause is the wait between two rounds of questions to a site that was just changed.
const verifyPause = 200 * time.Millisecond

// outsidePatience is how long a site that answers on the host as wanted may take to be reached from here: nothing has to boot
// any more, and a port that is closed on the way stays closed.
const outsidePatience = 10 * time.Second

// askUntilRight asks all questions from both ends, in rounds, until every answer is as wanted or patience is over, and returns
// the last round. A round that has begun comes to its end, or a good release would be judged by a question that was cut short.
func (s website) askUntilRight(ctx context.Context) []probe.Result {
	patience, begun := s.patience(), time.Now()
	for {
		s.visitors.ask(ctx, s.connection.Dial)
		results := s.visitors.wait()
		waited := time.Since(begun)
		if probe.FirstError(results) == nil || waited >= patience || waited >= outsidePatience && probe.FirstError(probe.OfHost(results)) == nil {
			return results
		}
		select {
		case <-ctx.Done():
			return results
		case <-time.After(verifyPause):
		}
	}
}

// patience is how long the site may take to answer as wanted: what the inventory says when it has just been started, less
// when it should be answering already.
func (s website) patience() time.Duration {
	timeout := s.visitors.demands.Health.Timeout
	if s.cutover.Acted() {
		return timeout
	}
	return min(timeout, 5*time.Second)
}

// report passes the answers on for the picture at the end of a run.
func report(r *provision.Reporter, results []probe.Result) {
	for _, result := range results {
		a := result.Answer
		check := provision.SiteCheck{
			Vantage: result.Vantage, URL: a.URL, Status: a.Status, Server: a.Server, Location: a.Location, Duration: a.Duration,
		}
		if a.Certificate != nil {
			check.CertificateDays = probe.DaysLeft(a.Certificate, time.Now())
		}
		r.SiteCheck(check)
	}
}

// judge folds the answers into one error. From the host the site must answer; where it does, and not from here, something in
// between is closed.
func (s website) judge(results []probe.Result) error {
	if probe.FirstError(results) == nil {
		return nil
	}
	if err := probe.FirstError(probe.OfHost(results)); err != nil {
		return provision.Fail("fail.site", s.host, err)
	}
	return s.between(results)
}

// failed undoes the release where the site fails on the host itself. A closed port in between is not the release's doing.
func (s website) failed(ctx context.Context, r *provision.Reporter, results []probe.Result, err error) error {
	if probe.FirstError(probe.OfHost(results)) == nil {
		if s.cutover.Acted() {
			return cmp.Or(s.cutover.Tidy(ctx), err)
		}
		return err
	}
	return failInPublic(ctx, r, s.connection, s.cutover, s.facts, err)
}

// between says what is wrong on the way, which is known from what came back: nothing, so that the ports are closed, or the
// answer of somebody else.
func (s website) between(results []probe.Result) error {
	var closed, other []string
	for _, r := range results {
		if r.Err == nil {
			continue
		}
		_, port, _ := net.SplitHostPort(r.Address) // as FromHere has joined it
		if unreached(r) {
			closed = append(closed, port)
		} else {
			other = append(other, port)
		}
	}
	err := probe.FirstError(results)
	if len(other) > 0 {
		return provision.Fail("site.intercepted", s.host, err, strings.Join(other, ", "))
	}
	slices.Sort(closed)
	each := func(before, separator string) string {
		return before + strings.Join(closed, "/tcp"+separator+before) + "/tcp"
	}
	return provision.Fail("site.port-closed", s.host, err, strings.Join(closed, ", "), each("--add-port=", " "), each("sudo ufw allow ", " && "))
}

// unreached tells whether a question found no way to the port: it was refused, or nothing came back at all.
func unreached(r probe.Result) bool {
	var dial *net.OpError
	return errors.As(r.Err, &dial) && dial.Op == "dial" || r.Answer.Status == 0 && errors.Is(r.Err, context.DeadlineExceeded)
}

// visitors ask the public site from both ends: while the connection is being made, so that a run that has nothing to change need
// not wait for it afterwards, and again from here as soon as a release has the ports.
type visitors struct {
	demands probe.Demands // what the site must answer
	address string        // where the SSH configuration leads
	ctx     context.Context
	round   *probe.Round
}

// arrive begins a round that ends with ctx.
func (v *visitors) arrive(ctx context.Context) { v.ctx, v.round = ctx, probe.NewRound(ctx) }

func (v *visitors) here() { v.round.Here(v.demands.FromHere(v.address)) }

func (v *visitors) host(dial probe.Dial) { v.round.Host(v.demands.FromHost(dial)) }

// again asks from here once more: what the site answers has changed.
func (v *visitors) again() {
	v.round.Forget()
	v.here()
}

// ask begins a new round from both ends.
func (v *visitors) ask(ctx context.Context, dial probe.Dial) {
	v.leave()
	v.arrive(ctx)
	v.here()
	v.host(dial)
}

func (v *visitors) enough() []probe.Result { return v.round.Enough() }

func (v *visitors) wait() []probe.Result { return v.round.Wait() }

// forbidden is the error of a host that was seen to refuse to connect us to its own ports; nil where it was not.
func forbidden(results []probe.Result) error {
	for _, r := range results {
		if remote.IsForbidden(r.Err) {
			return r.Err
		}
	}
	return nil
}

func (v *visitors) leave() {
	if v.round != nil {
		v.round.Close()
	}
}
