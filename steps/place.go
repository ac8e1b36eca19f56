package steps

import (
	"cmp"
	"errors"
	"net"
	"strconv"
	"strings"

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
		user, host, named := strings.Cut(dial.Target, "@")
		if !named {
			user, host = "", dial.Target
		}
		port := 22 // as DialError has it where it names none
		if name, number, err := net.SplitHostPort(host); err == nil {
			host = name
			port, _ = strconv.Atoi(number)
		}
		p.Host, p.Port, p.User = host, port, cmp.Or(user, p.User)
	}
	return p
}
