package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/transfer"
)

// Connection is what the command line says about reaching hosts.
type Connection struct {
	AcceptNewHostKey bool
	Timeout          time.Duration // to connect and log in; 0: the default of the remote package
}

// Host is one host of a deployment: the target that the engine walks through the eleven steps.
type Host struct {
	*Deployment
	host       inventory.Host
	connection Connection
	command    string // what the person typed, for the history

	client  *remote.Client
	ahead   *transfer.Prepared // opened ahead where there is likely something to upload; of use once
	probes  *probes
	address string // where the SSH configuration leads; visitors reach the site there
	lock    *state.Lock
	begun   time.Time
	sudo    bool
	room    bool // ask how much disk and memory is free
	facts   *facts.Facts
	listing *transfer.Listing
	output  tail // the last lines of the step under way, for the diagnosis
	release *release

	wentBack    string   // the release that this run brings back, for the history: hosts may go back to different ones
	takenOver   string   // id of a stranger's container that the person agreed to replace
	keptDemands *demands // what was asked of the release to go back to; nil: what the inventory asks
}

// NewHost returns the target for one host of the deployment's inventory.
func (d *Deployment) NewHost(h inventory.Host, c Connection, command string) *Host {
	return &Host{Deployment: d, host: h, connection: c, command: command, begun: time.Now()}
}

// Name implements provision.Target.
func (h *Host) Name() string { return h.host.Name }

// Steps implements provision.Target: the tutorial's eleven, in its order.
func (h *Host) Steps() []provision.Step {
	return []provision.Step{
		login{h}, directory{h}, dockerfile{h}, certificateLines{h}, nginxConfig{h}, files{h},
		build{h}, image{h}, run{h}, status{h}, website{h},
	}
}

// Connect implements provision.Target: one connection, then one command for every fact. The site is asked beside it, so that
// a run that has nothing to change knows at once whether it answers.
func (h *Host) Connect(ctx context.Context, r *provision.Reporter) error {
	h.probes = newProbes(ctx, h)
	client, err := remote.Dial(ctx, remote.Config{
		Name:             h.host.Name,
		Address:          h.host.Address,
		Port:             h.host.Port,
		User:             h.host.User,
		Identity:         h.host.Identity,
		KnownHosts:       h.host.KnownHosts,
		AcceptNewHostKey: h.connection.AcceptNewHostKey,
		Timeout:          h.connection.Timeout,
		Ask:              r.Ask,
		Words:            h.Words,
		Link:             h.linkChanged,
		Resolved: func(hostname string) {
			h.address = hostname
			h.probes.fromHere(h.probes.ctx)
		},
	})
	if err != nil {
		return provision.WithExit(provision.ExitUnreachable, err)
	}
	h.client = client
	if s := h.site(); h.Manifest != nil && h.Manifest.Likely() {
		h.ahead = transfer.Prepare(ctx, client, s.Directory, h.StateDir(), h.Manifest)
	}
	h.probes.fromHost(h.probes.ctx, client)
	return h.gather(ctx)
}

// Begin implements provision.Target: it asks what must be asked before anything changes, takes the lock, lets what an interrupted
// run left behind come to its end, and looks again if anything may have changed meanwhile.
func (h *Host) Begin(ctx context.Context, r *provision.Reporter, changes []provision.Change) error {
	releases := h.Manifest != nil && slices.ContainsFunc(changes, func(c provision.Change) bool { return c.Step == stepRun })
	if err := h.probes.forbidden(); err != nil && releases {
		return h.noWayIn(err)
	}
	if err := h.agree(ctx, r, changes); err != nil {
		return err
	}
	lock, err := state.Take(ctx, h.client, state.Claim{Directory: h.site().Directory, Who: h.Who, Purpose: h.command, Waiting: func(held state.Held) {
		r.Output(provision.StreamOut, h.Words.T("lock.waiting", held.Owner.Who, held.Owner.Purpose))
	}})
	if err != nil {
		return h.said(err)
	}
	h.lock = lock
	left, err := h.endLeftJobs(ctx, r)
	if err != nil {
		return err
	}
	// Between the facts and the lock, another run may have come and gone: then the lock's number has moved on.
	if left || h.facts.Lock != nil || lock.Turn() != h.facts.Turn+1 {
		return h.gather(ctx)
	}
	return nil
}

// endLeftJobs sees to the jobs of runs that were interrupted, and reports whether there were any. One that moves ports comes
// to its end. A build of other files than ours must not give its image the site's name after us; one of the same files
// goes on, and the step that builds attaches to it.
func (h *Host) endLeftJobs(ctx context.Context, r *provision.Reporter) (bool, error) {
	left := false
	for _, id := range h.facts.Jobs {
		job := remote.Job{StateDir: h.StateDir(), ID: id, Sudo: h.sudo}
		switch {
		case strings.HasPrefix(id, cutoverJob):
			err := h.client.AttachJob(ctx, job, h.lines(r))
			if err != nil && !errors.Is(err, remote.ErrNoJob) {
				r.Output(provision.StreamErr, fmt.Sprintf("an earlier cutover on %s ended with: %v", h.Name(), err))
			}
		case strings.HasPrefix(id, buildJob) && id != h.buildJob():
			if err := h.persist(ctx, func() error { return h.client.KillJob(ctx, job) }); err != nil {
				return left, h.fail("fail.build-left", h.Name(), err)
			}
		default:
			continue
		}
		left = true
	}
	return left, nil
}

// Close implements provision.Target.
func (h *Host) Close(ctx context.Context, outcome provision.HostResult) error {
	if h.probes != nil {
		h.probes.close()
	}
	if h.client == nil {
		return nil
	}
	h.ahead.Close()
	if h.lock == nil {
		return h.client.Close()
	}
	defer h.lock.Wait()
	defer func() { _ = h.client.Close() }()
	return h.said(h.lock.Release(ctx, h.record(outcome)))
}

// record is the run's line in the host's history.
func (h *Host) record(outcome provision.HostResult) state.Record {
	record := state.Record{
		Time:       time.Now().UTC(),
		Who:        h.Who,
		Command:    h.command,
		Release:    cmp.Or(h.wentBack, h.Release),
		Outcome:    "ok",
		Changed:    outcome.Changed,
		DurationMS: time.Since(h.begun).Milliseconds(),
	}
	if outcome.Err != nil {
		record.Outcome = outcome.Err.Error()
	}
	return record
}

// Explain implements provision.Explainer.
func (h *Host) Explain(step string, err error) []provision.Finding {
	var known found
	if errors.As(err, &known) {
		return known.findings()
	}
	var asked *provision.Unanswered
	if errors.As(err, &asked) && !errors.As(err, new(*remote.DialError)) { // of a login, the catalogue knows more
		return h.unanswered(asked.Decision)
	}
	output := h.output.lines(step)
	var exit *remote.ExitError
	if errors.As(err, &exit) && exit.Stderr != "" { // of which the error's own sentence has one line
		output = append(output, exit.Stderr)
	}
	findings := diagnose.Failed(strings.Join(output, "\n")+"\n"+err.Error(), h.at(place(step), err), h.Words.Tag())
	unknown := len(findings) == 1 && findings[0].Severity == provision.SeverityUnknown
	switch {
	case unknown && asked != nil:
		return h.unanswered(asked.Decision)
	case unknown && (len(output) == 0 || saysItAll(err)):
		return nil // the error's own sentence tells more than that this is not in the catalogue
	}
	return findings
}

// Stopped implements provision.Stopper.
func (h *Host) Stopped(step string) string {
	key := "step." + step + ".interrupt"
	if words := h.Words.T(key); words != key {
		return words
	}
	return h.Words.T("step.interrupt")
}

// Say implements provision.Speaker.
func (h *Host) Say(err error) string { return Say(h.Words, err) }

// place says which kind of failures a step can have.
func place(step string) diagnose.Where {
	switch step {
	case stepLogin:
		return diagnose.Connect
	case stepDirectory, stepFiles:
		return diagnose.SFTP
	case stepBuild:
		return diagnose.Build
	case stepImage:
		return diagnose.Nginx
	case stepRun, stepStatus:
		return diagnose.Run
	case stepSite:
		return diagnose.Site
	}
	return ""
}

// upToDate reports whether the live container is the release that is wanted.
func (h *Host) upToDate() bool {
	return h.facts.Container != nil && (run{h}).drift(h.facts.Container) == ""
}

// lines returns a receiver of output that passes it on and keeps the last lines for the diagnosis.
func (h *Host) lines(r *provision.Reporter) func(string) {
	h.output.of(r)
	return func(lines string) {
		h.output.add(lines)
		r.Output(provision.StreamOut, lines)
	}
}
