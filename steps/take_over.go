package steps

import (
	"context"
	"slices"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
)

// takeOver plans that a stranger's container which has the site's name is replaced, which next does.
func (s run) takeOver(c *docker.Container, next func(context.Context, *provision.Reporter) error) ([]provision.Change, error) {
	if s.takenOver == c.ID {
		changes := one(s.Words.T("plan.replace.action", s.site().Container), s.Words.T("plan.run.reason-agreed"))
		changes[0].Apply = next
		return changes, nil
	}
	changes := one(s.Words.T("plan.take-over.action", s.site().Container), s.strangers(c, "plan.take-over.reason"))
	changes[0].Apply = func(ctx context.Context, r *provision.Reporter) error {
		if err := s.agreeTo(ctx, r, c); err != nil {
			return err
		}
		return next(ctx, r)
	}
	return changes, nil
}

// strangers says whose a container is, by the variant of a key that fits: another site's, or nobody's that is known.
func (h *Host) strangers(c *docker.Container, key string) string {
	switch site, directory := c.Label(docker.LabelSite), c.Label(docker.LabelDirectory); {
	case site != "" && site != h.site().Name:
		return h.Words.T(key+"-named", c.BareName(), h.Name(), site)
	case !h.here(directory):
		return h.Words.T(key+"-site", c.BareName(), h.Name(), directory)
	}
	return h.Words.T(key, c.BareName(), h.Name(), c.Config.Image)
}

// agree asks before anything changes whether a stranger's container may be replaced, where that is what the changes come to: a
// site that is turned away at its last step but one would have left its files and its image on the host.
func (h *Host) agree(ctx context.Context, r *provision.Reporter, changes []provision.Change) error {
	live := h.facts.Container
	runs := slices.ContainsFunc(changes, func(c provision.Change) bool { return c.Step == stepRun })
	if live == nil || !runs || h.ours(live) {
		return nil
	}
	return h.agreeTo(ctx, r, live)
}

// agreeTo asks whether a stranger's container may be replaced, unless that was agreed to.
func (h *Host) agreeTo(ctx context.Context, r *provision.Reporter, c *docker.Container) error {
	if h.takenOver == c.ID {
		return nil
	}
	answer, err := r.Ask(ctx, provision.Decision{
		Kind:     provision.DecideTakeOver,
		Question: h.strangers(c, "take-over.question"),
		Detail:   h.Words.T("take-over.detail"),
		Options:  []provision.Option{{ID: provision.AnswerYes, Label: h.Words.T("take-over.yes")}, {ID: provision.AnswerNo, Label: h.Words.T("take-over.no")}},
		Default:  provision.AnswerNo,
		Remedy:   h.Words.T("take-over.remedy"),
	})
	if err != nil {
		return err
	}
	if answer.Choice != provision.AnswerYes {
		return h.tell("take-over.declined", c.BareName(), h.Name())
	}
	h.takenOver = c.ID
	return nil
}
