package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Job is work on the host that runs on though the link dies and this program ends. What it prints and how it ends lies on
// the host's disk until somebody has read it.
type Job struct {
	StateDir string // absolute path of the state folder on the host
	ID       string // letters, digits, '.', '_' and '-'
	Script   shell.Text
	Sudo     bool // as root; the same for every operation on the job
}

func (j Job) folder() string { return j.StateDir + "/jobs/" + j.ID }

func (j Job) check() error {
	plain := func(r rune) bool {
		return r < 0x80 && (isPlain(byte(r)) && !strings.ContainsRune(" /:=,@+;()<>|&{}[]*?~#^%", r))
	}
	if j.ID == "" || strings.HasPrefix(j.ID, ".") || strings.ContainsFunc(j.ID, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%q is no name for a job: use letters, digits, '.', '_' and '-'", j.ID)
	}
	if !strings.HasPrefix(j.StateDir, "/") {
		return fmt.Errorf("the state folder %q of a job is not an absolute path", j.StateDir)
	}
	return nil
}

// JobGoneError is the end of a job that left no exit status: the host was restarted, or somebody killed it.
type JobGoneError struct{ Host, ID string }

func (e *JobGoneError) Error() string {
	return fmt.Sprintf("the job %s on %s ended without an exit status: the host was restarted or the job was killed; run it again",
		e.ID, e.Host)
}

// ErrNoJob is the error of AttachJob for a job that is not there.
var ErrNoJob = errors.New("there is no such job on the host")

// RunJob starts a job, or attaches to the one with that ID that runs or has ended, and passes its output on as NewLines does.
// When the link dies it reconnects and goes on at the byte where it was, unless Recover finds that nothing comes of it. It returns when the job has ended and its folder
// is about to be removed: nil, an *ExitError (a signal shows as 128 plus its number) or a *JobGoneError. Cancelling ctx
// leaves the job running; see KillJob.
func (c *Client) RunJob(ctx context.Context, j Job, output func(lines string)) error {
	return c.follow(ctx, j, output, true)
}

// AttachJob is RunJob for a job that must be there already; else the error is ErrNoJob.
func (c *Client) AttachJob(ctx context.Context, j Job, output func(lines string)) error {
	return c.follow(ctx, j, output, false)
}

func (c *Client) follow(ctx context.Context, j Job, output func(lines string), start bool) error {
	if err := j.check(); err != nil {
		return err
	}
	if output == nil {
		output = func(string) {}
	}
	if err := c.awaitRemoval(ctx, j); err != nil {
		return err
	}
	f := newFollower(c.nonce, output)
	var losses Losses
	for {
		before := f.offset()
		err := c.followOnce(ctx, j, f, start && !f.attached())
		if !IsLost(err) || ctx.Err() != nil {
			f.flush()
			return err
		}
		if f.offset() > before {
			losses.Progress()
		}
		if err := c.Recover(ctx, &losses, err); err != nil {
			f.flush()
			return err
		}
	}
}

// followOnce follows the job over the connection in use.
func (c *Client) followOnce(ctx context.Context, j Job, f *follower, start bool) error {
	// The session outlives this call by the removal of the folder, so it has a context of its own.
	sessionCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p, err := c.Start(sessionCtx, Command{Script: shell.Text(followScript(j, c.nonce, f.offset(), start)), Sudo: j.Sudo, detached: true,
		Stdout: (*followedOutput)(f), Stderr: (*followedControl)(f)})
	if err != nil {
		cancel()
		return err
	}
	p.link.workers.Go(func() { <-p.done; cancel() })
	select {
	case <-f.ended:
	case <-p.done:
	case <-ctx.Done():
		cancel()
		<-p.done
		return ctx.Err()
	}
	end, ok := f.end()
	if !ok {
		if err := p.Wait(); err != nil {
			return err
		}
		return fmt.Errorf("%s: the output of the job %s stopped before its end; run it again", c.Name(), j.ID)
	}
	return c.finish(j, p, end, f.tail)
}

// finish lets the host forget the job and says how it ended.
func (c *Client) finish(j Job, p *Process, end jobEnd, said *tail) error {
	if end.word == "absent" {
		return fmt.Errorf("%s: %s: %w", c.Name(), j.ID, ErrNoJob)
	}
	if _, err := p.channel.Write([]byte("done\n")); err == nil {
		c.rememberRemoval(j, p)
	}
	switch {
	case end.word == "gone":
		return &JobGoneError{Host: c.Name(), ID: j.ID}
	case end.status != 0:
		return &ExitError{Command: j.ID, Code: end.status, Stderr: safetext.Clean(string(said.Bytes()))}
	}
	return nil
}

func (c *Client) rememberRemoval(j Job, p *Process) {
	c.removing.Lock()
	defer c.removing.Unlock()
	if c.removals == nil {
		c.removals = map[string]*Process{}
	}
	c.removals[j.folder()] = p
}

// awaitRemoval waits until the folder of an earlier job of that name, which ended, is gone.
func (c *Client) awaitRemoval(ctx context.Context, j Job) error {
	c.removing.Lock()
	p := c.removals[j.folder()]
	delete(c.removals, j.folder())
	c.removing.Unlock()
	if p == nil {
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// KillJob ends a job's process group and removes its folder. A job that is not there is no error.
func (c *Client) KillJob(ctx context.Context, j Job) error {
	if err := j.check(); err != nil {
		return err
	}
	return c.Run(ctx, Command{Script: shell.Text(killJobScript(j)), Sudo: j.Sudo})
}

// JobState is what is known of a job without following it.
type JobState struct {
	ID      string
	Running bool
	Gone    bool // ended without an exit status
	Status  int  // the exit status, when it has ended with one
}

// ListJobs tells which jobs lie in a state folder; as root, where they were started so.
func (c *Client) ListJobs(ctx context.Context, stateDir string, sudo bool) ([]JobState, error) {
	out, err := c.Output(ctx, Command{Script: shell.Text(listJobsScript(stateDir)), Sudo: sudo})
	if err != nil {
		return nil, err
	}
	var jobs []JobState
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		word, status := words[1], 0
		if word == "ended" {
			word, status = ended(words[2:])
		}
		state := JobState{ID: safetext.Clean(words[0]), Running: word == "running", Gone: word == "gone", Status: status}
		jobs = append(jobs, state)
	}
	return jobs, nil
}
