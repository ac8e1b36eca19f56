package prepare

import (
	"github.com/kehuo/provision/provision"
)

type system struct {
	step
}

func newSystem(_ *Host, s step) provision.Step { return system{s} }

// Plan implements provision.Step.
func (s system) Plan() ([]provision.Change, error) { return nil, nil }
