package steps

import (
	"context"
	"io"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// Where a run goes on after its link was cut: a command that may be run twice goes through exec, work that must not end with
// the link is a job of the host's own and goes through job. Everything else that needs the host is persist's.

// linkChanged tells the person that the link is gone, and that it is back: meanwhile nothing moves on the screen.
func (h *Host) linkChanged(up bool) {
	r, key := h.output.reporter(), "link.lost"
	if up {
		key = "link.back"
	}
	if r != nil {
		r.Output(provision.StreamErr, h.Words.T(key, h.Name()))
	}
}

// exec runs a command that does no harm when it is run twice, and returns its standard output. When the link dies under it,
// it is run again over a new one.
func (h *Host) exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	var out []byte
	err := h.persist(ctx, func() (err error) {
		if input, ok := cmd.Stdin.(io.Seeker); ok {
			if _, err := input.Seek(0, io.SeekStart); err != nil {
				return err
			}
		}
		if cmd.Stdout != nil {
			return h.client.Run(ctx, cmd)
		}
		out, err = h.client.Output(ctx, cmd)
		return err
	})
	return out, err
}

// persist does work until it ends for another reason than a lost link, or has lost it too often. It does none without the lock,
// once the run has taken it: a run that was out of touch for too long may have been succeeded by another one.
func (h *Host) persist(ctx context.Context, work func() error) error {
	return h.persistWhile(ctx, &remote.Losses{}, work)
}

// persistWhile is persist for work that tells losses when it has got further.
func (h *Host) persistWhile(ctx context.Context, losses *remote.Losses, work func() error) error {
	for {
		if err := h.lock.Await(ctx); err != nil {
			return h.said(err)
		}
		err := work()
		if !remote.IsLost(err) || ctx.Err() != nil {
			return err
		}
		if err := h.client.Recover(ctx, losses, err); err != nil {
			return err
		}
	}
}

// job runs work that goes on though the link dies, or attaches to it, and passes its output on.
func (h *Host) job(ctx context.Context, id, script string, output func(lines string)) error {
	if err := h.lock.Await(ctx); err != nil {
		return h.said(err)
	}
	err := h.client.RunJob(ctx, remote.Job{StateDir: h.StateDir(), ID: id, Script: shell.Text(script), Sudo: h.sudo}, output)
	if err != nil {
		return err
	}
	return h.said(h.lock.Await(ctx))
}

// docker runs one docker command on the host, which must bear being run twice, and returns what it printed.
func (h *Host) docker(ctx context.Context, r *provision.Reporter, argv []string) ([]byte, error) {
	r.Command(shell.Quote(argv...))
	return h.exec(ctx, remote.Command{Argv: argv, Sudo: h.sudo})
}
