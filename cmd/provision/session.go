package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/lines"
)

// session is what a command that reaches hosts works with: the inventory, the words, and the readers of its events.
type session struct {
	flags     *flags
	inventory *inventory.Inventory
	hosts     []inventory.Host
	words     *language.Printer
	command   string
	cautious  bool // Enter does not approve the plan
	diffs     bool // somebody reads what differs in texts
	readers   readers

	mu       sync.Mutex
	loggedTo string // the log file, also once it is closed
}

// open reads the inventory; whatever is wrong in it ends the command before any connection is made.
func (f *flags) open(command string) (*session, error) {
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	if len(f.limit) == 0 && f.limited != nil && f.limited() { // a shell variable that is not set must not mean every host
		return nil, usage("usage.limit-empty")
	}
	inv, err := inventory.Load(f.inventory)
	if err != nil {
		return nil, err
	}
	s := &session{flags: f, inventory: inv, words: words, command: command}
	if s.hosts, err = inv.Limit(f.limit); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	return s, nil
}

// withTimeout bounds the command by --timeout.
func (f *flags) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, f.timeout, provision.Fail("stopped.by.timeout", f.timeout))
}

// targets are the hosts as a deployment of the source sees them.
func (s *session) targets(d *steps.Deployment) []provision.Target {
	var targets []provision.Target
	for _, h := range s.hosts {
		targets = append(targets, s.host(d, h))
	}
	return targets
}

func (s *session) host(d *steps.Deployment, h inventory.Host) *steps.Host {
	d.WaitLock = s.flags.waitLock
	d.Diffs, d.Lookup = s.diffs, survey.AskSystem
	return d.NewHost(h, s.flags.acceptNewHostKey, s.command)
}

// options are what the engine needs beside the targets.
func (s *session) options(sink provision.Sink, decider provision.Decider) provision.Options {
	return provision.Options{
		Command: s.command, Site: s.inventory.Site.Name, LogFile: s.logPath(), Sink: sink, Decider: decider, Cautious: s.cautious,
		Rollout: s.rollout(),
		Approve: func(host string, changes int) string { return s.words.T("prompt.plan", changes, host) },
	}
}

// rollout is the order in which the inventory has several hosts changed.
func (s *session) rollout() provision.Rollout {
	o := s.inventory.Rollout
	return provision.Rollout{Canary: o.Canary, Batch: o.Batch, Pause: o.Pause, Revert: o.OnFailure == inventory.OnFailureRollback}
}

// unable ends a run that came to nothing before any host was reached. A script that reads --json gets the end of the stream
// all the same; the sentence for the person goes to standard error as ever.
func (f *flags) unable(ctx context.Context, err error, body func(code int, err error) provision.Body) error {
	var ended statusError
	if err == nil || errors.As(err, &ended) {
		return err
	}
	if ctx.Err() != nil {
		err = &provision.StoppedError{Cause: context.Cause(ctx), Interrupted: interrupted(ctx)}
	}
	if f.json {
		words, wrong := f.words()
		if wrong != nil { // which is the error itself, then
			words = language.New(language.English)
		}
		printer := lines.NewJSON(os.Stdout, words)
		printer.Emit(provision.Event{Time: time.Now(), Body: body(provision.ExitCode(err), err)})
		return errors.Join(err, printer.Close())
	}
	return err
}

// unableToRun is unable for commands that run, unableToPlan for those that plan.
func (f *flags) unableToRun(ctx context.Context, err error) error {
	return f.unable(ctx, err, func(code int, err error) provision.Body { return provision.RunFinished{ExitCode: code, Err: err} })
}

func (f *flags) unableToPlan(ctx context.Context, err error) error {
	return f.unable(ctx, err, func(code int, err error) provision.Body { return provision.PlanFinished{ExitCode: code, Err: err} })
}
