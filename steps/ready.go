package steps

import (
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
)

// MakeReady prepares a host that cannot be deployed to, where somebody wants it. It reports whether it did.
type MakeReady func(ctx context.Context, r *provision.Reporter, h inventory.Host) (bool, error)

// Connect implements provision.Target: one connection, then one command for every fact. A host that lets the user not in, or has no
// Docker for it, may be made ready in between.
func (h *Host) Connect(ctx context.Context, r *provision.Reporter) error {
	err := h.connect(ctx, r)
	if h.MakeReady == nil || !h.unready(err) {
		return err
	}
	switch ready, failed := h.MakeReady(ctx, r, h.host); {
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

// unready reports whether a host, where connecting to it came to err, lacks what preparing it may bring.
func (h *Host) unready(err error) bool {
	if err != nil {
		return errors.As(err, new(*remote.DialError)) && provision.CodeOf(err) == "connect.auth-refused"
	}
	_, err = h.Step(Login).Plan()
	return provision.CodeOf(err) == "fail.docker"
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
