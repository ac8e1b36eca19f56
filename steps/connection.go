package steps

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// connection is the host as a run reaches it. A command that may be run twice goes through Exec, work that must not end with
// the link is a job of the host's own and goes through Job; everything else that needs the host is persist's. None of it is
// done without the lock, once the run has taken it: a run that was out of touch for too long may have been succeeded by
// another one.
type connection struct {
	host     string // its name in the inventory
	words    *language.Printer
	client   *remote.Client
	lock     atomic.Pointer[state.Lock] // nil until it is taken; visitors may be under way then
	stateDir string
	sudo     bool // docker commands need it
	output   output
}

// otherRun is the lock of another run that is alive, as the facts have it; nil for none.
func (c *connection) otherRun(known *known) *state.Held {
	if held := known.Lock; c.lock.Load() == nil && held != nil && !held.Stale() {
		return held
	}
	return nil
}

// Exec runs a command that does no harm when it is run twice, and returns its standard output unless Stdout takes it. When the
// link dies under it, it is run again over a new one. Command.Sudo marks what talks to Docker: it becomes root only where the
// user may not.
func (c *connection) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	cmd.Sudo = cmd.Sudo && c.sudo
	var out []byte
	err := c.persist(ctx, func() (err error) {
		if input, ok := cmd.Stdin.(io.Seeker); ok {
			if _, err := input.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
		if cmd.Stdout != nil {
			return c.client.Run(ctx, cmd)
		}
		out, err = c.client.Output(ctx, cmd)
		return err
	})
	return out, err
}

// persist does work until it ends for another reason than a lost link, or has lost it too often.
func (c *connection) persist(ctx context.Context, work func() error) error {
	return c.persistWhile(ctx, &remote.RetryBudget{}, work)
}

// persistWhile is persist for work that tells losses when it has got further.
func (c *connection) persistWhile(ctx context.Context, losses *remote.RetryBudget, work func() error) error {
	for {
		if err := c.lock.Load().Await(ctx); err != nil {
			return err
		}
		err := work()
		if !remote.IsLost(err) || ctx.Err() != nil {
			return err
		}
		if err := c.client.Recover(ctx, losses, err); err != nil {
			return err
		}
	}
}

// Job runs work that goes on though the link dies, or attaches to it, and passes its output on.
func (c *connection) Job(ctx context.Context, id string, script shell.Text, output func(lines string)) error {
	if err := c.lock.Load().Await(ctx); err != nil {
		return err
	}
	err := c.client.RunJob(ctx, remote.Job{StateDir: c.stateDir, ID: id, Script: script, Sudo: c.sudo}, output)
	if err != nil {
		return err
	}
	return c.lock.Load().Await(ctx)
}

// attach follows a job that an earlier run left, to its end.
func (c *connection) attach(ctx context.Context, id string, output func(lines string)) error {
	return c.client.AttachJob(ctx, remote.Job{StateDir: c.stateDir, ID: id, Sudo: c.sudo}, output)
}

// forget ends a job that an earlier run left, and removes what is known of it.
func (c *connection) forget(ctx context.Context, id string) error {
	return c.persist(ctx, func() error {
		return c.client.KillJob(ctx, remote.Job{StateDir: c.stateDir, ID: id, Sudo: c.sudo})
	})
}

// Dial connects to an address as seen from the host, without a second try.
func (c *connection) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := c.lock.Load().Await(ctx); err != nil {
		return nil, err
	}
	return c.client.DialContext(ctx, network, address)
}

// outputLines is how much of a step's output a diagnosis reads: failures explain themselves at the end.
const outputLines = 400

// output is the end of what the step under way has printed, for the diagnosis.
type output struct {
	mu   sync.Mutex
	step *provision.Reporter
	tail *safetext.LineTail
}

// of is the tail of a step's output; what another step wrote is forgotten.
func (o *output) of(step *provision.Reporter) *safetext.LineTail {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.step != step {
		o.step, o.tail = step, safetext.NewLineTail(outputLines)
	}
	return o.tail
}

// last is the step whose output came last, and that output; nil before there was any.
func (o *output) last() (*provision.Reporter, *safetext.LineTail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.step, o.tail
}

// lines returns a receiver of output that passes it on and keeps the last lines for the diagnosis.
func (c *connection) lines(r *provision.Reporter) func(string) {
	tail := c.output.of(r)
	return func(lines string) {
		tail.Add(lines)
		r.Output(provision.StreamOut, lines)
	}
}

// printed is the end of what a step has printed.
func (c *connection) printed(step string) []string {
	r, tail := c.output.last()
	if r == nil || r.Step() != step {
		return nil
	}
	return tail.Lines()
}

// report is where a release says what happens, in a step.
func (c *connection) report(r *provision.Reporter) release.Report {
	return release.Report{
		Command: r.Command,
		Output:  c.lines(r),
		Say: func(stream, code string, values ...any) {
			r.Output(stream, c.words.Error(provision.Fail(code, values...)))
		},
		Waiting: func(w release.Wait) {
			r.Progress(int64(w.Waited.Seconds()), int64(w.Timeout.Seconds()), provision.UnitSeconds, c.words.T("release.waiting", w.Asked, c.words.Error(w.Last)))
		},
	}
}

// linkChanged tells the person that the link is gone, and that it is back: meanwhile nothing moves on the screen.
func (c *connection) linkChanged(up bool) {
	key := "link.lost"
	if up {
		key = "link.back"
	}
	if r, _ := c.output.last(); r != nil {
		r.Output(provision.StreamErr, c.words.T(key, c.host))
	}
}

// Root implements renewal.RootHost.
func (c *connection) Root(ctx context.Context, cmd remote.Command) error {
	cmd.Sudo = true
	return c.persist(ctx, func() error { return c.client.Run(ctx, cmd) })
}

// DockerNeedsRoot implements facts.Host.
func (c *connection) DockerNeedsRoot(needed bool) { c.sudo = needed }
