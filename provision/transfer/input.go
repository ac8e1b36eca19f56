package transfer

import (
	"context"
	"io"
	"sync"
)

// input feeds the standard input of a command on the host from a function that may be given later.
type input struct {
	*io.PipeReader
	w    *io.PipeWriter
	give chan func(io.Writer) error
	once sync.Once
	done chan struct{}
	err  error // of the function, once done is closed
}

// newInput starts the goroutine that feeds. It ends when the function has returned, at close, or when ctx ends.
func newInput(ctx context.Context) *input {
	r, w := io.Pipe()
	in := &input{PipeReader: r, w: w, give: make(chan func(io.Writer) error, 1), done: make(chan struct{})}
	go func() {
		defer close(in.done)
		select {
		case f, ok := <-in.give:
			if ok {
				in.err = f(w)
			}
		case <-ctx.Done():
			in.err = ctx.Err()
		}
		_ = w.CloseWithError(in.err) // nil is the end of the input
	}()
	return in
}

// feed hands over the function that writes the input.
func (in *input) feed(f func(io.Writer) error) {
	in.once.Do(func() { in.give <- f; close(in.give) })
}

// finish ends an input that was not fed.
func (in *input) finish() { in.once.Do(func() { close(in.give) }) }

// close ends an input that was not fed, and frees one that is being written when nobody reads any more. It returns what
// the function returned.
func (in *input) close() error {
	in.finish()
	_ = in.PipeReader.Close()
	<-in.done
	return in.err
}

// failed is the error of a function that has returned, or of an input that nobody reads any more.
func (in *input) failed() error {
	select {
	case <-in.done:
		return in.err
	default:
		return io.ErrClosedPipe
	}
}
