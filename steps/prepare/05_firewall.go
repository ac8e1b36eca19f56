package prepare

import (
	"github.com/kehuo/provision/provision"
)

type firewall struct {
	step
}

func newFirewall(_ *Host, s step) provision.Step { return firewall{s} }

// Plan implements provision.Step.
func (s firewall) Plan() ([]provision.Change, error) { return nil, nil }
