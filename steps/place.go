package steps

import (
	"cmp"
	"errors"

	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// at is the place of a failure, with what is known of the host: as it was dialled where that is what failed, for the SSH
// configuration may lead elsewhere than the inventory says.
func (h *Host) at(where diagnose.Where, err error) diagnose.Place {
	p := diagnose.Place{Where: where, Host: cmp.Or(h.address, h.host.Address), Port: h.host.Port, User: h.host.User}
	if h.host.Identity != "" {
		p.Identity = shell.Quote(h.host.Identity)
	}
	var dial *remote.DialError
	if errors.As(err, &dial) {
		p.Host, p.Port, p.User = dial.Host, dial.Port, cmp.Or(dial.User, p.User)
	}
	return p
}
