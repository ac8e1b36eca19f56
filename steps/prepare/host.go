package prepare

import (
	"cmp"
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// Host is one host to be prepared: the target that the engine walks through the seven steps. A step gets from it what its struct
// names, and nothing else.
type Host struct {
	*Preparation
	host       inventory.Host
	accept     bool // a host key that is not known yet
	connection *connection
	facts      *known
}

// known is what the run knows of the host: a value that is replaced, never patched.
type known struct{ *prepare.Facts }

// NewHost returns the target for one host of the inventory; acceptNewHostKey trusts a host that is not known yet.
func (p *Preparation) NewHost(h inventory.Host, acceptNewHostKey bool) *Host {
	return &Host{
		Preparation: p, host: h, accept: acceptNewHostKey, facts: &known{&prepare.Facts{}},
		connection: &connection{host: h.Name, words: p.Words},
	}
}

// Name implements provision.Target.
func (h *Host) Name() string { return h.host.Name }

// Steps implements provision.Target.
func (h *Host) Steps() []provision.Step {
	var steps []provision.Step
	for _, e := range table() {
		steps = append(steps, e.make(h, step{e.id, h.Name(), h.Words}))
	}
	return steps
}

// deployUser is who the site will belong to.
func (h *Host) deployUser() string { return cmp.Or(h.host.User, inventory.DefaultUser) }

// ask puts a question to the person.
type ask func(context.Context, provision.Decision) (provision.Answer, error)

// dial makes a connection of its own and logs in as a user; ask may be nil. A new login has the groups that were given meanwhile, and
// shows that a user can still come in.
func (h *Host) dial(ctx context.Context, user string, ask ask) (*remote.Client, error) {
	return remote.Dial(ctx, remote.Config{
		Name:             h.host.Name,
		Address:          h.host.Address,
		Port:             h.host.Port,
		User:             user,
		Identity:         h.host.Identity,
		KnownHosts:       h.host.KnownHosts,
		AcceptNewHostKey: h.accept,
		Ask:              ask,
		Words:            h.Words,
		Link:             h.connection.linkChanged,
	})
}

// gather reads all facts again.
func (h *Host) gather(ctx context.Context) error {
	out, err := h.connection.Exec(ctx, remote.Command{Script: h.query().Script(), Sudo: h.connection.root})
	if err != nil {
		return provision.Fail("facts.unread", h.Name(), err)
	}
	facts := prepare.Parse(out)
	if engine, ok := facts.System.Engine(h.Inventory.Prepare.Docker.Source); ok && engine.Repository != nil && facts.Root && !facts.Docker.Engine {
		facts.Docker.Mirrors = measure(ctx, h.connection.Dial, *engine.Repository, prepare.Upstream(h.Inventory.Prepare.Docker.Source))
	}
	if facts.Docker.Version != "" && len(facts.Docker.Images) < len(h.Bases) {
		facts.Docker.Pulls = h.reachesRegistry(ctx)
	}
	h.facts.Facts = facts
	return nil
}

// query says what planning needs to know.
func (h *Host) query() prepare.Query {
	packages := append([]string{"chrony", "unattended-upgrades", "dnf-automatic"}, h.Inventory.Prepare.Packages...)
	return prepare.Query{User: h.deployUser(), Packages: packages, Images: h.Bases}
}

// Begin implements provision.Target.
func (h *Host) Begin(context.Context, *provision.Reporter, []provision.Change) error { return nil }

// Close implements provision.Target.
func (h *Host) Close(context.Context, provision.HostResult) error { return h.connection.close() }

// Explain implements provision.Explainer.
func (h *Host) Explain(step string, err error) []provision.Finding {
	var asked *provision.UnansweredError
	if errors.As(err, &asked) && !errors.As(err, new(*remote.DialError)) {
		return []provision.Finding{{
			Severity: provision.SeverityError, Code: "unanswered", Cause: h.Words.T("unanswered.cause"), Evidence: asked.Decision.Question, Fix: asked.Decision.Remedy,
		}}
	}
	return diagnose.Failure(err, h.connection.printed(step), h.place(step, err), h.Words)
}

// Left implements provision.Stopper.
func (h *Host) Left(string) *provision.Failure { return provision.Fail("prepare.interrupt") }

// place is the place of a failure, with what is known of the host.
func (h *Host) place(step string, err error) diagnose.Place {
	p := diagnose.Place{Where: place(step), Host: h.host.Address, Port: h.host.Port, User: h.deployUser()}
	if h.host.Identity != "" {
		p.Identity = shell.Quote(h.host.Identity)
	}
	var dial *remote.DialError
	if errors.As(err, &dial) {
		p.Host, p.Port, p.User = dial.Host, dial.Port, cmp.Or(dial.User, p.User)
	}
	return p
}
