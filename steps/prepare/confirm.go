package prepare

import (
	"context"
	"net"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/prepare"
)

// confirm makes a change that can lock the person out. It stays if the deploy user can log in anew once it is made.
type confirm func(context.Context, *provision.Reporter, prepare.Trial) error

func (h *Host) confirm(ctx context.Context, r *provision.Reporter, t prepare.Trial) error {
	r.Output(provision.StreamOut, h.Words.T("trial.waiting", h.deployUser(), h.Name()))
	err := t.Run(ctx, h.connection, func(ctx context.Context) (prepare.Session, error) {
		client, err := h.dial(ctx, t.User, r.Ask)
		if err != nil {
			return nil, err
		}
		return client, nil
	})
	if err != nil {
		return err
	}
	return h.gather(ctx)
}

// address is where the host is reached.
func (c *connection) address() string {
	_, address, _ := strings.Cut(c.client.Target(), "@")
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
