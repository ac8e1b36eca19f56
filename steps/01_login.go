package steps

import (
	"github.com/kehuo/provision/provision"
)

// login is the tutorial's step 1: log in to the cloud host as kevin. Logging in is what Host.Connect does; what is left to
// find out is whether the user can do the rest.
type login struct {
	step
	facts *known
}

func newLogin(h *Host, s step) provision.Step { return login{s, h.facts} }

// Plan implements provision.Step. There is nothing to change about a login; a host without a usable Docker ends the run here. Podman
// has no bridge to move ports on, and brings nothing up after a reboot.
func (s login) Plan() ([]provision.Change, error) {
	switch said := provision.ForeignError(s.facts.DockerError); {
	case s.facts.Podman:
		return nil, provision.Fail("fail.podman", s.host)
	case said == "":
		return nil, nil
	case s.facts.Hidden.File != "":
		return nil, provision.Fail("fail.docker-hidden", s.host, s.facts.User, s.facts.Hidden.Line, s.facts.Hidden.File)
	case s.facts.Own != "" && !s.facts.OtherEngine():
		return nil, provision.Fail("fail.docker-own", s.host, s.facts.User, s.facts.Own)
	default:
		return nil, provision.Fail("fail.docker", s.host, s.facts.User, said)
	}
}
