package prepare

import (
	"cmp"
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/remote/sshconfig"
)

// login is the way in: as root or the image's first user, by key or password, or as the deploy user where it is there already.
// Host.Connect does it.
type login struct {
	step
}

func newLogin(_ *Host, s step) provision.Step { return login{s} }

// Plan implements provision.Step.
func (s login) Plan() ([]provision.Change, error) { return nil, nil }

// Connect implements provision.Target.
func (h *Host) Connect(ctx context.Context, r *provision.Reporter) error {
	if h.host.User == "" { // as a deployment logs in
		settings, err := sshconfig.Read(ctx, sshconfig.Query{Address: h.host.Address, Port: h.host.Port})
		if err == nil { // what is wrong with it, the login says
			h.host.User = settings.User
		}
	}
	if err := h.login(ctx, r); err != nil {
		if errors.As(err, new(*remote.DialError)) {
			err = provision.WithExit(provision.ExitUnreachable, err)
		}
		return err
	}
	if !h.facts.Root {
		r.Finding(step{Login, h.Name(), h.Words}.finding(provision.SeverityInfo, "not-root", h.connection.client.User(), h.Name(), h.preparer()))
	}
	return nil
}

// preparer is who logs in while the deploy user is not there yet.
func (h *Host) preparer() string { return cmp.Or(h.host.PrepareAs, inventory.DefaultPrepareAs) }

// login tries the keys of the preparer, then those of the deploy user: where root's login is closed by now, nobody is to be asked for
// root's password. It is asked for where the deploy user cannot do the rest.
func (h *Host) login(ctx context.Context, r *provision.Reporter) error {
	preparer, user := h.preparer(), h.deployUser()
	if preparer == user {
		return h.enter(ctx, user, r.Ask)
	}
	err := h.enter(ctx, preparer, keysAlone(r.Ask))
	turnedAway := hasCode(err, "connect.startup-ends") // by the image, which names its first user
	if err == nil || !turnedAway && provision.CodeOf(err) != "connect.auth-refused" {
		return err
	}
	if h.enter(ctx, user, keysAlone(r.Ask)) == nil && (h.facts.Root || h.facts.Docker.Version != "") {
		return nil
	}
	if turnedAway {
		return err
	}
	return h.enter(ctx, preparer, r.Ask)
}

// keysAlone is an ask that is not asked for what a login without a key needs.
func keysAlone(next ask) ask {
	return func(ctx context.Context, d provision.Decision) (provision.Answer, error) {
		if d.Kind == provision.DecidePassword || d.Kind == provision.DecideCode {
			return provision.Answer{}, &provision.UnansweredError{Decision: d}
		}
		return next(ctx, d)
	}
}

// enter logs in as a user and gathers the facts, as root where the user may become it.
func (h *Host) enter(ctx context.Context, user string, ask ask) error {
	if err := h.connection.close(); err != nil {
		return err
	}
	h.connection.client = nil
	client, err := h.dial(ctx, user, ask)
	if err != nil {
		return err
	}
	h.connection.client, h.connection.root = client, user == h.preparer()
	if err := h.gather(ctx); err != nil {
		return err
	}
	if !h.facts.MayRoot || h.facts.Root {
		return nil
	}
	seen := h.facts.Facts
	h.connection.root = true
	if err := h.gather(ctx); !hasCode(err, "connect.sudo") {
		return err
	}
	h.connection.root, h.facts.Facts = false, seen // nobody gave sudo's password: what can be seen without it counts
	return nil
}

// hasCode reports whether a failure of that code is among those that err comes from.
func hasCode(err error, code string) bool {
	var f *provision.Failure
	for errors.As(err, &f) {
		if f.Code == code {
			return true
		}
		if err = errors.Join(f.Unwrap()...); err == nil {
			return false
		}
	}
	return false
}
