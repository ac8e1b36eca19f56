package prepare

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
)

// stateDir is where jobs live on a host until it is started anew: root's alone.
const stateDir = "/run/provision"

// connection is the host as the steps reach it. A command that may be run twice goes through Exec; work that must not end with the
// link, an installation for example, is a job of the host's own and goes through Job.
type connection struct {
	host   string // its name in the inventory
	words  *language.Printer
	client *remote.Client // nil until somebody is logged in
	root   bool           // commands with Sudo become root; else they are not to be run

	mu   sync.Mutex // of the two below
	step *provision.Reporter
	tail *safetext.LineTail
}

// Exec runs a command that does no harm when it is run twice, and returns its standard output. When the link dies under it, it is
// run again over a new one.
func (c *connection) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	var losses remote.RetryBudget
	for {
		if input, ok := cmd.Stdin.(io.Seeker); ok {
			if _, err := input.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
		}
		out, err := c.client.Output(ctx, cmd)
		if !remote.IsLost(err) || ctx.Err() != nil {
			return out, err
		}
		if err := c.client.Recover(ctx, &losses, err); err != nil {
			return nil, err
		}
	}
}

// Root runs a command as root, once more where the link dies under it, and tells what it printed. Input goes to its standard input.
func (c *connection) Root(ctx context.Context, r *provision.Reporter, cmd prepare.Command, input string) error {
	r.Command(cmd.Shown)
	var stdin io.Reader
	if input != "" {
		stdin = strings.NewReader(input)
	}
	out, err := c.Exec(ctx, remote.Command{Script: cmd.Script, Sudo: true, Stdin: stdin})
	if text := strings.TrimRight(safetext.Clean(string(out)), "\n"); text != "" {
		c.lines(r)(text)
	}
	return err
}

// Job runs a command as root that goes on though the link dies, or attaches to it, and passes its output on.
func (c *connection) Job(ctx context.Context, r *provision.Reporter, cmd prepare.Command) error {
	r.Command(cmd.Shown)
	sum := sha256.Sum256([]byte(cmd.Script))
	job := remote.Job{StateDir: stateDir, ID: "prepare-" + hex.EncodeToString(sum[:6]), Script: cmd.Script, Sudo: true}
	if err := c.forgetEnded(ctx, job); err != nil {
		return err
	}
	err := c.client.RunJob(ctx, job, c.lines(r))
	if ended, ok := errors.AsType[*remote.ExitError](err); ok {
		ended.Command = "" // the job's own name, which tells nobody anything
	}
	return err
}

// forgetEnded removes what is left of a job that ended while nobody looked: how it ended may not be so any more.
func (c *connection) forgetEnded(ctx context.Context, job remote.Job) error {
	jobs, err := c.client.ListJobs(ctx, job.StateDir, job.Sudo)
	if err != nil || !slices.ContainsFunc(jobs, func(j remote.JobState) bool { return j.ID == job.ID && !j.Running }) {
		return err
	}
	return c.client.KillJob(ctx, job)
}

// dial connects to an address.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// Dial connects to an address as seen from the host.
func (c *connection) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.client.DialContext(ctx, network, address)
}

func (c *connection) close() error {
	if c.client == nil {
		return nil
	}
	return c.client.Close()
}

// outputLines is how much of a step's output a diagnosis reads: failures explain themselves at the end.
const outputLines = 400

// lines returns a receiver of output that passes it on and keeps the last lines for the diagnosis.
func (c *connection) lines(r *provision.Reporter) func(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.step == nil || c.step.Step() != r.Step() {
		c.step, c.tail = r, safetext.NewLineTail(outputLines)
	}
	tail := c.tail
	return func(lines string) {
		tail.Add(lines)
		r.Output(provision.StreamOut, lines)
	}
}

// printed is the end of what a step has printed.
func (c *connection) printed(step string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.step == nil || c.step.Step() != step {
		return nil
	}
	return c.tail.Lines()
}

// linkChanged tells the person that the link is gone, and that it is back.
func (c *connection) linkChanged(up bool) {
	key := "link.lost"
	if up {
		key = "link.back"
	}
	c.mu.Lock()
	r := c.step
	c.mu.Unlock()
	if r != nil {
		r.Output(provision.StreamErr, c.words.T(key, c.host))
	}
}
