package steps

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
)

// release is what this run brings to the host: a candidate that boots without the host's ports, and the container that it
// takes them from. The candidate keeps its name until it is live, and the previous container gets its candidate name then.
type release struct {
	id        string
	spec      docker.Spec
	tree      string
	image     string // what to run: an image's id
	candidate string // name of the candidate
	previous  string // name of the container that is live now, empty for a first release
	retired   string // name that the previous one gets
	cold      bool   // the application could not boot without a way out
	started   bool   // the live container was only started again
	switched  bool   // the candidate has the ports
	existing  bool   // the candidate is a container of an earlier release

	previousNetworks []string // on which the previous container held its ports
	previousOnHost   bool     // it shared the host's network
}

// network is the internal network on which candidates boot.
func (h *Host) network() string { return "provision-" + h.site().Name }

// candidateName is the name of a release's container while it is not live.
func (h *Host) candidateName(release string) string { return h.site().Container + "-" + release }

// deploy makes the planned release live.
func (s run) deploy(ctx context.Context, r *provision.Reporter) error {
	if s.facts.Image == nil {
		return fmt.Errorf("there is no image %s on %s to run", s.site().Image, s.Name())
	}
	if err := s.saveEnvironment(ctx); err != nil {
		return err
	}
	rel := s.newRelease(s.Release, s.Spec, s.Manifest.Digest(), s.facts.Image.ID)
	save := state.SaveReleaseScript(s.StateDir(), rel.id, savedRelease{rel.tree, s.releaseImage(rel.tree), rel.spec}, remote.Quote)
	if err := s.client.Run(ctx, remote.Command{Script: save}); err != nil {
		return fmt.Errorf("keep the settings of release %s on %s: %w", rel.id, s.Name(), err)
	}
	return s.bringUp(ctx, r, rel)
}

// savedRelease is what stays on the host of a release, so that it can be brought back with its own settings.
type savedRelease struct {
	Tree  string      `json:"tree"`
	Image string      `json:"image"`
	Spec  docker.Spec `json:"spec"`
}

func (h *Host) newRelease(id string, spec docker.Spec, tree, image string) *release {
	rel := &release{id: id, spec: spec, tree: tree, image: image, candidate: h.candidateName(id)}
	if live := h.facts.Container; live != nil {
		rel.previous = h.site().Container
		old := live.Label(docker.LabelRelease)
		if old == "" || old == id { // made by hand, or the same release again: its container's own id tells it apart
			old = live.ID[:12]
		}
		rel.retired = h.candidateName(old)
		rel.previousNetworks = h.publicNetworks(live)
		rel.previousOnHost = live.HostConfig.NetworkMode == "host"
	}
	return rel
}

// bringUp boots the candidate, waits until it answers, and moves the ports to it. Until then nothing that serves is touched.
func (h *Host) bringUp(ctx context.Context, r *provision.Reporter, rel *release) error {
	h.release = rel
	var err error
	if !h.coldOnly(rel) {
		if err = h.try(ctx, r, rel, h.network()); err == nil {
			return h.cutover(ctx, r, rel)
		}
		if ctx.Err() != nil || h.site().Cutover == inventory.CutoverWarm || !worthTryingCold(err) {
			return h.abandon(ctx, r, rel, err)
		}
		r.Output(provision.StreamErr, h.Words.T("release.trying-cold", err))
	}
	rel.cold = true
	if err = h.try(ctx, r, rel, ""); err != nil {
		return h.abandon(ctx, r, rel, err)
	}
	return h.cutover(ctx, r, rel)
}

// coldOnly reports whether the inventory or the container's options rule a boot on the internal network out.
func (h *Host) coldOnly(rel *release) bool {
	return h.site().Cutover == inventory.CutoverCold || rel.spec.OwnNetwork()
}

// worthTryingCold: a candidate that docker could not even create fails the same way with a way out to the network.
func worthTryingCold(err error) bool {
	var exit *remote.ExitError
	return !errors.As(err, &exit)
}

// try boots the candidate without the host's ports and waits until it answers as the inventory asks.
func (h *Host) try(ctx context.Context, r *provision.Reporter, rel *release, network string) error {
	address, err := h.boot(ctx, r, rel, network)
	if err != nil {
		return err
	}
	return h.awaitHealthy(ctx, r, rel, address)
}

// boot creates and starts the candidate and returns its own address. A candidate of the same name that an interrupted run
// left behind makes room.
func (h *Host) boot(ctx context.Context, r *provision.Reporter, rel *release, network string) (string, error) {
	if rel.existing {
		return h.bootExisting(ctx, r, rel, network)
	}
	argv := rel.spec.Run(docker.RunOptions{
		Name:    rel.candidate,
		Site:    h.site().Name,
		Image:   rel.image,
		Tree:    rel.tree,
		Release: rel.id,
		Network: network,
		Ports:   network != "",
	})
	r.Command(remote.Quote(argv...))
	return h.booted(ctx, rel, network, bootScript{candidate: rel.candidate, network: network, site: h.site().Name, run: argv}.String())
}

// bootExisting starts the container of an earlier release, away from the host's ports.
func (h *Host) bootExisting(ctx context.Context, r *provision.Reporter, rel *release, network string) (string, error) {
	if network == "" {
		return "", fmt.Errorf("the container %s of an earlier release does not boot on a network of its own", rel.candidate)
	}
	r.Command(remote.Quote(docker.Start(rel.candidate)...))
	return h.booted(ctx, rel, network, rebootScript{candidate: rel.candidate, network: network, site: h.site().Name}.String())
}

// booted runs a script that boots the candidate and returns the address that it got.
func (h *Host) booted(ctx context.Context, rel *release, network, script string) (string, error) {
	out, err := h.client.Output(ctx, remote.Command{Script: script, Sudo: h.sudo})
	if err != nil {
		return "", fmt.Errorf("run the candidate %s on %s: %w", rel.candidate, h.Name(), err)
	}
	objects, err := docker.ParseInspect(out)
	if err != nil {
		return "", err
	}
	if len(objects.Containers) == 0 {
		return "", fmt.Errorf("the candidate %s on %s was gone as soon as it was started", rel.candidate, h.Name())
	}
	candidate := objects.Containers[0]
	if !candidate.State.Running {
		return "", fmt.Errorf("the candidate ended with status %d as soon as it was started", candidate.State.ExitCode)
	}
	return candidate.AnyAddress(network), nil
}

// failedRelease is the exit status of a release that failed before the ports moved: the previous one serves, if there is one.
func (h *Host) failedRelease() int {
	if live := h.facts.Container; live != nil && live.Up() {
		return provision.ExitKeptOld
	}
	return provision.ExitFailed
}

// abandon shows the candidate's last log lines and removes it. What served before still does.
func (h *Host) abandon(ctx context.Context, r *provision.Reporter, rel *release, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	h.showLog(ctx, r, rel.candidate)
	discard := docker.Remove(rel.candidate)
	if rel.existing {
		discard = docker.Stop(rel.candidate, 1)
	}
	if _, err := h.client.Output(ctx, remote.Command{Argv: discard, Sudo: h.sudo}); err != nil {
		r.Output(provision.StreamErr, fmt.Sprintf("remove the candidate %s: %v", rel.candidate, err))
	}
	h.release = nil
	if code := h.failedRelease(); code == provision.ExitKeptOld {
		return provision.WithExit(code, fmt.Errorf("the new release %s failed on %s and the previous one serves on: %w", rel.id, h.Name(), cause))
	}
	return fmt.Errorf("the release %s failed on %s: %w", rel.id, h.Name(), cause)
}

// tidyTimeout bounds what is done after a failure, whatever has become of the run's own deadline.
const tidyTimeout = 20 * time.Second

// candidateLogLines is how much of a failed candidate's log is shown.
const candidateLogLines = 40

// showLog passes on the last lines that a container wrote.
func (h *Host) showLog(ctx context.Context, r *provision.Reporter, container string) {
	lines := remote.NewLines(h.lines(r))
	_ = h.client.Run(ctx, remote.Command{Argv: docker.Logs(container, candidateLogLines, false), Sudo: h.sudo, Stdout: lines, Stderr: lines})
	lines.Flush()
}
