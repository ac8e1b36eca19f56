package transfer

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"sync"

	"github.com/kehuo/provision/provision/remote"
)

//go:embed control.sh
var controlScript string

//go:embed receive.sh
var receiveScript string

// Prepared is a session that waits on the host for the end of an upload, which saves the round trips of opening it then.
// A host on which nothing is uploaded after all is not touched.
type Prepared struct {
	client  *remote.Client
	cancel  context.CancelFunc
	in      *input
	out     bytes.Buffer
	started chan struct{} // closed when the session is open, or cannot be
	ended   chan struct{}
	err     error
	close   sync.Once
}

// Prepare opens the session in the background, best beside the command that gathers the facts. Close ends it; [Apply]
// makes one of its own where it is given none.
func Prepare(ctx context.Context, c *remote.Client, directory, stateDir string) *Prepared {
	ctx, cancel := context.WithCancel(ctx)
	p := &Prepared{client: c, cancel: cancel, in: newInput(ctx), started: make(chan struct{}), ended: make(chan struct{})}
	script := "LC_ALL=C\nexport LC_ALL\n" +
		fmt.Sprintf("directory=%s\nstate=%s\ninside=%s\n", quote(directory), quote(stateDir), quote(insideFolder)) + controlScript
	go func() {
		defer close(p.ended)
		process, err := c.Start(ctx, remote.Command{Script: script, Stdin: p.in, Stdout: &p.out})
		close(p.started)
		if err == nil {
			err = process.Wait()
		}
		p.err = err
	}()
	return p
}

// Close ends the session and waits for that, which takes a round trip, or none once the connection is closed. It may be
// called more than once.
func (p *Prepared) Close() {
	if p == nil {
		return
	}
	p.close.Do(func() {
		p.in.once.Do(func() { close(p.in.give) })
		select {
		case <-p.started: // it ends by itself, with its input
		default:
			p.cancel()
		}
		<-p.ended
		_ = p.in.close()
		p.cancel()
	})
}

// commit feeds the session and waits until the host has done all of it. What the host printed is returned in any case.
func (p *Prepared) commit(inside bool, write func(io.Writer) error) ([]byte, error) {
	where := "state\n"
	if inside {
		where = "inside\n"
	}
	p.in.feed(func(w io.Writer) error {
		if _, err := io.WriteString(w, where); err != nil {
			return err
		}
		err := write(w)
		if err != nil {
			p.cancel() // the input has no end that the host could take for one
		}
		return err
	})
	<-p.ended
	if err := p.in.close(); err != nil && p.err != nil && !isClosedPipe(err) {
		return p.out.Bytes(), err
	}
	return p.out.Bytes(), p.err
}
