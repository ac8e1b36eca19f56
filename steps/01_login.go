package steps

import (
	"github.com/kehuo/provision/provision"
)

// login is the tutorial's step 1: log in to the cloud host as kevin. Logging in is what Host.Connect does; what is left to
// find out is whether the user can do the rest.
type login struct{ *Host }

func (login) ID() string      { return stepLogin }
func (s login) Title() string { return s.title(stepLogin) }

// Plan implements provision.Step. There is nothing to change about a login; a host without a usable Docker ends the run here.
func (s login) Plan() ([]provision.Change, error) {
	if s.facts.DockerError == "" {
		return nil, nil
	}
	return nil, s.fail("fail.docker", s.Name(), s.facts.User, s.facts.DockerError)
}
