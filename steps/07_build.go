package steps

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// build is the tutorial's step 7: docker build -t myweb_image:server .
type build struct {
	step
	site       release.Site
	tree       string // the digest of the files and of how they are built
	size       int64  // of the files, in bytes
	recipe     docker.Recipe
	needs      string // the field that takes BuildKit; empty: none
	lent       lent
	facts      *known
	bases      *bases
	connection *connection
	on         string // where the image is built, where that is not the host; empty: it is
	sent       *sent
}

func newBuild(h *Host, s step) provision.Step {
	var size int64
	if h.Manifest != nil {
		size = h.Manifest.Size()
	}
	options := h.Inventory.Site.Build
	b := build{
		step: s, site: h.site, tree: h.Tree, size: size, recipe: h.Recipe, needs: options.NeedsBuildKit(), lent: newLent(h.site.StateDir+"/lent", options),
		facts: h.facts, bases: h.bases, connection: h.connection,
	}
	if h.receives() {
		b.on, b.sent = h.Inventory.Site.BuildOn, &h.rollout.sent
	}
	return b
}

// Plan implements provision.Step: the image was built from this very tree, or it is built.
func (s build) Plan() ([]provision.Change, error) {
	reason, err := s.reason()
	if reason == "" || err != nil {
		return nil, err
	}
	if s.on != "" {
		return s.planSent(reason)
	}
	if s.needs != "" && s.facts.NoBuildKit {
		return nil, provision.Fail("build.no-buildkit", s.host, s.needs)
	}
	first, err := s.bring()
	if err != nil {
		return nil, err
	}
	summary := "plan.summary.rebuilt"
	if s.facts.Image == nil {
		summary = "plan.summary.built"
	}
	changes := one(s.words.T("plan.build.action", s.site.Image), reason, s.words.T(summary))
	changes[0].Apply, changes[0].Diff = s.build, s.recipe.Summary()
	return append(first, changes...), nil
}

// reason is why the image is to be built; empty where it is not.
func (s build) reason() (string, error) {
	name := s.site.Image
	switch image := s.facts.Image; {
	case s.ofAnother(image):
		return "", provision.Fail("build.other-site", name, s.host, image.Label(docker.LabelSite), image.Label(docker.LabelDirectory))
	case image == nil:
		return s.words.T("plan.build.reason-absent", name), nil
	case image.Label(docker.LabelTree) == "":
		return s.words.T("plan.build.reason-foreign", name), nil
	case image.Label(docker.LabelTree) != s.tree:
		return s.words.T("plan.build.reason-files"), nil
	}
	return "", nil
}

// ofAnother reports whether an image was built for another site that lives on the host beside this one.
func (s build) ofAnother(image *docker.Image) bool {
	if image == nil || s.site.LivesIn(image.Label(docker.LabelDirectory)) {
		return false
	}
	return slices.ContainsFunc(s.facts.Containers, func(c facts.Listed) bool {
		return c.Directory == image.Label(docker.LabelDirectory) && c.Release != "" && !s.site.HasName(c)
	})
}

//go:embed 07_*.sh
var buildFiles embed.FS

var (
	buildScript  = shell.Load(buildFiles, "07_build.sh")
	layersScript = shell.Load(buildFiles, "07_layers.sh")
	tidyScript   = shell.Load(buildFiles, "07_tidy.sh")
)

// buildJob begins the id of every job that builds.
const buildJob = "build-"

// jobOf is the id of the job that builds from a tree of files; empty for a run without files.
func jobOf(tree string) string {
	if tree == "" {
		return ""
	}
	return buildJob + tree[:12]
}

func (s build) build(ctx context.Context, r *provision.Reporter) error {
	argv := docker.Build(docker.BuildOptions{
		Site: s.site.Name, Directory: s.site.Directory, Tree: s.tree, Name: s.site.Image, ReleaseName: s.site.ImageOf(s.tree),
		Recipe: s.recipe, Lent: s.lent.folder,
	})
	r.Command("cd " + shell.Quote(s.site.Directory) + " && " + shell.Quote(argv...))
	running, err := s.forgetEnded(ctx)
	if err != nil {
		return err
	}
	s.makeRoom(ctx, r)
	a := &attempt{build: s, mark: rand.Text(), pass: s.progress(r)}
	err = a.run(ctx, argv, !running)
	var gone *remote.JobGoneError
	if errors.As(err, &gone) { // the host was restarted; what was built so far is in the cache
		r.Output(provision.StreamErr, s.words.T("build.again", s.host))
		err = a.run(ctx, argv, true)
	}
	if err != nil {
		s.discard(ctx, a.layers.Made())
	}
	switch {
	case a.why != nil:
		return a.why
	case err != nil:
		s.tellRoom(ctx, r)
		return provision.Fail("fail.build", s.site.Directory, s.host, err)
	}
	if a.made == nil { // a run before this one started the build
		if a.made, err = s.inspect(ctx); err != nil {
			return err
		}
	}
	s.facts.Facts = s.facts.WithImage(a.made)
	return nil
}

// attempt is a build under way.
type attempt struct {
	build
	mark   string // so that nothing which a build prints is taken for what the script says
	pass   func(lines string)
	made   *docker.Image
	layers docker.Layers
	why    *provision.Failure // there is no image
}

// run builds to the end. The build is a job of the host's own: it goes on when the link is cut, and a run that is started anew finds
// it. One that has only just begun is lent what it needs.
func (a *attempt) run(ctx context.Context, argv []string, begins bool) error {
	folder := ""
	if len(a.lent.files) > 0 {
		folder = a.lent.folder
	}
	begun := false
	defer func() {
		if !begun || ctx.Err() == nil { // else the build goes on, and removes them itself
			a.lent.takeBack(ctx, a.connection)
		}
	}()
	if begins {
		if err := a.lent.lend(ctx, a.connection); err != nil {
			return err
		}
	}
	begun = true
	script := buildScript.With(append([]string{a.site.Directory, a.mark + " " + docker.Description, a.site.Image, a.needs, folder}, argv...)...)
	return a.connection.Job(ctx, jobOf(a.tree), script, a.read)
}

// read takes in what the job prints: the script's own line, and the build's.
func (a *attempt) read(lines string) {
	said, own, ok := strings.Cut(lines, a.mark+" ")
	if ok {
		switch word, driver, _ := strings.Cut(strings.TrimSpace(own), " "); word {
		case "buildkit":
			a.why = provision.Fail("build.no-buildkit", a.host, a.needs)
		case "none":
			a.why = provision.Fail("build.no-image", a.site.Image, a.host, cmp.Or(driver, "docker"))
		default:
			a.made, _ = docker.ParseDescription(own)
		}
		if said = strings.TrimSuffix(said, "\n"); said == "" {
			return
		}
	}
	a.layers.Add(said)
	a.pass(said)
}

// discard removes the layers of a build that failed. That one cannot be removed is no failure of the run's.
func (s build) discard(ctx context.Context, layers []string) {
	if len(layers) > 0 && ctx.Err() == nil {
		_, _ = s.connection.Exec(ctx, remote.Command{Sudo: true, Script: layersScript.With(layers...)})
	}
}

// progress returns a receiver of a build's output that passes it on, and each instruction that the build comes to.
func (s build) progress(r *provision.Reporter) func(lines string) {
	pass := s.connection.lines(r)
	var progress docker.Progress
	return func(lines string) {
		for {
			through, next := progress.Next(lines)
			pass(lines[:through])
			if next != nil {
				r.Progress(int64(next.I), int64(next.N), provision.UnitSteps, next.Text)
			}
			if through == len(lines) {
				return
			}
			lines = lines[through+1:]
		}
	}
}

// forgetEnded removes what an interrupted run has left of a build that has ended: how it ended may be no longer true. One that
// still runs is attached to.
func (s build) forgetEnded(ctx context.Context) (running bool, err error) {
	id := jobOf(s.tree)
	if !slices.Contains(s.facts.Jobs, id) {
		return false, nil
	}
	var jobs []remote.JobState
	err = s.connection.persist(ctx, func() (err error) {
		jobs, err = s.connection.client.ListJobs(ctx, s.connection.stateDir, s.connection.sudo)
		return err
	})
	if err != nil {
		return false, provision.Fail("fail.builds", s.host, err)
	}
	at := slices.IndexFunc(jobs, func(job remote.JobState) bool { return job.ID == id })
	if at < 0 || jobs[at].Running {
		return at >= 0, nil
	}
	if err := s.connection.forget(ctx, id); err != nil {
		return false, provision.Fail("fail.build-left", s.host, err)
	}
	return false, nil
}

// inspect reads what the build made, because the steps to come rely on it.
func (s build) inspect(ctx context.Context) (*docker.Image, error) {
	out, err := s.connection.Exec(ctx, remote.Command{Sudo: true, Argv: docker.Inspect(s.site.Image)})
	if err != nil {
		return nil, provision.Fail("fail.look-image", s.site.Image, s.host, err)
	}
	objects, err := docker.ParseInspect(out)
	if err != nil || len(objects.Images) == 0 {
		return s.facts.Image, err
	}
	return &objects.Images[len(objects.Images)-1], nil
}
