package steps

import (
	"context"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/release"
)

// status is the tutorial's step 10: docker ps shows the container as "Up", and it stays up.
type status struct {
	step
	site       release.Site
	facts      *known
	connection *connection
	cutover    *release.Switch
}

func newStatus(h *Host, s step) provision.Step {
	return status{s, h.site, h.facts, h.connection, h.cutover}
}

// Plan implements provision.Step: what is down is the step before's to mend.
func (status) Plan() ([]provision.Change, error) { return nil, nil }

// settled is how long a container must have been up for its being up to mean something: Docker restarts a crashing one
// after 100 ms, then 200 ms, and so on, doubling.
const settled = 2 * time.Second

// crashing is how long after its last restart a container is suspected of ending again: Docker waits a minute at most before it
// restarts one.
const crashing = time.Minute

// Verify implements provision.Verifier: a container that has only just started is looked at again.
func (s status) Verify(ctx context.Context, r *provision.Reporter) error {
	live := s.facts.Container
	if live == nil {
		return provision.Fail("fail.no-container", s.site.Container, s.host)
	}
	// A candidate that answered and was looked at after its cutover has shown that it is up; step 11 looks once more.
	up := s.facts.Clock.Sub(live.State.StartedAt)
	if live.Up() && live.RestartCount > 0 && up < crashing {
		r.Finding(provision.Finding{
			Severity: provision.SeverityWarning,
			Code:     "run.restarts",
			Cause:    s.words.T("status.restarts.cause", live.BareName(), live.RestartCount, int(up.Seconds())),
			Fix:      s.words.T("status.restarts.fix"),
		})
	}
	if live.Up() && (s.cutover.Switched() || up > settled) {
		return nil
	}
	restarts := live.RestartCount
	select {
	case <-time.After(settled):
	case <-ctx.Done():
		return ctx.Err()
	}
	live, err := release.Inspect(ctx, s.connection, s.site)
	if err != nil {
		return err
	}
	s.facts.Facts = s.facts.WithContainer(live)
	switch {
	case live == nil:
		return provision.Fail("fail.gone-again", s.site.Container, s.host)
	case !live.Up(), live.RestartCount > restarts:
		cause := provision.Fail("fail.restarts", s.site.Container, s.host, live.State.Status, live.State.ExitCode, live.RestartCount)
		if live.State.OOMKilled {
			cause = provision.Fail("fail.restarts-memory", s.site.Container, s.host, live.RestartCount)
		}
		return failInPublic(ctx, r, s.connection, s.cutover, s.facts, cause)
	}
	return nil
}

// failInPublic undoes a cutover of this run; without one, or without anything to go back to, the failure is just that.
func failInPublic(ctx context.Context, r *provision.Reporter, c *connection, cutover *release.Switch, known *known, cause error) error {
	live, err := cutover.FailInPublic(ctx, c.report(r), known.Container, cause)
	known.Facts = known.WithContainer(live)
	return err
}
