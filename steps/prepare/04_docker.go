package prepare

import (
	"github.com/kehuo/provision/provision"
)

type docker struct {
	step
}

func newDocker(_ *Host, s step) provision.Step { return docker{s} }

// Plan implements provision.Step.
func (s docker) Plan() ([]provision.Change, error) { return nil, nil }
