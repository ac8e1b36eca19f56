package steps

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// build is the tutorial's step 7: docker build -t myweb_image:server .
type build struct{ *Host }

func (build) ID() string      { return stepBuild }
func (s build) Title() string { return s.title(stepBuild) }

// Plan implements provision.Step: the image was built from this very tree, or it is built.
func (s build) Plan() ([]provision.Change, error) {
	tree, name := s.Manifest.Digest(), s.site().Image
	var reason string
	switch image := s.facts.Image; {
	case s.ofAnother(image):
		return nil, s.tell("build.other-site", name, s.Name(), image.Label(docker.LabelSite), image.Label(docker.LabelDirectory))
	case image == nil:
		reason = s.Words.T("plan.build.reason-absent", name)
	case image.Label(docker.LabelTree) == "":
		reason = s.Words.T("plan.build.reason-foreign", name)
	case image.Label(docker.LabelTree) != tree:
		reason = s.Words.T("plan.build.reason-files")
	default:
		return nil, nil
	}
	changes := one(s.Words.T("plan.build.action", name), reason)
	changes[0].Apply = s.build
	return changes, nil
}

// ofAnother reports whether an image was built for another site that lives on the host beside this one.
func (s build) ofAnother(image *docker.Image) bool {
	if image == nil || s.here(image.Label(docker.LabelDirectory)) {
		return false
	}
	return slices.ContainsFunc(s.facts.Containers, func(c facts.Listed) bool {
		return c.Directory == image.Label(docker.LabelDirectory) && c.Release != "" && !s.hasOurName(c)
	})
}

// buildScript builds, and builds once more if the engine went away in the middle: what was built so far is in its cache.
// That it went away shows in its process id, where that can be read, or in its not answering. The last line is what the image
// became.
const buildScript = `cd %s || exit 1
export %s
build() { %s && %s; }
engine() { cat /var/run/docker.pid 2>/dev/null; }
was=$(engine)
build && exit 0
code=$?
docker version >/dev/null 2>&1 && [ "$(engine)" = "$was" ] && exit $code
n=0
until docker version >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -lt 120 ] || exit $code
  sleep 0.5 2>/dev/null || sleep 1
done
echo 'The Docker engine was away; building again.'
build
`

// buildJob begins the id of every job that builds.
const buildJob = "build-"

// buildJob is the id of the job that builds from this run's files; empty for a run without files.
func (h *Host) buildJob() string {
	if h.Manifest == nil {
		return ""
	}
	return buildJob + h.Manifest.Digest()[:12]
}

func (s build) build(ctx context.Context, r *provision.Reporter) error {
	site, tree := s.site(), s.Manifest.Digest()
	command := shell.Quote(docker.Build(docker.BuildOptions{
		Site: site.Name, Directory: site.Directory, Tree: tree, Name: site.Image, ReleaseName: s.releaseImage(tree),
	})...)
	r.Command("cd " + shell.Quote(site.Directory) + " && " + command)
	if err := s.forgetEndedBuild(ctx); err != nil {
		return err
	}
	// The build is a job of the host's own: it goes on when the link is cut, and a run that is started anew finds it.
	mark := rand.Text() // so that nothing which a build prints is taken for it
	script := fmt.Sprintf(buildScript, shell.Quote(site.Directory), docker.BuildKitPlain, command, shell.Quote(docker.Describe(site.Image, mark)...))
	pass := s.progress(r)
	var made *docker.Image
	work := func() error {
		return s.job(ctx, s.buildJob(), script, func(lines string) {
			if said, described, ok := strings.Cut(lines, mark+" "); ok {
				made, _ = docker.ParseDescription(described)
				if lines = strings.TrimSuffix(said, "\n"); lines == "" {
					return
				}
			}
			pass(lines)
		})
	}
	err := work()
	var gone *remote.JobGoneError
	if errors.As(err, &gone) { // the host was restarted; what was built so far is in the cache
		r.Output(provision.StreamErr, s.Words.T("build.again", s.Name()))
		err = work()
	}
	if err != nil {
		return s.fail("fail.build", site.Directory, s.Name(), err)
	}
	if made == nil { // a run before this one started the build
		return s.inspectImage(ctx)
	}
	s.facts.Image = made
	return nil
}

// progress returns a receiver of a build's output that passes it on, and each instruction that the build comes to.
func (s build) progress(r *provision.Reporter) func(lines string) {
	pass := s.lines(r)
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

// forgetEndedBuild removes what an interrupted run has left of a build that has ended: how it ended may be no longer true.
func (s build) forgetEndedBuild(ctx context.Context) error {
	if !slices.Contains(s.facts.Jobs, s.buildJob()) {
		return nil
	}
	var jobs []remote.JobState
	err := s.persist(ctx, func() (err error) {
		jobs, err = s.client.ListJobs(ctx, s.StateDir(), s.sudo)
		return err
	})
	if err != nil {
		return s.fail("fail.builds", s.Name(), err)
	}
	for _, job := range jobs {
		if job.ID != s.buildJob() || job.Running {
			continue
		}
		err := s.persist(ctx, func() error {
			return s.client.KillJob(ctx, remote.Job{StateDir: s.StateDir(), ID: job.ID, Sudo: s.sudo})
		})
		if err != nil {
			return s.fail("fail.build-left", s.Name(), err)
		}
	}
	return nil
}

// inspectImage reads what the build made, because the steps to come rely on it.
func (h *Host) inspectImage(ctx context.Context) error {
	out, err := h.exec(ctx, remote.Command{Argv: docker.Inspect(h.site().Image), Sudo: h.sudo})
	if err != nil {
		return h.fail("fail.look-image", h.site().Image, h.Name(), err)
	}
	objects, err := docker.ParseInspect(out)
	if err != nil {
		return err
	}
	for i := range objects.Images {
		h.facts.Image = &objects.Images[i]
	}
	return nil
}
