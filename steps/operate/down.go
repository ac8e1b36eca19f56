package operate

import (
	"context"
	"embed"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/steps"
)

//go:embed *.sh
var files embed.FS

var (
	removeFilesScript = shell.Load(files, "remove_files.sh")
	removeStateScript = shell.Load(files, "remove_state.sh")
)

// DownOptions says what Down removes beside the containers.
type DownOptions struct {
	Images bool // the site's images too
	Files  bool // the site's files and the folder beside them too
}

// Down is the target that takes the site off a host.
type Down struct {
	*steps.Host
	options DownOptions
}

// NewDown returns the target that stops and removes the site's containers.
func NewDown(h *steps.Host, o DownOptions) *Down { return &Down{h, o} }

// Steps implements provision.Target.
func (d *Down) Steps() []provision.Step {
	return []provision.Step{d.Step(steps.Login), takeDown{d.Step(steps.Run), d}}
}

// takeDown stands where a deployment runs the container.
type takeDown struct {
	provision.Step
	down *Down
}

// Title implements provision.Step.
func (s takeDown) Title() string { return s.down.Words.T("down.title") }

// Plan implements provision.Step.
func (s takeDown) Plan() ([]provision.Change, error) {
	d, site, words := s.down, s.down.Site(), s.down.Words
	if live := d.Facts().Container; live != nil && !site.Owns(live) {
		return nil, provision.Fail("fail.down-foreign", live.BareName(), d.Name(), live.Config.Image)
	}
	var changes []provision.Change
	if names := s.containers(); len(names) > 0 {
		changes = append(changes, provision.Change{
			Action: words.T("plan.down.action", strings.Join(names, ", ")),
			Reason: words.T("plan.asked"),
			Apply:  func(ctx context.Context, r *provision.Reporter) error { return s.remove(ctx, r, names) },
		})
	}
	changes = append(changes, d.TimerRemoval(words.T("plan.asked"))...)
	if d.options.Images && d.Facts().Image != nil {
		changes = append(changes, provision.Change{Action: words.T("plan.down.images", site.Name), Reason: "--images", Apply: s.removeImages})
	}
	// What was put there is known from the folder beside it, which a run leaves behind whatever becomes of the site's own.
	if d.options.Files && d.Facts().Turn > 0 {
		action := words.T("plan.down.files", site.Directory, site.StateDir)
		changes = append(changes, provision.Change{Action: action, Reason: "--files", Apply: s.removeFiles})
	}
	return changes, nil
}

// containers are the live one and the ones kept for rollback.
func (s takeDown) containers() []string {
	var names []string
	if s.down.Facts().Container != nil {
		names = append(names, s.down.Site().Container)
	}
	for _, c := range s.down.Site().Own(s.down.Facts().Containers) {
		names = append(names, c.Name)
	}
	return names
}

// stopPatience is how long the containers may take to stop in all, beside the grace that each has.
const stopPatience = 20 * time.Second

// remove gives the containers the time to end that a release gives to the previous one: an application may have to write down
// what it has in memory. One that cannot be stopped is removed all the same.
func (s takeDown) remove(ctx context.Context, r *provision.Reporter, names []string) error {
	within, cancel := context.WithTimeout(ctx, release.StopGrace*time.Second+stopPatience)
	_, _ = s.docker(within, r, docker.Stop(release.StopGrace, names...))
	cancel()
	for _, name := range names {
		if _, err := s.docker(ctx, r, docker.Remove(name)); err != nil {
			return provision.Fail("fail.down-container", name, s.down.Name(), err)
		}
	}
	// The network may not be there: a site that was run by hand never had one.
	_, _ = s.down.Connection().Exec(ctx, remote.Command{Argv: docker.RemoveNetwork(s.down.Site().Network()), Sudo: true})
	return nil
}

func (s takeDown) docker(ctx context.Context, r *provision.Reporter, argv []string) ([]byte, error) {
	r.Command(shell.Quote(argv...))
	return s.down.Connection().Exec(ctx, remote.Command{Argv: argv, Sudo: true})
}

// removeImages takes from the images the names that builds gave them. One that somebody else's container needs stays.
func (s takeDown) removeImages(ctx context.Context, r *provision.Reporter) error {
	script := s.down.Site().RemoveImages()
	r.Command(string(script))
	out, err := s.down.Connection().Exec(ctx, remote.Command{Script: script, Sudo: true})
	if err != nil {
		return provision.Fail("fail.down-images", s.down.Site().Name, s.down.Name(), err)
	}
	if stays := strings.TrimSpace(string(out)); stays != "" {
		r.Output(provision.StreamErr, safetext.Clean(stays))
	}
	return nil
}

// removeFiles removes what was put there. Of the folder beside it the lock alone stays, and that goes with it when the run gives
// it back. What docker commands have left there may be root's.
func (s takeDown) removeFiles(ctx context.Context, r *provision.Reporter) error {
	site := s.down.Site()
	for _, cmd := range []remote.Command{
		{Script: removeFilesScript.With(site.Directory, site.StateDir)},
		{Script: removeStateScript.With(site.StateDir), Sudo: true},
	} {
		r.Command(string(cmd.Script))
		if _, err := s.down.Connection().Exec(ctx, cmd); err != nil {
			return provision.Fail("fail.down-files", site.Name, s.down.Name(), err)
		}
	}
	s.down.ForgetSite()
	return nil
}
