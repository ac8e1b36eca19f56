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

// Plan implements provision.Step. There is nothing to change about a login; a host without a usable Docker ends the run here.
func (s login) Plan() ([]provision.Change, error) {
	if s.facts.DockerError == "" {
		return nil, nil
	}
	return nil, provision.Fail("fail.docker", s.host, s.facts.User, provision.ForeignError(s.facts.DockerError))
}
