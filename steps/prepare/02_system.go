package prepare

import (
	"context"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
)

// system is what the distribution brings: packages, the clock, swap, security updates.
type system struct {
	step
	wanted     inventory.Prepare
	facts      *known
	connection *connection
	look       func(context.Context) error // gathers the facts again
}

func newSystem(h *Host, s step) provision.Step {
	return system{s, h.Inventory.Prepare, h.facts, h.connection, h.gather}
}

// Plan implements provision.Step.
func (s system) Plan() ([]provision.Change, error) {
	if !s.facts.Root {
		return nil, nil
	}
	host := s.facts.System
	if host.Family == prepare.Other {
		return nil, s.unknownFamily()
	}
	var changes []provision.Change
	packages := host.Packages(s.wanted, s.facts.Account.NoSudo)
	if host.Broken {
		changes = append(changes, s.change("broken", "", s.job(host.Install(nil, nil))))
	}
	if len(packages) > 0 {
		diff := "+ " + strings.Join(packages, "\n+ ") + "\n"
		changes = append(changes, s.change("packages", diff, s.job(host.Install(packages, nil)), strings.Join(packages, ", ")))
	}
	if host.Clock == "" && !host.Container {
		changes = append(changes, s.change("clock", "", s.root(host.Service(prepare.ServiceEnable, host.ClockService()), ""), host.ClockService()))
	}
	if s.wanted.Updates && !host.Updates {
		apply, diff := s.root(prepare.Write(prepare.UpdatesFile, "644"), prepare.UpdatesText), prepare.Diff(prepare.UpdatesFile, "", prepare.UpdatesText)
		if host.Family == prepare.Dnf {
			apply, diff = s.root(host.Service(prepare.ServiceEnable, prepare.UpdatesTimer), ""), ""
		}
		changes = append(changes, s.change("updates", diff, apply))
	}
	if size := host.SwapWanted(s.wanted.Swap); size > 0 {
		changes = append(changes, s.change("swap", "", s.root(prepare.MakeSwap(size), ""), size, host.Memory>>10))
	}
	return changes, nil
}

// unknownFamily is the failure of a host that has to be prepared by hand; nil where it is ready.
func (s system) unknownFamily() error {
	if s.facts.Docker.Version != "" {
		return nil
	}
	name := s.facts.System.Name
	if name == "" {
		name = s.facts.System.ID
	}
	return provision.Fail("prepare.family", name, s.host, s.facts.System.ByHand())
}

// job is the apply of a command that takes long.
func (s system) job(cmd prepare.Command) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, r *provision.Reporter) error {
		if err := s.connection.Job(ctx, r, cmd); err != nil {
			return provision.Fail("prepare.install", cmd.Shown, s.host, err)
		}
		return s.look(ctx)
	}
}

// root is the apply of a command that does not.
func (s system) root(cmd prepare.Command, input string) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, r *provision.Reporter) error {
		if err := s.connection.Root(ctx, r, cmd, input); err != nil {
			return provision.Fail("prepare.command", cmd.Shown, s.host, err)
		}
		return s.look(ctx)
	}
}

// Verify implements provision.Verifier.
func (s system) Verify(context.Context, *provision.Reporter) error { return s.settled(s.Plan()) }
