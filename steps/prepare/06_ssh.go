package prepare

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
)

// ssh closes the ways in that a site does not need: passwords, and root's login where the deploy user may become root.
type ssh struct {
	step
	wanted  string // of the inventory
	user    string
	sudo    bool // the inventory gives the user sudo
	facts   *known
	confirm confirm
}

func newSSH(h *Host, s step) provision.Step {
	p := h.Inventory.Prepare
	return ssh{s, p.SSH, h.deployUser(), p.User.Sudo, h.facts, h.confirm}
}

// Plan implements provision.Step.
func (s ssh) Plan() ([]provision.Change, error) {
	if !s.concerned() {
		return nil, nil
	}
	diff := s.facts.SSH.Differs(prepare.StrictSSH(s.noRoot()))
	if diff == "" {
		return nil, nil
	}
	return []provision.Change{s.change("ssh", diff, s.close)}, nil
}

// concerned reports whether anything was asked for, and can be seen.
func (s ssh) concerned() bool { return s.wanted == inventory.SSHStrict && s.facts.Root }

// noRoot reports whether root's login may be closed: the user's new login has to show it.
func (s ssh) noRoot() bool {
	return s.user != "root" && (s.sudo || slices.ContainsFunc(s.facts.Account.Rules, func(rule string) bool { return strings.HasSuffix(rule, " ALL") }))
}

func (s ssh) close(ctx context.Context, r *provision.Reporter) error {
	trial := s.facts.SSH.Trial(s.host, s.user, prepare.StrictSSH(s.noRoot()))
	trial.Sudo = s.noRoot()
	return s.confirm(ctx, r, trial)
}

// Verify implements provision.Verifier: what was not done is said.
func (s ssh) Verify(_ context.Context, r *provision.Reporter) error {
	if !s.concerned() {
		return nil
	}
	f := s.facts.SSH
	switch {
	case f.Version == "":
		r.Finding(s.finding(provision.SeverityInfo, "ssh.other", s.host))
	case f.Differs(prepare.StrictSSH(s.noRoot())) != "":
		return provision.Fail("prepare.ssh.differs", s.host, f.Own())
	case s.user != "root" && !s.noRoot():
		r.Finding(s.finding(provision.SeverityInfo, "ssh.root", s.host, s.user))
	}
	return nil
}
