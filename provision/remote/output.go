package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// outputLimit bounds what Output keeps in memory of a command's output, in bytes: a host is not to be trusted with all of it.
const outputLimit = 64 << 20

var errTooMuch = errors.New("too much output")

// Output runs a command and returns its standard output; Stdout of cmd is not used. A command that prints more than 64 MiB is
// ended, and that is an error; Run has no such limit.
func (c *Client) Output(ctx context.Context, cmd Command) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &bounded{full: func() { cancel(errTooMuch) }}
	cmd.Stdout = out
	err := c.Run(ctx, cmd)
	if out.over {
		return nil, fmt.Errorf("%s: %s printed more than the %d MiB that are read of a command's output; find out on the host why it prints so much",
			c.Name(), abbreviate(cmd.String(), 200), outputLimit>>20)
	}
	return out.kept.Bytes(), err
}

// bounded keeps what is written to it up to outputLimit, and calls full once for what is beyond.
type bounded struct {
	kept bytes.Buffer
	over bool
	full func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if !b.over && b.kept.Len()+len(p) > outputLimit {
		b.over = true
		b.full()
	}
	if b.over {
		return 0, errTooMuch
	}
	return b.kept.Write(p)
}
