package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/shell"
)

// ours reports whether a container with the site's name may be replaced without asking: it carries our labels, or it runs an
// image of the site's name, as after following the tutorial by hand.
func (h *Host) ours(c *docker.Container) bool {
	return h.here(c.Label(docker.LabelDirectory)) &&
		(c.Label(docker.LabelSite) == h.site().Name || repository(c.Config.Image) == repository(h.site().Image))
}

// here reports whether a container's label names the site's folder: another one is of another site, whose name may be the
// same. Containers of earlier versions of the program do not have the label.
func (h *Host) here(directory string) bool { return directory == "" || directory == h.site().Directory }

// own are the containers of the site, but for the live one.
func (h *Host) own() []facts.Listed {
	return slices.DeleteFunc(slices.Clone(h.facts.Containers), func(c facts.Listed) bool { return !h.made(c) && !h.strayed(c) })
}

// made reports whether a run has given a container its name: the candidate's, one that ends with the release that it is, or
// with its own id. Labels alone do not tell: a container that somebody runs from one of our images has those of the image, and
// one of an image that was committed from a release has all of them.
func (h *Host) made(c facts.Listed) bool {
	if kept, named := strings.CutPrefix(c.Name, h.site().Container+"-"); named && len(kept) == idInName && strings.HasPrefix(c.ID, kept) {
		return true
	}
	return h.released(c) && (c.Name == h.candidateName() || strings.HasSuffix(c.Name, "-"+c.Release))
}

// released reports whether a container has the labels of a release of the site.
func (h *Host) released(c facts.Listed) bool {
	return c.Release != "" && c.Site == h.site().Name && h.here(c.Directory)
}

// strayed reports whether a container is a release that has the site's ports, but not its name: somebody has renamed one of
// the two.
func (h *Host) strayed(c facts.Listed) bool {
	return c.Name != h.site().Container && h.released(c) && slices.ContainsFunc(h.site().Ports, func(p inventory.Port) bool {
		return c.Publishes(p.Address, p.Host)
	})
}

// idInName is how many digits of its id a container is retired under that is no release of its own, and how many docker shows.
const idInName = 12

// short is an id as it stands in names.
func short(id string) string { return id[:min(idInName, len(id))] }

// hasOurName reports whether a container has the site's name or that of one of its releases: whose it is, and whether it may
// be replaced, is asked then.
func (h *Host) hasOurName(c facts.Listed) bool {
	return c.Name == h.site().Container || strings.HasPrefix(c.Name, h.site().Container+"-")
}

// retired are the containers that were live once.
func (h *Host) retired() []facts.Listed {
	return slices.DeleteFunc(slices.Clone(h.facts.Containers), func(c facts.Listed) bool { return !h.made(c) || c.Name == h.candidateName() })
}

// holdsPorts is a container of ours that holds the host's ports without having the live name: a cutover was interrupted
// after the ports had moved.
func (h *Host) holdsPorts() *facts.Listed {
	for _, c := range h.facts.Containers {
		if c.Name == h.site().Container && c.HoldsPorts() {
			return nil
		}
	}
	own := h.own()
	if at := slices.IndexFunc(own, facts.Listed.HoldsPorts); at >= 0 {
		return &own[at]
	}
	return nil
}

// complete is the change that ends an interrupted cutover: the container that has the ports gets the live name.
func (h *Host) complete(holder *facts.Listed) provision.Change {
	return provision.Change{
		Action: h.Words.T("plan.name.action", holder.Name, h.site().Container),
		Reason: h.Words.T("plan.name.reason"),
		Apply: func(ctx context.Context, r *provision.Reporter) error {
			rel := h.newRelease(holder.Release, docker.Spec{}, "", "")
			rel.candidate, rel.bootedID, rel.switched = h.candidateName(), holder.ID, true
			h.release = rel
			r.Command(shell.Quote(docker.Rename(holder.Name, h.site().Container)...))
			return h.exchangeNames(ctx, rel)
		},
	}
}
