package release

import (
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

// mover is a way to bring visitors to the candidate, and back to the container before it. Its scripts run as jobs of the host.
type mover interface {
	// ready reports whether the candidate answers before it moves: then it is reached at once afterwards, and the move may be
	// run again where the host went away in the middle of it.
	ready() bool
	take(s *Switch) []string   // the command that brings visitors to the candidate, as a person would type it
	move(s *Switch) shell.Text // brings them there, or leaves everything as it was
	moved(s *Switch) string    // what docker knows the candidate by once it has moved
	failed(s *Switch) string   // the same once it has failed in public; it may have the live name by then
	back(s *Switch) shell.Text // brings visitors back
	announce(s *Switch, g gap) // says how long nobody could reach the site
}

// warmMover moves the places on the bridge from one running container to the other.
type warmMover struct{}

func (warmMover) ready() bool { return true }

func (warmMover) take(s *Switch) []string { return docker.Connect("bridge", s.candidate) }

func (warmMover) move(s *Switch) shell.Text {
	inside := s.previous != nil && s.previous.inside
	return warmScript.With(append(s.previous.args(), s.Site.Network(), s.booted, s.release.Spec.Restart,
		truth(len(s.release.Spec.Ports) > 0), truth(inside))...)
}

func (warmMover) moved(s *Switch) string { return s.booted }

func (warmMover) failed(s *Switch) string { return s.booted }

func (w warmMover) back(s *Switch) shell.Text { return s.backScript(w.failed(s), true) }

func (warmMover) announce(s *Switch, g gap) {
	s.report.Say(provision.StreamOut, "release.warm", s.release.ID, g.ports.Milliseconds())
}

// coldMover stops the one container before it starts the other, whose application cannot boot without its ports or a way out.
type coldMover struct{}

func (coldMover) ready() bool { return false }

func (coldMover) take(s *Switch) []string { return docker.Start(s.candidate) }

func (coldMover) move(s *Switch) shell.Text {
	args := append(s.previous.args(), s.Site.Network(), s.candidate, s.release.Spec.Restart, s.Site.Name, s.Site.StateDir)
	if s.release.Kept == nil {
		args = append(args, s.release.Spec.Run(s.options(docker.RunOptions{Ports: true, Restart: true, Create: true}))...)
	}
	return coldScript.With(args...)
}

func (coldMover) moved(s *Switch) string { return s.candidate }

func (coldMover) failed(s *Switch) string {
	if live := s.known.Container; live != nil && live.ID != s.previous.id {
		return live.ID
	}
	return s.candidate
}

func (c coldMover) back(s *Switch) shell.Text { return s.backScript(c.failed(s), false) }

func (coldMover) announce(s *Switch, g gap) {
	s.report.Say(provision.StreamOut, "release.cold", s.release.ID, g.untilAnswer().Milliseconds())
}

// outOfReach is how long visitors reached nothing, once they are back: what was not ready has not answered in between.
func (s *Switch) outOfReach(g gap) time.Duration {
	if s.mover.ready() {
		return g.ports
	}
	return time.Since(s.letGo)
}
