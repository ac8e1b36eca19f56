package steps

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/hook"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// The hooks' names, as site.hooks has them.
const (
	beforeBuild  = "before_build"
	beforeSwitch = "before_switch"
	afterSwitch  = "after_switch"
)

// hookPatience is how long a hook may take.
const hookPatience = 10 * time.Minute

// hookJob begins the id of every job that is a hook. One that an interrupted run left comes to its end by itself.
const hookJob = "hook-"

// rollout is what the hosts of a run share: what is done once, by the host that comes to it first, while the others wait.
type rollout struct {
	building, switching once
	source              *inventory.Inventory // of a deployment that is not read yet
	read                *Deployment          // the source as before_build left it
	built               []state.Hook
	sent                sent
}

func newRollout(words *language.Printer) *rollout {
	return &rollout{sent: sent{here: here{words: words}}}
}

// once is work that is done at most once.
type once struct {
	mu   sync.Mutex
	done bool
	err  error
}

// do returns what became of the work. waits is told where another host is at it; nil: nobody is told.
func (o *once) do(work func() error, waits func()) error {
	if !o.mu.TryLock() {
		if waits != nil {
			waits()
		}
		o.mu.Lock()
	}
	defer o.mu.Unlock()
	if !o.done {
		o.done, o.err = true, work()
	}
	return o.err
}

// again has the work done once more.
func (o *once) again() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done, o.err = false, nil
}

// ready runs before_build and reads the source, on behalf of all hosts.
func (h *Host) ready(ctx context.Context, r *provision.Reporter) error {
	if !h.unread {
		return nil
	}
	shared := h.rollout
	err := shared.building.do(func() error {
		r.Output(provision.StreamOut, h.Words.T("hook.running", "site.hooks."+beforeBuild, Build, hookPatience))
		err := h.runHere(ctx, r.In(Build))
		if err == nil {
			shared.read, err = NewDeployment(ctx, shared.source, h.Words, h.Reading)
		}
		return provision.InStep(Build, err)
	}, nil)
	if err != nil {
		return err
	}
	read := *shared.read.on(h.host)
	read.Mended, read.WaitLock, read.Lookup, read.Diffs, read.MakeReady, read.rollout = h.Mended, h.WaitLock, h.Lookup, h.Diffs, h.MakeReady, shared
	read.gate = h.gate
	h.Deployment, h.ran = &read, shared.built
	h.visitors.demands = h.demands() // before_build may have made the certificate
	h.visitors.again()
	return nil
}

// runHere runs before_build in the source's folder.
func (h *Host) runHere(ctx context.Context, r *provision.Reporter) error {
	const field = "site.hooks." + beforeBuild
	text, begun := h.Inventory.Site.Hooks.BeforeBuild, time.Now()
	within, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	r.Command("cd " + shell.Quote(h.Inventory.Site.Source) + " && " + text)
	err := hook.Local(within, h.Inventory.Site.Source, text, h.connection.lines(r))
	var exit *hook.ExitError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		err = ctx.Err()
	case within.Err() != nil:
		err = provision.Fail("hook.here-late", field, hookPatience)
	case errors.As(err, &exit):
		err = provision.Fail("hook.here-failed", field, exit.Status)
	default:
		err = provision.Fail("hook.here-unrun", field, err)
	}
	h.rollout.built = []state.Hook{ranHook(h.Words, beforeBuild, begun, err)}
	return err
}

// ranHook is what the history has of a hook.
func ranHook(words *language.Printer, name string, begun time.Time, err error) state.Hook {
	ran := state.Hook{Name: name, Outcome: "ok", DurationMS: time.Since(begun).Milliseconds()}
	if err != nil {
		ran.Outcome = words.Error(err)
	}
	return ran
}

// hooks are those around a release on one host.
type hooks struct {
	inventory.Hooks
	rollout *rollout
	ran     *[]state.Hook // of this run
}

// planned is a plan to make a release, with the hooks around it.
func (s run) planned(changes []provision.Change) []provision.Change {
	around := func(name, text string, apply func(context.Context, *provision.Reporter) error) []provision.Change {
		if text == "" {
			return nil
		}
		changes := one(s.words.T("plan.hook."+name), s.words.T("plan.hook.reason", "site.hooks."+name, hookPatience), s.words.T("plan.summary.hook", name))
		changes[0].Apply, changes[0].Diff = apply, "+ "+strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n+ ")
		return changes
	}
	return append(append(around(beforeSwitch, s.hooks.BeforeSwitch, s.beforeSwitch), changes...), around(afterSwitch, s.hooks.AfterSwitch, s.afterSwitch)...)
}

// beforeSwitch runs the hook as the wanted release would run, once a rollout. What it changes elsewhere, in a database for example,
// the release that serves lives with until the switch.
func (s run) beforeSwitch(ctx context.Context, r *provision.Reporter) error {
	if err := s.placed(ctx); err != nil {
		return err
	}
	return s.hooks.rollout.switching.do(func() error {
		name := hookContainer(s.site)
		argv := s.wanted.Spec.OneOff(docker.OneOffOptions{
			Name: name, Site: s.site.Name, Directory: s.site.Directory, Purpose: beforeSwitch,
			Image: s.facts.Image.ID, Secrets: s.site.Secrets(s.wanted.ID) + "/run", Shell: true,
		}, s.hooks.BeforeSwitch)
		return s.hook(ctx, r, beforeSwitch, argv, s.site.FailedExit(s.facts.Docker), docker.Remove(name))
	}, nil)
}

// afterSwitch runs the hook in the live container. Where it fails the release stays, and is tidied up after as one that succeeds.
func (s run) afterSwitch(ctx context.Context, r *provision.Reporter) error {
	err := s.hook(ctx, r, afterSwitch, docker.ExecShell(s.site.Container, s.hooks.AfterSwitch), provision.ExitFailed, nil)
	if err != nil && ctx.Err() == nil {
		if left := s.cutover.Tidy(ctx); left != nil {
			return errors.Join(err, left)
		}
	}
	return err
}

// hook runs one on the host, as a job that goes on though the link dies. One that takes too long, or that the person interrupts, is
// ended, and its container removed with end.
func (s run) hook(ctx context.Context, r *provision.Reporter, name string, argv []string, status int, end []string) (err error) {
	begun := time.Now()
	defer func() { *s.hooks.ran = append(*s.hooks.ran, ranHook(s.words, name, begun, err)) }()
	within, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	id, field := hookJob+s.wanted.ID+"-"+name, "site.hooks."+name
	r.Command(shell.Quote(argv...))
	err = s.connection.Job(within, id, shell.Exec(argv...), s.connection.lines(r))
	if within.Err() != nil {
		endHook(ctx, s.connection, id, end)
	}
	var exit *remote.ExitError
	switch code := provision.ExitCode(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		return provision.Fail("hook.late", field, s.host, hookPatience).WithExit(status)
	case errors.As(err, &exit) && name == afterSwitch:
		return provision.Fail("hook.failed-after", field, s.host, exit.Code).WithExit(status)
	case errors.As(err, &exit):
		return provision.Fail("hook.failed", field, s.host, exit.Code).WithExit(status)
	case code == provision.ExitUnreachable || code == provision.ExitLocked:
		return provision.Fail("hook.unrun", field, s.host, err)
	}
	return provision.Fail("hook.unrun", field, s.host, err).WithExit(status)
}

// endHook ends a hook's job, and removes its container.
func endHook(ctx context.Context, c *connection, id string, end []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takingBack)
	defer cancel()
	if end != nil { // which ends the job as well
		_, _ = c.Exec(ctx, remote.Command{Argv: end, Sudo: true})
	}
	_ = c.forget(ctx, id)
}

// endLeftHook waits for the end of a hook that an interrupted run left: half a migration is worse than a late one.
func (h *Host) endLeftHook(ctx context.Context, r *provision.Reporter, id string) error {
	within, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	r.Output(provision.StreamOut, h.Words.T("hook.left", h.Name(), hookPatience))
	err := h.connection.attach(within, id, h.connection.lines(r))
	if within.Err() != nil && ctx.Err() == nil {
		endHook(ctx, h.connection, id, docker.Remove(hookContainer(h.site)))
		return nil
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, remote.ErrNoJob) {
		r.Output(provision.StreamErr, h.Words.T("hook.left-ended", h.Name(), h.Words.Error(err)))
	}
	return ctx.Err()
}

// hookContainer is the name of the container of before_switch. There is one at a time: the lock sees to it.
func hookContainer(site release.Site) string { return site.Container + "-hook" }
