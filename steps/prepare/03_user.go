package prepare

import (
	"context"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
)

// user is the deploy user with its key, and the proof that it can log in.
type user struct {
	step
	name       string
	host       inventory.Host
	wanted     inventory.PrepareUser
	facts      *known
	connection *connection
	look       func(context.Context) error
	dial       func(ctx context.Context, user string, ask ask) (*remote.Client, error)
}

func newUser(h *Host, s step) provision.Step {
	return user{s, h.deployUser(), h.host, h.Inventory.Prepare.User, h.facts, h.connection, h.gather, h.dial}
}

// Plan implements provision.Step.
func (s user) Plan() ([]provision.Change, error) {
	if !s.facts.Root {
		return nil, nil
	}
	account := s.facts.Account
	keys, err := s.keys()
	if err != nil && (!account.Exists || len(account.Keys) == 0) { // who has a key already comes in
		return nil, err
	}
	var changes []provision.Change
	if diff, add := account.Missing(s.name, keys); len(diff) > 0 {
		changes = append(changes, s.change("user", strings.Join(diff, "\n")+"\n", s.root(prepare.MakeUser(s.name, add)), s.name))
	}
	switch {
	case s.name == "root":
	case s.wanted.Sudo && !account.MaySudo():
		diff := prepare.Diff(prepare.SudoersFile, "", s.name+" ALL=(ALL:ALL) NOPASSWD: ALL\n")
		changes = append(changes, s.change("sudo", diff, s.root(prepare.Sudoers(s.name, true)), s.name))
	case !s.wanted.Sudo && account.Ours:
		diff := prepare.Diff(prepare.SudoersFile, s.name+" ALL=(ALL:ALL) NOPASSWD: ALL\n", "")
		changes = append(changes, s.change("no-sudo", diff, s.root(prepare.Sudoers(s.name, false)), s.name))
	}
	return changes, nil
}

// keys are the lines that authorized_keys has to have: those of the files that the inventory names, else the public half of the
// host's identity. An agent's keys are many, and some are somebody else's.
func (s user) keys() ([]string, error) {
	var keys []string
	for _, file := range s.wanted.Keys {
		more, err := inventory.ReadPublicKeys(file)
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	if s.host.Identity == "" {
		return nil, provision.Fail("prepare.no-key", s.name, s.step.host).WithExit(provision.ExitUsage)
	}
	if keys, err := inventory.ReadPublicKeys(s.host.Identity + ".pub"); err == nil {
		return keys, nil
	}
	key, err := inventory.PublicHalf(s.host.Identity)
	if err != nil {
		return nil, provision.Fail("prepare.no-public-key", s.host.Identity, err).WithExit(provision.ExitUsage)
	}
	return []string{key}, nil
}

func (s user) root(cmd prepare.Command) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, r *provision.Reporter) error {
		if err := s.connection.Root(ctx, r, cmd, ""); err != nil {
			return provision.Fail("prepare.command", cmd.Shown, s.step.host, err)
		}
		return s.look(ctx)
	}
}

// Verify implements provision.Verifier: the user logs in.
func (s user) Verify(ctx context.Context, r *provision.Reporter) error {
	if err := s.settled(s.Plan()); err != nil {
		return err
	}
	if s.connection.client.User() == s.name {
		return nil
	}
	client, err := s.dial(ctx, s.name, r.Ask)
	if err != nil {
		return err
	}
	return client.Close()
}
