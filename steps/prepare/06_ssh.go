package prepare

import (
	"github.com/kehuo/provision/provision"
)

type ssh struct {
	step
}

func newSSH(_ *Host, s step) provision.Step { return ssh{s} }

// Plan implements provision.Step.
func (s ssh) Plan() ([]provision.Change, error) { return nil, nil }
