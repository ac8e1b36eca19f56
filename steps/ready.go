package steps

import (
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
)

// MakeReady prepares a host that cannot be deployed to, where somebody wants it; why is what it lacks. It reports whether it did.
type MakeReady func(ctx context.Context, r *provision.Reporter, h inventory.Host, why error) (bool, error)

// Connect implements provision.Target: one connection, then one command for every fact. A host that lets the user not in, or has no
// Docker for it, may be made ready in between.
func (h *Host) Connect(ctx context.Context, r *provision.Reporter) error {
	err := h.connect(ctx, r)
	why := h.unready(err)
	if h.MakeReady == nil || why == nil {
		return err
	}
	switch ready, failed := h.MakeReady(ctx, r, h.host, why); {
	case failed != nil:
		return failed
	case !ready:
		return err
	}
	if err := h.hangUp(); err != nil { // a new login has the groups that were given meanwhile
		return err
	}
	return h.connect(ctx, r)
}

// unready is why a host cannot be deployed to that preparing it may change; nil where it is ready, or lacks something else.
func (h *Host) unready(err error) error {
	if err != nil {
		if errors.As(err, new(*remote.DialError)) && provision.CodeOf(err) == "connect.auth-refused" {
			return err
		}
		return nil
	}
	if _, err = h.Step(Login).Plan(); provision.CodeOf(err) == "fail.docker" {
		return err
	}
	return nil
}

// hangUp ends the connection before another one is made.
func (h *Host) hangUp() error {
	h.visitors.leave()
	h.there.ahead.Close()
	h.there.ahead = nil
	if h.connection.client == nil {
		return nil
	}
	err := h.connection.client.Close()
	h.connection.client = nil
	return err
}
