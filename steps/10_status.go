package steps

import (
	"context"
	"time"

	"github.com/kehuo/provision/provision"
)

// status is the tutorial's step 10: docker ps shows the container as "Up", and it stays up.
type status struct{ *Host }

func (status) ID() string      { return stepStatus }
func (s status) Title() string { return s.title(stepStatus) }

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
		return s.tell("fail.no-container", s.site().Container, s.Name())
	}
	// A candidate that answered and was looked at after its cutover has shown that it is up; step 11 looks once more.
	up := s.facts.Clock.Sub(live.State.StartedAt)
	if live.Up() && live.RestartCount > 0 && up < crashing {
		r.Finding(provision.Finding{
			Severity: provision.SeverityWarning,
			Code:     "run.restarts",
			Cause:    s.Words.T("status.restarts.cause", live.BareName(), live.RestartCount, int(up.Seconds())),
			Fix:      s.Words.T("status.restarts.fix"),
		})
	}
	if live.Up() && (s.release != nil && s.release.switched || up > settled) {
		return nil
	}
	restarts := live.RestartCount
	select {
	case <-time.After(settled):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.inspectLive(ctx); err != nil {
		return err
	}
	live = s.facts.Container
	switch {
	case live == nil:
		return s.fail("fail.gone-again", s.site().Container, s.Name())
	case !live.Up(), live.RestartCount > restarts:
		cause := s.fail("fail.restarts",
			s.site().Container, s.Name(), live.State.Status, live.State.ExitCode, live.RestartCount)
		return s.failedInPublic(ctx, r, cause)
	}
	return nil
}

// failedInPublic undoes a cutover of this run; without one, or without anything to go back to, the failure is just that.
func (h *Host) failedInPublic(ctx context.Context, r *provision.Reporter, cause error) error {
	if rel := h.release; rel != nil && rel.switched && rel.previous.serves() {
		return h.back(ctx, r, cause)
	}
	h.showLog(ctx, r, h.site().Container)
	return cause
}
