package steps

import (
	"context"
	"embed"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/site"
)

// run is the tutorial's step 9: docker run -it -d -p 80:80 -p 443:443 --name myweb_https IMAGE bash ./start.sh. A container
// that is to replace another one boots and answers before it gets the ports; the release room tells how.
type run struct {
	step
	site       release.Site
	wanted     release.Release
	secret     provision.Secret // what the host gets of the environment file
	variables  []string         // their names
	facts      *known
	connection *connection
	cutover    *release.Switch
	stranger   *stranger
	source     inventory.Site
	found      site.Report // what its files tell
	hooks      hooks

	fingerprint func() string                                          // of the certificate, which may be a new one by now
	after       func(ctx context.Context, r *provision.Reporter) error // once the release is live
}

func newRun(h *Host, s step) provision.Step {
	return run{s, h.site, h.wanted(), h.environment, h.variables, h.facts, h.connection, h.cutover, &h.stranger, h.Inventory.Site, h.Report,
		hooks{h.Inventory.Site.Hooks, h.rollout, &h.ran}, h.fingerprint, h.afterRelease}
}

// Plan implements provision.Step.
func (s run) Plan() ([]provision.Change, error) {
	live, name := s.facts.Container, s.site.Container
	if live != nil && !s.site.Owns(live) {
		return s.planned(s.stranger.planned(s.step, s.site, live, s.deploy)), nil
	}
	if err := portsFree(s.site, s.facts.Facts); err != nil {
		return nil, err
	}
	replace := func(action, reason string) []provision.Change {
		summary := "plan.summary.replaced"
		if action == "plan.run.action" {
			summary = "plan.summary.run"
		}
		changes := one(s.words.T(action, name), s.notable(reason), s.words.T(summary))
		changes[0].Apply, changes[0].Diff = s.deploy, s.difference()
		return s.planned(changes)
	}
	if holder := s.site.Holder(s.facts.Containers); holder != nil {
		changes := []provision.Change{complete(s.step, s.connection, s.cutover, s.facts, *holder)}
		if holder.Release == s.wanted.ID {
			return changes, nil
		}
		return append(changes, replace("plan.replace.action", s.words.T("plan.run.reason-cutover"))...), nil
	}
	switch reason := s.drift(); {
	case live == nil:
		return replace("plan.run.action", s.words.T("plan.run.reason-absent")), nil
	case reason != "":
		return replace("plan.replace.action", s.because(reason)), nil
	case !live.Up():
		changes := one(s.words.T("plan.start.action", name), s.words.T("plan.run.reason-state", live.State.Status), s.words.T("plan.summary.started"))
		changes[0].Apply = s.start
		return changes, nil
	case !s.site.Serves(s.facts.Docker):
		return replace("plan.replace.action", s.words.T("plan.run.reason-ports")), nil
	}
	return nil, nil
}

// difference is in what the container will not be as it is now, attribute by attribute.
func (s run) difference() string {
	var environment docker.Variables
	if s.facts.Image != nil {
		environment = s.facts.Image.Config.Env
	}
	return s.wanted.Spec.Difference(s.facts.Container, s.variables, environment)
}

// notable is a reason with what of the options a person should know before they agree.
func (s run) notable(reason string) string {
	for _, option := range []struct {
		set  bool
		note string
	}{{s.wanted.Spec.HostNetwork(), "plan.run.host-network"}, {s.wanted.Spec.Privileged(), "plan.run.privileged"}} {
		if option.set {
			reason = s.words.T("plan.run.with", reason, s.words.T(option.note))
		}
	}
	return reason
}

// drift says in what the live container is not the one that this release makes, by the key of the words for it; empty where
// it is, or there is none.
func (s run) drift() string {
	switch live, image := s.facts.Container, s.facts.Image; {
	case live == nil:
		return ""
	case live.Label(docker.LabelSpec) == "":
		return "plan.run.reason-by-hand"
	case live.Label(docker.LabelSpec) != s.wanted.Spec.Digest():
		return s.otherSettings(live)
	case live.Label(docker.LabelTree) != s.wanted.Tree:
		return "plan.run.reason-files"
	case image != nil && live.Image != image.ID:
		return "plan.run.reason-image"
	}
	return ""
}

const (
	asFiles     = "plan.run.reason-as-files"
	asVariables = "plan.run.reason-as-env"
)

// otherSettings says in what the settings differ, as far as that can be told.
func (s run) otherSettings(live *docker.Container) string {
	switch now := s.wanted.Spec; {
	case now.SecretFiles && !live.HasSecretFiles():
		return asFiles
	case now.EnvironmentFile != "" && live.HasSecretFiles():
		return asVariables
	}
	return "plan.run.reason-settings"
}

// because is a reason of drift's in words. Secrets go by their names.
func (s run) because(reason string) string {
	if reason == asFiles || reason == asVariables {
		return s.words.T(reason, safetext.Abbreviate(strings.Join(s.variables, ", "), 200))
	}
	return s.words.T(reason)
}

// portsFree makes sure that the engine may publish the site's ports, and that nobody else holds them.
func portsFree(site release.Site, known *facts.Facts) error {
	for _, p := range site.Ports {
		if p.Protocol == "udp" || p.Protocol == "sctp" {
			continue
		}
		if p.Host < known.Lowest {
			return provision.Fail("fail.port-privileged", p.Host, site.Host, known.Lowest)
		}
		if holder := site.PortHolder(known, p); holder != nil {
			return provision.Fail("fail.port-held", p.Host, site.Host, holder)
		}
	}
	return nil
}

// deploy makes the planned release live.
func (s run) deploy(ctx context.Context, r *provision.Reporter) error {
	if err := s.placed(ctx); err != nil {
		return err
	}
	s.wanted.Image, s.wanted.Demands.Fingerprint = s.facts.Image.ID, s.fingerprint()
	s.cutover.Inspect = s.inspect(r)
	defer func() { s.cutover.Inspect = nil }()
	live, err := s.cutover.Run(ctx, s.connection.report(r), s.wanted, s.facts.Docker)
	s.facts.Facts = s.facts.WithContainer(live)
	if err != nil {
		return err
	}
	return s.after(ctx, r)
}

// placed makes sure that the host has what the wanted release starts with.
func (s run) placed(ctx context.Context) error {
	if s.facts.Image == nil {
		return provision.Fail("fail.no-image", s.site.Image, s.host)
	}
	return s.saveEnvironment(ctx)
}

// inspect asks nginx in a candidate for its whole configuration, once the entry point has completed it, and examines that: what
// only the image shows is found here, and why a candidate does not answer as wanted; in one that does, nothing is an error. Where
// nginx cannot be asked, nothing is said.
func (s run) inspect(r *provision.Reporter) func(context.Context, string, bool) {
	asked := site.Of(s.source)
	if !asked.IsNginx() {
		return nil
	}
	return func(ctx context.Context, container string, answers bool) {
		if answers && !s.found.Unseen {
			return // the files have shown it all
		}
		dump, err := s.connection.Exec(ctx, remote.Command{Argv: docker.DumpNginx(container), Sudo: true})
		if err != nil {
			return
		}
		for _, p := range site.ExamineDump(asked, dump, s.words).Problems {
			if p.Finding.Severity == provision.SeverityError && answers {
				p.Finding.Severity = provision.SeverityWarning
			}
			if p.Finding.Severity != provision.SeverityInfo && !s.found.Has(p.Finding.Code) {
				r.Finding(p.Finding)
			}
		}
	}
}

//go:embed 09_*.sh
var runFiles embed.FS

var (
	environmentScript = shell.Load(runFiles, "09_environment.sh")
	secretsScript     = shell.Load(runFiles, "09_secrets.sh")
)

// saveEnvironment puts the environment file on the host, under a name made of its content, or its variables as files, in a folder
// of the release's: an earlier release keeps its own. Nobody else on the host may read them.
func (s run) saveEnvironment(ctx context.Context) error {
	var script shell.Text
	switch spec := s.wanted.Spec; {
	case spec.SecretFiles:
		script = secretsScript.With(s.site.Secrets(s.wanted.ID))
	case spec.EnvironmentFile != "":
		script = environmentScript.With(spec.EnvironmentFile)
	default:
		return nil
	}
	_, err := s.connection.Exec(ctx, remote.Command{Script: script, Stdin: strings.NewReader(s.secret.Reveal())})
	if err != nil {
		return provision.Fail("fail.environment", s.host, err)
	}
	return nil
}

// start starts a container that is as it should be, but down.
func (s run) start(ctx context.Context, r *provision.Reporter) error {
	live, err := s.cutover.Start(ctx, s.connection.report(r), s.facts.Docker)
	s.facts.Facts = s.facts.WithContainer(live)
	return err
}

// complete is the change that ends an interrupted cutover: the container that has the ports gets the live name.
func complete(s step, c *connection, cutover *release.Switch, known *known, holder facts.Listed) provision.Change {
	return provision.Change{
		Action: s.words.T("plan.name.action", holder.Name, cutover.Site.Container),
		Reason: s.words.T("plan.name.reason"), Summary: s.words.T("plan.summary.renamed"),
		Apply: func(ctx context.Context, r *provision.Reporter) error {
			live, err := cutover.Complete(ctx, c.report(r), holder, known.Docker)
			known.Facts = known.WithContainer(live)
			return err
		},
	}
}

// stranger is a container with the site's name that is not the site's: whether it may be replaced is asked, once, and before
// anything changes. A site that is turned away at its last step but one would have left its files and its image on the host.
type stranger struct{ agreed string } // the id of the one that the person agreed to replace

// planned is the plan of replacing it, which next does.
func (t *stranger) planned(s step, site release.Site, c *docker.Container, next func(context.Context, *provision.Reporter) error) []provision.Change {
	if t.agreed == c.ID {
		changes := one(s.words.T("plan.replace.action", site.Container), s.words.T("plan.run.reason-agreed"), s.words.T("plan.summary.replaced"))
		changes[0].Apply = next
		return changes
	}
	changes := one(s.words.T("plan.take-over.action", site.Container), whose(s.words, site, c, "plan.take-over.reason"), s.words.T("plan.summary.replaced"))
	changes[0].Apply = func(ctx context.Context, r *provision.Reporter) error {
		if err := t.ask(ctx, r, s.words, site, c); err != nil {
			return err
		}
		return next(ctx, r)
	}
	return changes
}

// askFirst asks where replacing a stranger is what the changes come to.
func (t *stranger) askFirst(ctx context.Context, r *provision.Reporter, words *language.Printer, site release.Site, live *docker.Container, changes []provision.Change) error {
	runs := slices.ContainsFunc(changes, func(c provision.Change) bool { return c.Step == Run })
	if live == nil || !runs || site.Owns(live) {
		return nil
	}
	return t.ask(ctx, r, words, site, live)
}

// ask asks whether a stranger's container may be replaced, unless that was agreed to.
func (t *stranger) ask(ctx context.Context, r *provision.Reporter, words *language.Printer, site release.Site, c *docker.Container) error {
	if t.agreed == c.ID {
		return nil
	}
	answer, err := r.Ask(ctx, provision.Decision{
		Kind:     provision.DecideTakeOver,
		Question: whose(words, site, c, "take-over.question"),
		Detail:   words.T("take-over.detail"),
		Options:  []provision.Option{{ID: provision.AnswerYes, Label: words.T("take-over.yes")}, {ID: provision.AnswerNo, Label: words.T("take-over.no")}},
		Default:  provision.AnswerNo,
		Remedy:   words.T("take-over.remedy"),
	})
	if err != nil {
		return err
	}
	if answer.Choice != provision.AnswerYes {
		return provision.Fail("take-over.declined", c.BareName(), site.Host)
	}
	t.agreed = c.ID
	return nil
}

// whose says whose a container is, by the variant of a key that fits: another site's, or nobody's that is known.
func whose(words *language.Printer, site release.Site, c *docker.Container, key string) string {
	switch name, directory := c.Label(docker.LabelSite), c.Label(docker.LabelDirectory); {
	case name != "" && name != site.Name:
		return words.T(key+"-named", c.BareName(), site.Host, name)
	case !site.LivesIn(directory):
		return words.T(key+"-site", c.BareName(), site.Host, directory)
	}
	return words.T(key, c.BareName(), site.Host, c.Config.Image)
}
