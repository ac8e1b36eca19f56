package remote

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Process is a command that runs on the host.
type Process struct {
	link    *link
	command Command
	channel ssh.Channel
	stderr  *safetext.Tail
	marker  *startMarker
	secret  string                                           // what is written to standard input before the command's own
	another func(context.Context, Command) (*Process, error) // starts another command on the host

	done chan struct{}
	err  error
}

// stderrKept is how much of a command's standard error is kept for its ExitError.
const stderrKept = 8 << 10

// start runs a command line in a session of its own. input goes before cmd.Stdin.
func (l *link) start(ctx context.Context, cmd Command, line, nonce, input string,
	another func(context.Context, Command) (*Process, error)) (*Process, error) {
	channel, requests, err := l.begin(ctx, "exec", ssh.Marshal(struct{ Command string }{line}), cmd.Terminal)
	if err != nil {
		return nil, err
	}
	p := &Process{link: l, command: cmd, channel: channel, stderr: safetext.NewTail(stderrKept), secret: input,
		another: another, done: make(chan struct{})}
	p.marker = newStartMarker(nonce, cmd.Stdout)
	l.workers.Go(func() { p.run(ctx, requests) })
	return p, nil
}

// begin opens a session and asks for what it is to run.
func (l *link) begin(ctx context.Context, request string, payload []byte, t *Terminal) (ssh.Channel, <-chan *ssh.Request, error) {
	for try := 0; ; try++ {
		channel, requests, err := l.openSession(ctx)
		if err != nil {
			return nil, nil, l.openFailed(ctx, err)
		}
		if t != nil {
			err = t.request(channel)
		}
		if err == nil {
			err = l.request(ctx, channel, request, payload)
		}
		if err == nil {
			return channel, requests, nil
		}
		_ = channel.Close()
		l.workers.Go(func() { ssh.DiscardRequests(requests) })
		l.slots.release()
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case errors.Is(err, errTooSlow):
			return nil, nil, l.silent()
		case !l.settled() || try == refusals: // else the server has closed the session
			l.waitDown()
			return nil, nil, l.lost()
		}
	}
}

// request asks for what a session is to run. It wants no answer: the first output is answer enough, and one packet sooner. A host
// that does not take the request shows by not beginning, but for one that may have closed the session.
func (l *link) request(ctx context.Context, channel ssh.Channel, name string, payload []byte) error {
	if !l.closesUnused() {
		_, err := channel.SendRequest(name, false, payload)
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, l.d.channelTimeout, errTooSlow)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = channel.Close() })()
	_, err := channel.SendRequest(name, true, payload)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (l *link) openFailed(ctx context.Context, err error) error {
	var refused *ssh.OpenChannelError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errTooSlow):
		return l.silent()
	case errors.As(err, &refused):
		return l.d.fail("connect.channel-refused", oneLine(refused.Message)).from(err)
	}
	l.waitDown()
	return l.lost()
}

// waitDown lets the reason of a dying connection come in; it is on its way when an operation has failed already.
func (l *link) waitDown() {
	select {
	case <-l.down:
	case <-time.After(time.Second):
		l.abandon(provision.Fail("remote.lost.broken"))
		<-l.down
	}
}

// run owns the process until it has ended: it feeds and drains it, collects how it ended, and gives the session back.
func (p *Process) run(ctx context.Context, requests <-chan *ssh.Request) {
	defer close(p.done)
	defer p.link.slots.release()
	var streams sync.WaitGroup
	var outErr, errErr error
	stdout, stderr := io.Writer(p.marker), io.Writer(p.stderr)
	if w := p.command.Stderr; w != nil {
		if p.command.Stdout != nil && sameWriter(p.command.Stdout, w) {
			shared := &lockedWriter{w: w}
			p.marker.w, w = shared, shared
		}
		stderr = io.MultiWriter(p.stderr, w)
	}
	streams.Go(func() { outErr = drain(stdout, p.channel) })
	streams.Go(func() { errErr = drain(stderr, p.channel.Stderr()) })
	feeding := make(chan struct{})
	go p.feed(feeding)
	stop := p.watch(ctx)
	ended := make(chan struct{})
	if t := p.command.Terminal; t != nil && t.Resized != nil {
		p.link.workers.Go(func() { t.follow(p.channel, ended) })
	}
	end := collect(requests)
	close(ended)
	streams.Wait()
	_ = p.channel.Close()
	stop()
	p.err = p.outcome(ctx, end, errors.Join(outErr, errErr))
	if p.command.Stdin == nil {
		<-feeding
	}
}

// feed writes standard input. A reader that blocks for ever is the caller's: nothing here waits for it.
func (p *Process) feed(done chan<- struct{}) {
	defer close(done)
	if p.secret != "" {
		if _, err := io.WriteString(p.channel, p.secret); err != nil {
			return
		}
	}
	if p.command.Stdin == nil {
		return // the open channel is the lifeline
	}
	if _, err := io.Copy(p.channel, p.command.Stdin); err == nil {
		_ = p.channel.CloseWrite()
	}
}

// exit is what the host reported of a command's end.
type exit struct {
	known  bool
	status uint32
	signal string
}

func collect(requests <-chan *ssh.Request) exit {
	var end exit
	for r := range requests {
		switch r.Type {
		case "exit-status":
			var status struct{ Status uint32 }
			if ssh.Unmarshal(r.Payload, &status) == nil {
				end.known, end.status = true, status.Status
			}
		case "exit-signal":
			var signal struct {
				Signal        string
				Core          bool
				Message, Lang string
			}
			if ssh.Unmarshal(r.Payload, &signal) == nil {
				end.known, end.signal = true, oneLine(signal.Signal)
			}
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
	return end
}

// outcome is the error that the command's end amounts to.
func (p *Process) outcome(ctx context.Context, end exit, streamErr error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !end.known && !p.link.settled():
		return p.link.lost()
	case !p.marker.seen() && !p.command.Sudo:
		return p.link.noShell(p.marker.noise(), p.stderr.Bytes(), end)
	case !p.marker.seen():
		return p.link.sudoFailed(p.stderr.Bytes())
	case !end.known:
		return &ExitError{Command: p.command.String(), Code: 255, Stderr: safetext.Clean(string(p.stderr.Bytes()))}
	case end.signal != "":
		return &ExitError{Command: p.command.String(), Code: 128 + signalNumber(end.signal), Signal: end.signal,
			Stderr: safetext.Clean(string(p.stderr.Bytes()))}
	case end.status != 0:
		return &ExitError{Command: p.command.String(), Code: int(end.status), Stderr: safetext.Clean(string(p.stderr.Bytes()))}
	case streamErr != nil:
		return provision.Fail("remote.output.unwritten", safetext.Abbreviate(p.command.String(), 200), streamErr)
	}
	return nil
}

// settled reports whether the link lives, after giving a dying one a moment to show it.
func (l *link) settled() bool {
	select {
	case <-l.down:
		return false
	case <-time.After(50 * time.Millisecond):
		return true
	}
}

// Wait waits until the command has ended and its output is written, and returns how it ended: nil, *ExitError,
// *LostError, a provision.Failure, or the error of the context.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// signalNumber is the number of a signal, for the exit status that a shell would report; the names are RFC 4254's.
func signalNumber(name string) int {
	for i, known := range strings.Fields("HUP INT QUIT ILL - ABRT - FPE KILL USR1 SEGV USR2 PIPE ALRM TERM") {
		if known == name {
			return i + 1
		}
	}
	return 127
}

// drain copies until the end. A writer that fails does not stop the reading: an unread stream would block the command and,
// because both streams share the channel's window, the other stream with it.
func drain(w io.Writer, r io.Reader) error {
	_, err := io.Copy(w, r)
	if err != nil {
		_, _ = io.Copy(io.Discard, r)
	}
	return err
}

// lockedWriter lets both streams write to one writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// sameWriter compares writers whose types may not be comparable.
func sameWriter(a, b io.Writer) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// Terminal is the size and kind of the terminal that a command gets on the host.
type Terminal struct {
	Kind          string // TERM, such as "xterm-256color"
	Width, Height int    // in characters
	// Resized tells of a new size; nil where the size stays. It is read until the command has ended.
	Resized <-chan Size
}

// Size is that of a terminal, in characters.
type Size struct{ Width, Height int }

func (t *Terminal) request(channel ssh.Channel) error {
	const endOfModes = "\x00"
	_, err := channel.SendRequest("pty-req", false, ssh.Marshal(struct {
		Term                                string
		Columns, Rows, PixelWide, PixelHigh uint32
		Modes                               string
	}{t.Kind, uint32(t.Width), uint32(t.Height), 0, 0, endOfModes}))
	return err
}

// follow passes on the terminal's changes of size until ended is closed.
func (t *Terminal) follow(channel ssh.Channel, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case size, ok := <-t.Resized:
			if !ok {
				return
			}
			_, err := channel.SendRequest("window-change", false, ssh.Marshal(struct {
				Columns, Rows, PixelWide, PixelHigh uint32
			}{uint32(size.Width), uint32(size.Height), 0, 0}))
			if err != nil {
				return
			}
		}
	}
}
