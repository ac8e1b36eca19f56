// Package release makes a release live on a host and takes it back: a candidate boots without the host's ports, answers, and
// gets the ports with one job on the host that completes or undoes itself; the container it replaces is kept for a rollback.
//
// A run makes one Switch and hands it facts; what is live comes back:
//
//	s := &release.Switch{Host: host, Site: site, Look: gather, Moved: askAgainFromHere}
//	live, err := s.Run(ctx, report, release.Release{ID: id, Spec: spec, …, Save: true}, facts.Docker) // a deployment
//	live, err := s.GoBack(ctx, report, target, demands, facts.Docker)                                 // a rollback, see FindTarget
//	live, err := s.Complete(ctx, report, *site.Holder(facts.Containers), facts.Docker)                // an interrupted cutover
//	live, err := s.FailInPublic(ctx, report, live, cause)                                             // later checks failed: back
//	err := s.Tidy(ctx)                                                                                // later checks passed
//
// Whose a container is, Site says from facts alone. Scripts for the host are the .sh files beside this one.
package release

import (
	"context"
	"encoding/json"
	"errors"
	"net"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// Host is what a release asks of a host. It does nothing for a run that has lost its lock.
type Host interface {
	// Exec runs a command that does no harm when it is run twice, again where the link dies under it, and returns its standard
	// output unless Stdout takes it. Command.Sudo marks what talks to Docker: only where that takes root, it becomes root.
	Exec(ctx context.Context, cmd remote.Command) ([]byte, error)
	// Job runs a script that talks to Docker to its end, whatever becomes of the link and of us, and passes its output on.
	Job(ctx context.Context, id string, script shell.Text, output func(lines string)) error
	// Dial connects from the host to an address that it reaches. After a lost link, Exec is what reaches the host again.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Release is what is to become live.
type Release struct {
	ID      string
	Tree    string // digest of the files that its image was built from
	Image   string // what to run: an image's id or name
	Spec    docker.Spec
	Demands probe.Demands
	Kept    *docker.Container // its own container from when it was live; nil: one is made
	Save    bool              // have the host keep its settings, while it boots
}

// saved is a release as the host keeps it.
func (s Site) saved(r Release) (state.Release, error) {
	asked, err := json.Marshal(r.Demands)
	return state.Release{Tree: r.Tree, Image: s.ImageOf(r.Tree), Spec: r.Spec, Asked: asked}, err
}

// save has the host keep a release's settings, as a file of the user's own.
func save(ctx context.Context, host Host, site Site, r Release) error {
	made, err := site.saved(r)
	if err == nil {
		_, err = host.Exec(ctx, remote.Command{Script: state.Save(site.Directory, r.ID, made)})
	}
	return err
}

// readSaved reads what the host kept of a release; nil where it has nothing of it.
func readSaved(ctx context.Context, host Host, site Site, id string) (*Saved, error) {
	if !isID(id) {
		return nil, nil
	}
	out, err := host.Exec(ctx, remote.Command{Script: state.Saved(site.Directory, id)})
	switch {
	case errors.As(err, new(*remote.ExitError)):
		return nil, nil
	case err != nil:
		return nil, err
	}
	saved := &Saved{}
	if saved.Release, err = state.ParseRelease(site.Directory, out); err == nil && saved.Asked != nil {
		err = json.Unmarshal(saved.Asked, &saved.Demands)
	}
	if err == nil {
		err = saved.check()
	}
	if err != nil {
		return nil, provision.Fail("release.saved-unreadable", site.Host, id, err)
	}
	return saved, nil
}

// ReadLive reads what the host kept of the release that is live; nil where it has nothing of it, as of a container that was run by
// hand.
func ReadLive(ctx context.Context, host Host, site Site, live *docker.Container) (*Saved, error) {
	return readSaved(ctx, host, site, live.Label(docker.LabelRelease))
}

// Saved is what the host kept of a release.
type Saved struct {
	state.Release
	Demands *probe.Demands // nil: it was saved by a version that did not keep them
}

// check judges settings as the inventory's are: the file may be somebody else's.
func (s *Saved) check() error {
	wanted := inventory.Site{
		Command: s.Spec.Command, Environment: s.Spec.Environment, Volumes: s.Spec.Volumes, Options: s.Spec.Options,
		Restart: s.Spec.Restart, Log: inventory.Log{MaxSize: s.Spec.LogMaxSize, MaxFile: s.Spec.LogMaxFile},
	}
	for _, text := range s.Spec.Ports {
		if _, err := inventory.ParsePort(text); err != nil {
			return err
		}
	}
	if d := s.Demands; d != nil {
		wanted.Ports, wanted.Health, wanted.Server, wanted.Domain = d.Ports, d.Health, d.Server, d.Domain
	}
	return wanted.CheckSettings()
}
