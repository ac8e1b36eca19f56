package steps

import (
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
	tree       string // the digest of the files
	facts      *known
	connection *connection
}

func newBuild(h *Host, s step) provision.Step {
	return build{s, h.site, h.Tree, h.facts, h.connection}
}

// Plan implements provision.Step: the image was built from this very tree, or it is built.
func (s build) Plan() ([]provision.Change, error) {
	name := s.site.Image
	var reason string
	switch image := s.facts.Image; {
	case s.ofAnother(image):
		return nil, provision.Fail("build.other-site", name, s.host, image.Label(docker.LabelSite), image.Label(docker.LabelDirectory))
	case image == nil:
		reason = s.words.T("plan.build.reason-absent", name)
	case image.Label(docker.LabelTree) == "":
		reason = s.words.T("plan.build.reason-foreign", name)
	case image.Label(docker.LabelTree) != s.tree:
		reason = s.words.T("plan.build.reason-files")
	default:
		return nil, nil
	}
	summary := "plan.summary.rebuilt"
	if s.facts.Image == nil {
		summary = "plan.summary.built"
	}
	changes := one(s.words.T("plan.build.action", name), reason, s.words.T(summary))
	changes[0].Apply = s.build
	return changes, nil
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
	})
	r.Command("cd " + shell.Quote(s.site.Directory) + " && " + shell.Quote(argv...))
	if err := s.forgetEnded(ctx); err != nil {
		return err
	}
	// The build is a job of the host's own: it goes on when the link is cut, and a run that is started anew finds it.
	mark := rand.Text() // so that nothing which a build prints is taken for it
	script := buildScript.With(append([]string{s.site.Directory, mark + " " + docker.Description, s.site.Image}, argv...)...)
	pass := s.progress(r)
	var made *docker.Image
	var layers docker.Layers
	work := func() error {
		return s.connection.Job(ctx, jobOf(s.tree), script, func(lines string) {
			if said, described, ok := strings.Cut(lines, mark+" "); ok {
				made, _ = docker.ParseDescription(described)
				if lines = strings.TrimSuffix(said, "\n"); lines == "" {
					return
				}
			}
			layers.Add(lines)
			pass(lines)
		})
	}
	err := work()
	var gone *remote.JobGoneError
	if errors.As(err, &gone) { // the host was restarted; what was built so far is in the cache
		r.Output(provision.StreamErr, s.words.T("build.again", s.host))
		err = work()
	}
	if err != nil {
		s.discard(ctx, layers.Made())
		return provision.Fail("fail.build", s.site.Directory, s.host, err)
	}
	if made == nil { // a run before this one started the build
		if made, err = s.inspect(ctx); err != nil {
			return err
		}
	}
	s.facts.Facts = s.facts.WithImage(made)
	return nil
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

// forgetEnded removes what an interrupted run has left of a build that has ended: how it ended may be no longer true.
func (s build) forgetEnded(ctx context.Context) error {
	id := jobOf(s.tree)
	if !slices.Contains(s.facts.Jobs, id) {
		return nil
	}
	var jobs []remote.JobState
	err := s.connection.persist(ctx, func() (err error) {
		jobs, err = s.connection.client.ListJobs(ctx, s.connection.stateDir, s.connection.sudo)
		return err
	})
	if err != nil {
		return provision.Fail("fail.builds", s.host, err)
	}
	if !slices.ContainsFunc(jobs, func(job remote.JobState) bool { return job.ID == id && !job.Running }) {
		return nil
	}
	if err := s.connection.forget(ctx, id); err != nil {
		return provision.Fail("fail.build-left", s.host, err)
	}
	return nil
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
