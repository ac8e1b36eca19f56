package release

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// patience is how long a candidate may go on in a way that promises no good. The deadline of it all is site.health.timeout.
type patience struct {
	silence time.Duration // before the person is told what is waited for, and shown the log as it comes
	fatal   time.Duration // without a right answer, beside a log with an error that it does not recover from
	wrong   time.Duration // with one and the same wrong answer, or a log that tells of a network out of reach
}

// usualPatience: what boots at once is not talked about, nginx and an application behind it come up within seconds, and an
// answer that has not changed for as long as ten seconds is the application's own.
var usualPatience = patience{silence: 2 * time.Second, fatal: 5 * time.Second, wrong: 10 * time.Second}

// Wait is how the wait for a candidate goes on.
type Wait struct {
	Waited, Timeout time.Duration
	Asked           int   // how often the candidate was asked
	Last            error // why its last answer was not the right one
}

// waiting is the wait for one candidate. Its answers and its log decide together how long it goes on.
type waiting struct {
	*Switch
	begun  time.Time
	told   time.Time
	asked  int
	answer error // the last one that was an answer: it tells more than the deadline that cut the next question short
	since  time.Time
}

// awaitHealthy runs checks until the candidate answers as the live site must, or ends, or cannot become healthy any more, or what
// is left of site.health.timeout is over: all tries together have that time.
func (s *Switch) awaitHealthy(ctx context.Context, checks []probe.Check) error {
	w := &waiting{Switch: s, begun: time.Now()}
	defer func() { s.left -= time.Since(w.begun) }()
	ctx, cancel := context.WithTimeout(ctx, s.left)
	defer s.log.wait()
	defer cancel()
	ended := s.watch(ctx, s.candidate)
	for {
		answered, err := s.ask(ctx, checks)
		w.asked++
		switch {
		case answered == nil:
			return nil
		case err != nil && ctx.Err() == nil:
			return err // the link, or the lock, could not be had again
		case remote.IsForbidden(answered):
			return s.Site.NoWayIn(s.known, answered)
		}
		if err := w.judge(ctx, answered); err != nil {
			return s.ran(ctx, err)
		}
		select {
		case code := <-ended:
			s.log.finish()
			return s.ran(ctx, provision.Fail("release.candidate-silent", code))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return s.ran(ctx, provision.Fail("release.candidate-late", s.release.Demands.Health.Timeout, w.answer))
		case <-time.After(pause(time.Since(w.begun))):
		}
	}
}

// pause is the wait before a candidate that does not answer yet is asked again: a tenth of the time that it had, so that one that
// boots at once is live at once, and the log of one that takes long is not full of questions.
func pause(waited time.Duration) time.Duration {
	return min(max(waited/10, 50*time.Millisecond), time.Second)
}

// judge takes an answer in and returns why another one is not to be waited for; nil while there is hope.
func (w *waiting) judge(ctx context.Context, answered error) error {
	now := time.Now()
	if w.answer == nil || ctx.Err() == nil {
		if w.answer == nil || w.answer.Error() != answered.Error() {
			w.since = now
		}
		w.answer = answered
	}
	waited := now.Sub(w.begun)
	if waited < w.pace.silence {
		return nil
	}
	w.log.follow(ctx, w.Switch, w.candidate)
	if now.Sub(w.told) >= time.Second {
		w.told = now
		w.report.Waiting(Wait{waited, w.release.Demands.Health.Timeout, w.asked, w.answer})
	}
	log := w.log.lines()
	switch same := now.Sub(w.since); {
	case !notYet(w.answer) && same >= w.pace.wrong:
		return provision.Fail("release.candidate-wrong", w.pace.wrong, w.answer)
	case waited >= w.pace.fatal && w.Fatal != nil && w.Fatal(log):
		return provision.Fail("release.candidate-fatal", waited.Round(time.Second), w.answer)
	case !w.mayTryCold():
		return nil
	case waited >= w.pace.wrong && slices.ContainsFunc(log, outOfReach.MatchString),
		waited >= w.release.Demands.Health.Timeout/2 && len(log) == 0: // it does not say what it waits for
		return provision.Fail("release.candidate-alone", waited.Round(time.Second), w.answer)
	}
	return nil
}

// notYet tells the answers of a site that still boots from the wrong ones: nobody listens, or an application behind nginx is not
// up.
func notYet(answer error) bool {
	var wrong *probe.MismatchError
	if !errors.As(answer, &wrong) {
		return true
	}
	return slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, wrong.Answer.Status)
}

// outOfReach is what programs say where there is no way out to the network: the texts of errno and of getaddrinfo, and those of
// node, Java, curl and Go.
var outOfReach = regexp.MustCompile(`(?i)network is unreachable|no route to host|name resolution|name or service not known|nodename nor servname|` +
	`getaddrinfo|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|could not (?:resolve|translate) host|no such host|unknown ?host|timed? ?out`)

// mayMissWayOut reports whether a candidate that failed on the internal network may come up where it has a way out: one that docker
// could not even create does not, nor one with another wrong page, nor one that ran out of memory, nor one whose log tells of other
// things. One that got no internal network needs none there.
func (s *Switch) mayMissWayOut(ctx context.Context, err error) bool {
	var exit *remote.ExitError
	var wrong *probe.MismatchError
	switch {
	case errors.As(err, &exit):
		return exit.Code == noNetworkExit
	case errors.As(err, &wrong) && wrong.Answer.Status < http.StatusInternalServerError,
		provision.CodeOf(err) == "release.candidate-memory", remote.IsForbidden(err), provision.ExitCode(err) != provision.ExitFailed:
		return false
	}
	s.log.show(ctx, s, s.candidate)
	log := s.log.lines()
	if s.Fatal != nil && s.Fatal(log) { // a service that cannot be reached is no such end
		return false
	}
	return len(log) == 0 || slices.ContainsFunc(log, outOfReach.MatchString)
}
