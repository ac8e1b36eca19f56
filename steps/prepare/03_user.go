package prepare

import (
	"github.com/kehuo/provision/provision"
)

type user struct {
	step
}

func newUser(_ *Host, s step) provision.Step { return user{s} }

// Plan implements provision.Step.
func (s user) Plan() ([]provision.Change, error) { return nil, nil }
