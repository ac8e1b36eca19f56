package release

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// Target is the release that a rollback goes back to, and what there is of it.
type Target struct {
	ID    string
	Kept  *docker.Container // the container to go back to; nil: it is made again
	Saved *Saved            // what the host kept of it; nil: nothing
}

// FindTarget finds the release to go back to: the one that is asked for, or, for an empty name, the one that was live last.
func FindTarget(ctx context.Context, host Host, site Site, known facts.Docker, asked string) (Target, error) {
	retired, err := inspectRetired(ctx, host, site, known.Containers)
	if err != nil {
		return Target{}, err
	}
	t := choose(site, known.Container, retired, asked)
	live := IsLive(known.Container, t.ID)
	switch {
	case t.ID == "":
		return t, provision.Fail("release.back-none", site.Name, site.Host)
	case t.Kept == nil && !(live && known.Container.Up()) && !isID(t.ID):
		return t, provision.Fail("release.back-name", t.ID).WithExit(provision.ExitUsage)
	}
	t.Saved, err = readSaved(ctx, host, site, t.ID) // one that was run by hand has nothing saved
	if err == nil && t.Kept == nil && t.Saved == nil && !(live && known.Container.Up()) {
		err = provision.Fail("release.back-gone", t.ID, site.Host)
	}
	return t, err
}

func inspectRetired(ctx context.Context, host Host, site Site, list []facts.Listed) ([]docker.Container, error) {
	var ids []string
	for _, c := range site.Retired(list) {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := host.Exec(ctx, remote.Command{Argv: docker.Inspect(ids...), Sudo: true})
	if err != nil {
		return nil, provision.Fail("release.back-look", site.Host, err)
	}
	objects, err := docker.ParseInspect(out)
	return objects.Containers, err
}

// choose picks a retired container: of the release that is asked for, or, for an empty name, of the one that was live last and
// is not live now. Without one, the target is what was asked for.
func choose(site Site, live *docker.Container, retired []docker.Container, asked string) Target {
	slices.SortFunc(retired, lastLive)
	for i := range retired {
		id := site.ReleaseOf(retired[i].BareName(), retired[i].Label(docker.LabelRelease))
		if asked == "" && !IsLive(live, id) || id == asked {
			return Target{ID: id, Kept: &retired[i]}
		}
	}
	return Target{ID: asked}
}

// lastLive sorts retired containers, the one that was live last first. One that runs was retired a moment ago and is still being
// stopped.
func lastLive(x, y docker.Container) int {
	switch {
	case x.State.Running && y.State.Running:
		return y.State.StartedAt.Compare(x.State.StartedAt)
	case x.State.Running:
		return -1
	case y.State.Running:
		return 1
	}
	return y.State.FinishedAt.Compare(x.State.FinishedAt)
}

// isID reports whether a word may be the id of a release: hexadecimal digits.
func isID(word string) bool { return strings.Trim(word, "0123456789abcdef") == "" }

// IsLive reports whether the live container is a release: another one may have been retired from the same.
func IsLive(live *docker.Container, release string) bool {
	return live != nil && live.Label(docker.LabelRelease) == release
}

// Demands are what was asked of the release when it was made, or else what the inventory asks.
func (t Target) Demands(inventory probe.Demands) probe.Demands {
	if t.Saved != nil && t.Saved.Demands != nil {
		return *t.Saved.Demands
	}
	return inventory
}

// release is the target as what is to become live: its own container where that is still there and can boot beside the live one,
// and else one made again with the release's own settings.
func (t Target) release(site Site, demands probe.Demands) Release {
	r := Release{ID: t.ID, Spec: docker.Spec{Restart: site.Restart}, Demands: demands, Kept: t.Kept}
	if t.Saved != nil {
		r.Spec, r.Tree, r.Image = t.Saved.Spec, t.Saved.Tree, t.Saved.Image
		if t.Kept != nil && site.coldOnly(r) {
			r.Kept = nil
		}
	}
	return r
}

// GoBack brings an earlier release back, and gives its image the site's name.
func (s *Switch) GoBack(ctx context.Context, report Report, t Target, demands probe.Demands, known facts.Docker) (*docker.Container, error) {
	r := t.release(s.Site, demands)
	s.report = report
	if r.Kept == nil {
		// By its id, for which nobody else's image is ever fetched: a name that is not there any more is asked for at a registry.
		id, err := s.docker(ctx, docker.ImageID(r.Image))
		if err != nil {
			return known.Container, provision.Fail("release.back-image", r.Image, r.ID, s.Site.Host, err)
		}
		r.Image = strings.TrimSpace(string(id))
	}
	live, err := s.Run(ctx, report, r, known)
	if err != nil || live == nil {
		return live, err
	}
	_, err = s.docker(ctx, docker.Tag(live.Image, s.Site.Image))
	return live, err
}
