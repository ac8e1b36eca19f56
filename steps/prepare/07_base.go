package prepare

import (
	"github.com/kehuo/provision/provision"
)

type base struct {
	step
}

func newBase(_ *Host, s step) provision.Step { return base{s} }

// Plan implements provision.Step.
func (s base) Plan() ([]provision.Change, error) { return nil, nil }
