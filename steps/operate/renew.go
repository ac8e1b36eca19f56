package operate

import (
	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps"
)

// Renew is the target that renews the certificate on a host, where it is due, and changes nothing else.
type Renew struct{ *steps.Host }

// NewRenew returns it.
func NewRenew(h *steps.Host) *Renew { return &Renew{h} }

// Steps implements provision.Target.
func (r *Renew) Steps() []provision.Step {
	return []provision.Step{r.Step(steps.Login), r.Step(steps.CertificateLines)}
}
