package steps

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// release is what this run brings to the host: a candidate that boots without the host's ports, and the container that it
// takes them from.
type release struct {
	id        string
	spec      docker.Spec
	tree      string
	image     string            // what to run: an image's id or name
	candidate string            // the candidate's name until it is live
	bootedID  string            // its id, once it was started
	existing  *docker.Container // the candidate is a container of an earlier release
	saved     func() error      // waits until its settings are kept on the host; nil: they are
	previous  *previous         // nil for a first release

	cold      bool      // the application could not boot without a way out, or must not
	started   bool      // the live container was only started again
	switched  bool      // the candidate has the ports
	outside   bool      // it has left the internal network
	confirmed bool      // it was seen to answer on the ports, from the host
	letGo     time.Time // when the previous one lost the ports
	rebooted  bool      // the host went away during the cutover, so that the candidate is warm no longer
}

// previous is the container that a release takes the ports from, and what it takes to give them back.
type previous struct {
	id       string
	retired  string            // the name that it gets
	networks []docker.Endpoint // on which it held its ports
	inside   bool              // it is on the candidates' network
	onHost   bool              // it shares the host's network: only its end frees the ports
	restart  string            // its restart policy
	down     bool              // it did not run
}

// serves reports whether there is a container that can be given the ports back.
func (p *previous) serves() bool { return p != nil && !p.down }

// network is the internal network on which candidates boot.
func (h *Host) network() string { return "provision-" + h.site().Name }

// candidateName is the name of a container that has never been live. There is one at a time: the lock sees to it.
func (h *Host) candidateName() string { return h.site().Container + "-candidate" }

// retiredName is the name of a container that was live: that of its release, or made of its own id where it was run by hand
// or the release that follows it is the same one.
func (h *Host) retiredName(c *docker.Container, next string) string {
	release := c.Label(docker.LabelRelease)
	if release == "" || release == next || !h.ours(c) {
		release = short(c.ID)
	}
	return h.site().Container + "-" + release
}

// deploy makes the planned release live.
func (s run) deploy(ctx context.Context, r *provision.Reporter) error {
	if s.facts.Image == nil {
		return s.fail("fail.no-image", s.site().Image, s.Name())
	}
	if err := s.saveEnvironment(ctx); err != nil {
		return err
	}
	rel := s.newRelease(s.Release, s.Spec, s.Manifest.Digest(), s.facts.Image.ID)
	asked, err := json.Marshal(s.demands())
	if err != nil {
		return err
	}
	made := state.Release{Tree: rel.tree, Image: s.releaseImage(rel.tree), Spec: rel.spec, Asked: asked}
	saving := make(chan error, 1) // while the candidate boots
	go func() {
		_, err := s.exec(ctx, remote.Command{Script: state.Save(s.site().Directory, rel.id, made)})
		saving <- err
	}()
	rel.saved = sync.OnceValue(func() error { return <-saving })
	defer func() { _ = rel.saved() }()
	return s.bringUp(ctx, r, rel)
}

func (h *Host) newRelease(id string, spec docker.Spec, tree, image string) *release {
	return &release{id: id, spec: spec, tree: tree, image: image, candidate: h.candidateName(), previous: h.previousOf(id)}
}

// previousOf is the live container as the one that release id replaces. One that an interrupted cutover has left without a
// network had its ports on the bridge.
func (h *Host) previousOf(id string) *previous {
	live := h.facts.Container
	if live == nil {
		return nil
	}
	p := &previous{
		id:       live.ID,
		retired:  h.retiredName(live, id),
		networks: live.PublicEndpoints(h.network()),
		inside:   live.On(h.network()),
		onHost:   live.HostConfig.NetworkMode == "host",
		restart:  live.RestartPolicy(),
		down:     !live.State.Running,
	}
	if len(p.networks) == 0 && !p.onHost && len(live.HostConfig.PortBindings) > 0 {
		p.networks = []docker.Endpoint{{Network: "bridge"}}
	}
	return p
}

// bringUp boots the candidate, waits until it answers, and moves the ports to it. Until then nothing that serves is touched.
func (h *Host) bringUp(ctx context.Context, r *provision.Reporter, rel *release) error {
	h.release = rel
	if !h.coldOnly(rel) {
		err := h.try(ctx, r, rel, h.network())
		if err == nil {
			return h.cutover(ctx, r, rel)
		}
		if ctx.Err() != nil || h.site().Cutover == inventory.CutoverWarm || !worthTryingCold(err) {
			return h.abandon(ctx, r, rel, err)
		}
		r.Output(provision.StreamErr, h.Words.T("release.trying-cold", err))
	}
	rel.cold = true
	if h.untriable(rel) {
		r.Output(provision.StreamErr, h.Words.T("release.untried"))
	} else if err := h.try(ctx, r, rel, ""); err != nil {
		return h.abandon(ctx, r, rel, err)
	}
	return h.cutover(ctx, r, rel)
}

// coldOnly reports whether the inventory or the container's options rule a boot on the internal network out.
func (h *Host) coldOnly(rel *release) bool {
	if h.site().Cutover == inventory.CutoverCold || rel.spec.OwnNetwork() {
		return true
	}
	return rel.existing != nil && !slices.Contains([]string{"default", "bridge", "", h.network()}, rel.existing.HostConfig.NetworkMode)
}

// untriable reports whether a candidate cannot run beside the live container even without ports: it would share the host's
// network, or is a container that takes its ports wherever it starts.
func (h *Host) untriable(rel *release) bool { return rel.existing != nil || rel.spec.HostNetwork() }

// worthTryingCold: a candidate that docker could not even create, or that answers something else than is wanted, does the same
// with a way out to the network. One that answers with an error of its own may have missed just that.
func worthTryingCold(err error) bool {
	var exit *remote.ExitError
	var wrong *probe.Mismatch
	if errors.As(err, &wrong) {
		return wrong.Answer.Status >= http.StatusInternalServerError
	}
	return !errors.As(err, &exit) && !remote.IsForbidden(err) && provision.ExitCode(err) == provision.ExitFailed
}

// failedRelease is the exit status of a release that failed before the ports moved: the previous one serves, if there is one.
func (h *Host) failedRelease() int {
	if live := h.facts.Container; live != nil && live.Serves(h.network()) {
		return provision.ExitKeptOld
	}
	return provision.ExitFailed
}

// abandon shows the candidate's last log lines and removes it. What served before still does.
func (h *Host) abandon(ctx context.Context, r *provision.Reporter, rel *release, cause error) error {
	interrupted := ctx.Err()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	h.showLog(ctx, r, rel.candidate)
	discard := remote.Command{Script: shell.Text(removeOurs(rel.candidate, h.site().Name)), Sudo: h.sudo}
	if rel.existing != nil {
		discard = remote.Command{Argv: docker.Stop(1, rel.candidate), Sudo: h.sudo}
	}
	if _, err := h.exec(ctx, discard); err != nil {
		r.Output(provision.StreamErr, h.Words.T("release.candidate-left", rel.candidate, err))
	}
	h.release = nil
	if interrupted != nil {
		return interrupted
	}
	switch provision.ExitCode(cause) {
	case provision.ExitUnreachable, provision.ExitLocked: // nothing is known any more, or nothing is ours to say
		return h.fail("fail.given-up", rel.id, h.Name(), cause)
	}
	if code := h.failedRelease(); code == provision.ExitKeptOld {
		return provision.WithExit(code, h.fail("fail.kept-old", rel.id, h.Name(), cause))
	}
	return h.fail("fail.release", rel.id, h.Name(), cause)
}

// tidyTimeout bounds what is done after a failure, whatever has become of the run's own deadline.
const tidyTimeout = 20 * time.Second

// candidateLogLines is how much of a failed candidate's log is shown, and logLinesRead how much is read for that: what our
// own questions left there tells nothing.
const (
	candidateLogLines = 40
	logLinesRead      = 1000
)

// showLog passes on the last lines that a container wrote.
func (h *Host) showLog(ctx context.Context, r *provision.Reporter, container string) {
	var last []string
	lines := remote.NewLines(remote.EachLine(func(line string) {
		if strings.Contains(line, probe.UserAgent) {
			return
		}
		if len(last) == candidateLogLines {
			last = last[1:]
		}
		last = append(last, line)
	}))
	err := h.client.Run(ctx, remote.Command{Argv: docker.Logs(container, logLinesRead, false), Sudo: h.sudo, Stdout: lines, Stderr: lines})
	lines.Flush()
	if err == nil && len(last) > 0 { // docker has nothing to say of a container that it could not even create
		h.lines(r)(strings.Join(last, "\n"))
	}
}
