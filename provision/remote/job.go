package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// The folder of a job on the host, StateDir/jobs/ID, mode 0700, holds
//
//	script   what runs
//	pid      process id of the runner, which leads a process group; its start time and the host's boot id, so that a
//	         process that happens to have the same number later is not taken for it
//	output   both streams, in the order written
//	status   the exit status; it appears whole, at the end
//
// Making the folder is the atomic step that decides who starts the job. Another version of the program may attach to it.

// Job is work on the host that runs on though the link dies and this program ends. What it prints and how it ends lies on
// the host's disk until somebody has read it.
type Job struct {
	StateDir string // absolute path of the state folder on the host
	ID       string // letters, digits, '.', '_' and '-'
	Script   shell.Text
	Sudo     bool // as root; the same for every operation on the job
}

func (j Job) folder() string { return j.StateDir + "/jobs/" + j.ID }

func isJobID(id string) bool {
	return id != "" && id[0] != '.' && !strings.ContainsFunc(id, func(r rune) bool {
		return r >= 0x80 || !isAlphanumeric(byte(r)) && !strings.ContainsRune("._-", r)
	})
}

func (j Job) check() error {
	if !isJobID(j.ID) {
		return fmt.Errorf("%q is no name for a job: use letters, digits, '.', '_' and '-'", j.ID)
	}
	if !strings.HasPrefix(j.StateDir, "/") {
		return fmt.Errorf("the state folder %q of a job is not an absolute path", j.StateDir)
	}
	return nil
}

// followScript streams the job's output from a byte on, and starts it where start is set.
//
// One file descriptor stays open on the output, so that each reader goes on where the one before stopped. The status is
// looked for, and the length, before the last cat, so that nothing written before the end is missed. In between GNU's tail
// follows until the runner has ended; it looks a hundred times a second, which costs next to nothing. It waits for ever for a
// zombie, so that once a second the shell looks as well. Other tails cannot do that, or open the file anew and do not move the
// descriptor: there cat and sleep do the same by turns, at the price of two processes each time.
func (j Job) followScript(nonce string, from int64, start bool) shell.Text {
	args := []string{j.folder(), nonce, strconv.FormatInt(from, 10)}
	if start {
		runner := script("job_tools.sh", "job_runner.sh").With(j.folder())
		args = append(args, j.StateDir+"/jobs", string(j.Script), string(runner))
	}
	return script("job_tools.sh", "job_follow.sh").With(args...)
}

// JobGoneError is the end of a job that left no exit status: the host was restarted, or somebody killed it.
type JobGoneError struct{ *provision.Failure }

// Unwrap returns the failure.
func (e *JobGoneError) Unwrap() error { return e.Failure }

// ErrNoJob is the cause of AttachJob's error for a job that is not there.
var ErrNoJob = errors.New("no such job")

// RunJob starts a job, or attaches to the one with that ID that runs or has ended, and passes its output on as safetext.Lines does.
// When the link dies it reconnects and goes on at the byte where it was, unless Recover finds that nothing comes of it. It
// returns when the job has ended and its folder is about to be removed: nil, an *ExitError (a signal shows as 128 plus its
// number) or a *JobGoneError. Cancelling ctx leaves the job running; see KillJob.
func (c *Client) RunJob(ctx context.Context, j Job, output func(lines string)) error {
	return c.follow(ctx, j, output, true)
}

// AttachJob is RunJob for a job that must be there already; else the error wraps ErrNoJob.
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
	var budget RetryBudget
	for {
		before := f.offset()
		err := c.followOnce(ctx, j, f, start && !f.attached())
		if !IsLost(err) || ctx.Err() != nil {
			f.flush()
			return err
		}
		if f.offset() > before {
			budget.Progress()
		}
		if err := c.Recover(ctx, &budget, err); err != nil {
			f.flush()
			return err
		}
	}
}

// followOnce follows the job over the connection in use.
func (c *Client) followOnce(ctx context.Context, j Job, f *follower, start bool) error {
	// The session outlives this call by the removal of the folder, so it has a context of its own.
	sessionCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p, err := c.Start(sessionCtx, Command{Script: j.followScript(c.nonce, f.offset(), start), Sudo: j.Sudo, detached: true,
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
		return provision.Fail("remote.job.cut-off", c.Name(), j.ID)
	}
	return c.finish(j, p, end, f.tail)
}

// finish lets the host forget the job and says how it ended.
func (c *Client) finish(j Job, p *Process, end jobEnd, said *safetext.Tail) error {
	if end.word == "absent" {
		return provision.Fail("remote.job.absent", c.Name(), j.ID).From(ErrNoJob)
	}
	if _, err := p.channel.Write([]byte("done\n")); err == nil {
		c.rememberRemoval(j, p)
	}
	switch {
	case end.word == "gone":
		return &JobGoneError{provision.Fail("remote.job.gone", c.Name(), j.ID)}
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
	return c.Run(ctx, Command{Script: script("job_tools.sh", "job_kill.sh").With(j.folder()), Sudo: j.Sudo})
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
	out, err := c.Output(ctx, Command{Script: script("job_tools.sh", "job_list.sh").With(stateDir + "/jobs"), Sudo: sudo})
	if err != nil {
		return nil, err
	}
	return parseJobs(string(out)), nil
}

// parseJobs reads what job_list.sh prints. A folder whose name is none of ours is no job.
func parseJobs(out string) []JobState {
	var jobs []JobState
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 2 || !isJobID(words[0]) {
			continue
		}
		word, status := words[1], 0
		if word == "ended" {
			word, status = ended(words[2:])
		}
		jobs = append(jobs, JobState{ID: words[0], Running: word == "running", Gone: word == "gone", Status: status})
	}
	return jobs
}
