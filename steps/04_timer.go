package steps

import (
	"bytes"
	"context"
	"path"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/renewal"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/survey"
)

// timer is the part of step 4 that has the host renew the certificate by itself, where the inventory asks for that.
type timer struct {
	step
	keeper     *certificate.Keeper // nil: the host is to have no timer
	place      renewal.Place
	facts      *known
	connection *connection
	on         release.Site
	demands    probe.Demands
}

// wantsTimer reports whether the host is to renew the certificate by itself.
func (h *Host) wantsTimer() bool {
	return h.Inventory.Site.Obtains() && h.Inventory.Site.ACME.Renew == inventory.RenewHost
}

func (h *Host) timer(s step) timer {
	t := timer{step: s, place: renewal.Place(h.placed.Pair), facts: h.facts, connection: h.connection, on: h.site, demands: h.demands()}
	if h.wantsTimer() && h.obtained != nil {
		t.keeper = h.obtained.keeper
	}
	return t
}

// Plan is what is to be done for the timer on this host.
func (s timer) Plan() ([]provision.Change, error) {
	found := renewal.ParseFound(s.facts.Timer)
	if s.keeper == nil {
		return s.removal(found, s.words.T("plan.renewal.reason-here")), nil
	}
	switch {
	case s.facts.OtherEngine():
		return nil, provision.Fail("renewal.other-engine", s.host)
	case found.Scheduler != renewal.Systemd && found.Scheduler != renewal.Cron:
		return nil, provision.Fail("renewal.no-scheduler", s.host)
	}
	wanted, err := s.wanted(found)
	if err != nil {
		return nil, err
	}
	text, err := wanted.Text()
	if err != nil || text == found.Installed {
		return nil, err
	}
	reason := s.words.T("plan.renewal.reason-none")
	if found.Installed != "" {
		reason = s.words.T("plan.renewal.reason-other")
	}
	changes := one(s.words.T("plan.renewal.install", found.Scheduler, s.host), reason, s.words.T("plan.summary.renewal"))
	changes[0].Diff = site.Unified(renewal.Folder(s.on.StateDir), lined(found.Installed), lined(text))
	changes[0].Apply = func(ctx context.Context, _ *provision.Reporter) error {
		if err := wanted.Install(ctx, s.connection, s.host, found); err != nil {
			return err
		}
		return s.lookAgain(ctx, true)
	}
	return changes, nil
}

func (s timer) wanted(found renewal.Found) (renewal.Timer, error) {
	t := renewal.Timer{StateDir: s.on.StateDir, User: s.facts.User, Scheduler: found.Scheduler}
	var err error
	if t.Program, err = images.Renewer(found.Architecture()); err != nil {
		return t, err
	}
	t.Settings = renewal.Settings{
		Directory: s.on.Directory, Container: s.on.Container, Sudo: s.connection.sudo, Place: s.place, Demands: s.demands,
	}
	t.Certificate, err = s.keeper.Settings()
	return t, err
}

// lookAgain asks for the timer once it was changed, so that the plan of a run that goes on is right.
func (s timer) lookAgain(ctx context.Context, wanted bool) error {
	out, err := s.connection.Exec(ctx, remote.Command{Script: renewal.Look(s.on.StateDir, s.on.Container, wanted)})
	if err != nil {
		return provision.Fail("facts.unread", s.host, err)
	}
	s.facts.Facts = s.facts.WithTimer(out)
	return nil
}

// removal takes the timer off the host, if there is one.
func (s timer) removal(found renewal.Found, reason string) []provision.Change {
	if found.Installed == "" {
		return nil
	}
	changes := one(s.words.T("plan.renewal.remove", s.host), reason, s.words.T("plan.summary.renewal"))
	changes[0].Diff = site.Unified(renewal.Folder(s.on.StateDir), lined(found.Installed), nil)
	changes[0].Apply = func(ctx context.Context, _ *provision.Reporter) error {
		if err := renewal.Remove(ctx, s.connection, s.host, s.on.Directory, s.on.StateDir, s.on.Container, found); err != nil {
			return err
		}
		return s.lookAgain(ctx, false)
	}
	return changes
}

// lined is a text as lines, all of which end; nothing for none.
func lined(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text + "\n")
}

// TimerRemoval is the plan of taking the timer off a host whose site goes.
func (h *Host) TimerRemoval(reason string) []provision.Change {
	return h.timer(step{Run, h.Name(), h.Words}).removal(renewal.ParseFound(h.facts.Timer), reason)
}

// adopt takes over a newer pair that the host has obtained, so that it is not replaced by the older one of this machine. What lies on
// the host is somebody's until it has proved to be a pair for these names.
func (h *Host) adopt(ctx context.Context) error {
	if !h.wantsTimer() || h.obtained == nil || len(h.facts.Chain) == 0 {
		return nil
	}
	return h.obtained.adopt(h.facts.Chain, func() ([]byte, error) {
		file := path.Join(h.placed.Folder, h.placed.Key)
		return h.connection.Exec(ctx, remote.Command{Argv: []string{"head", "-c", "65536", file}, Limit: pairLimit})
	})
}

// adopt keeps a pair of which a host has the chain, and gives the key, if it follows the one that is known.
func (o *obtained) adopt(chain []byte, key func() ([]byte, error)) error {
	before, _ := o.known()
	if o.keeper == nil || bytes.Equal(chain, bytes.TrimSpace(before.Chain)) {
		return nil
	}
	text, err := key()
	if err != nil {
		return nil //nolint:nilerr // what cannot be read is replaced
	}
	pair, err := certificate.ParsePair(chain, text)
	if err != nil || !pair.Follows(before, o.keeper.Names, o.now) {
		return nil //nolint:nilerr // neither is a pair taken that is none
	}
	if err := o.keeper.Adopt(pair); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pair, o.window = pair, certificate.Window{}
	return nil
}

// Renewed is what became of the last run of the host's timer; nil for none.
func (h *Host) Renewed() *survey.Renewal {
	last := renewal.ParseFound(h.facts.Timer).Last
	if last == nil {
		return nil
	}
	return &survey.Renewal{Time: last.Time.UTC().Format(time.RFC3339), Changed: last.Changed, Error: last.Said(h.Words.Tag())}
}
