package survey

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// How often a watch looks. The site is asked every second time, and what changes rarely (history, lock) or can only be asked
// by docker commands every twelfth time.
const (
	WatchInterval = 5 * time.Second // by default, between two pulses
	probeEvery    = 2
	factsEvery    = 12
	lookTimeout   = 30 * time.Second // of one look; beyond it the connection counts as lost
	dialTimeout   = time.Minute
	firstPause    = time.Second // between two attempts to connect; it grows
	longestPause  = 10 * time.Second
	refusedPause  = 3 * time.Minute
	answersKept   = 60          // of the site's answers
	logTail       = 1000        // lines
	logOverlap    = time.Second // of a log that goes on: a line may have been on its way

	logPause        = 10 * time.Second // until the log of a container that has ended is asked for again
	longestLogPause = 5 * time.Minute
)

// Connection is a host that is logged in to, as far as a watch needs it.
type Connection interface {
	Link
	Output(ctx context.Context, cmd remote.Command) ([]byte, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	Close() error
}

// Watch looks at one host again and again, over one connection that it makes anew when it is lost. It changes nothing there.
type Watch struct {
	Host     string
	Interval time.Duration // WatchInterval for 0
	Query    facts.Query   // what to ask; Room is the watch's own
	Connect  func(ctx context.Context) (Connection, error)
	Checks   func(dial probe.Dial) []probe.Check // what to ask the site; the first is asked
	Names    func(ctx context.Context) Names     // where the DNS sends visitors; see AskNames

	mu      sync.Mutex
	conn    Connection    // nil while there is none
	byHand  bool          // Docker can only be asked by docker commands
	sudo    bool          // which need root
	changed chan struct{} // closed with the next connection, where somebody waits for it
	resting chan struct{} // closed to connect now; nil where the watch waits for no attempt
}

// Run watches until ctx ends, and emits what it learns.
func (w *Watch) Run(ctx context.Context, emit func(Reading)) {
	r := Reading{Host: w.Host}
	emit(r)
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = firstPause, longestPause
	for ctx.Err() == nil {
		before := r.At
		err := w.connected(ctx, &r, emit)
		if ctx.Err() != nil {
			return
		}
		r.Link, r.Err = LinkDown, err
		emit(r)
		if r.At.After(before) {
			pauses.Reset()
		}
		w.rest(ctx, pause(err, pauses.NextBackOff()))
	}
}

// rest waits for the next attempt to connect.
func (w *Watch) rest(ctx context.Context, d time.Duration) {
	resting := make(chan struct{})
	w.mu.Lock()
	w.resting = resting
	w.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-resting:
	case <-ctx.Done():
	}
}

// Reconnect has the watch connect now, where it waits for the next attempt.
func (w *Watch) Reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resting != nil {
		close(w.resting)
		w.resting = nil
	}
}

// pause is how long it takes until the next attempt. Whoever logs in again and again in vain is locked out by many a host.
func pause(err error, usual time.Duration) time.Duration {
	var refused *remote.DialError
	if errors.As(err, &refused) && refused.Lasting() {
		return refusedPause
	}
	return usual
}

// connected makes a connection and looks at the host over it until it is lost, which is the error.
func (w *Watch) connected(ctx context.Context, r *Reading, emit func(Reading)) error {
	dialling, cancel := context.WithTimeout(ctx, dialTimeout)
	conn, err := w.Connect(dialling)
	cancel()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	w.docker(false, false)
	w.use(conn)
	defer w.use(nil)
	r.Target, r.Trip = conn.Target(), conn.RoundTrip()
	for n := 0; ; n++ {
		next, err := w.look(ctx, conn, *r, n)
		if err != nil {
			return err
		}
		*r = next
		emit(next)
		interval := w.Interval
		if interval <= 0 {
			interval = WatchInterval
		}
		if !sleep(ctx, interval) {
			return context.Cause(ctx)
		}
	}
}

// look is the n-th look over a connection. An error is that of the connection; what else fails is the reading's.
func (w *Watch) look(ctx context.Context, conn Connection, r Reading, n int) (Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	before := r.Release()
	known, err := w.known(ctx, conn, r, n)
	if err == nil {
		r.Facts = known
		var out []byte
		if out, err = conn.Output(ctx, remote.Command{Script: watchScript.With(r.Facts.Root)}); err == nil {
			r.Pulse = parsePulse(out, r.Pulse)
		}
	}
	if err == nil && (n%factsEvery == 0 || r.Release() != before) {
		var out []byte
		if out, err = conn.Output(ctx, remote.Command{Script: state.History(w.Query.Directory)}); err == nil {
			r.History = state.ParseHistory(out)
		}
	}
	var lost *remote.LostError
	switch {
	case errors.As(err, &lost): // whatever was asked then
		return r, lost
	case ctx.Err() != nil:
		return r, provision.Fail("dash.silent", lookTimeout)
	}
	if n%probeEvery == 0 {
		r = w.visit(ctx, conn, r)
	}
	r.Link, r.Err, r.At = LinkUp, err, time.Now()
	return r, nil
}

// known are the facts of the host: all of them at times, and of Docker's each time where its engine itself can be asked.
func (w *Watch) known(ctx context.Context, conn Connection, r Reading, n int) (*facts.Facts, error) {
	query := w.Query
	query.Room = r.Facts == nil || r.Facts.Root == ""
	if n%factsEvery == 0 || r.Facts == nil {
		known, err := facts.Gather(ctx, w.Host, gathered{conn, w}, query)
		if err == nil && r.Facts != nil && known.Root == "" {
			known.Root = r.Facts.Root
		}
		return known, err
	}
	if byHand, _ := w.access(); byHand {
		return r.Facts, nil
	}
	query.Room = false
	d, err := query.AskEngine(ctx, conn.DialContext)
	if err != nil {
		return r.Facts, err
	}
	d.Root = r.Facts.Root
	return r.Facts.WithDocker(d), nil
}

// gathered is the connection as the facts are gathered over it.
type gathered struct {
	Connection
	watch *Watch
}

// Exec implements facts.Host.
func (g gathered) Exec(ctx context.Context, cmd remote.Command) ([]byte, error) {
	_, sudo := g.watch.access()
	cmd.Sudo = cmd.Sudo && sudo
	return g.Output(ctx, cmd)
}

// Dial implements facts.Host.
func (g gathered) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.DialContext(ctx, network, address)
}

// DockerNeedsRoot implements facts.Host: it is called where the engine itself could not be asked.
func (g gathered) DockerNeedsRoot(needed bool) { g.watch.docker(true, needed) }

// visit asks the site, and meanwhile the DNS where that is due.
func (w *Watch) visit(ctx context.Context, conn Connection, r Reading) Reading {
	var asking sync.WaitGroup
	names := r.Names
	if time.Since(names.At) >= namesEvery {
		asking.Go(func() { names = w.Names(ctx) })
	}
	r.Asked = w.ask(ctx, conn, r.Asked)
	asking.Wait()
	r.Names = names
	return r
}

// ask puts the first question to the site.
func (w *Watch) ask(ctx context.Context, conn Connection, before []Answered) []Answered {
	checks := w.Checks(conn.DialContext)
	if len(checks) == 0 {
		return nil
	}
	answer, err := checks[0].Run(ctx)
	list := append([]Answered{}, before[max(0, len(before)-answersKept+1):]...)
	return append(list, Answered{time.Now(), answer, err})
}

// Log passes on the log of a container, its last lines first, until ctx ends. After a lost link it goes on where it was (lines of
// the last second before may come twice), and so it does when a container that has ended is started again.
func (w *Watch) Log(ctx context.Context, container string, lines func(lines string)) {
	tail, since, pause := logTail, "", logPause
	for {
		conn, ok := w.connection(ctx)
		if !ok {
			return
		}
		heard := time.Now()
		out := safetext.NewLines(func(text string) {
			heard = time.Now()
			lines(text)
		})
		_, sudo := w.access()
		err := conn.Run(ctx, remote.Command{Argv: docker.Logs(container, tail, since, true), Sudo: sudo, Stdout: out, Stderr: out})
		out.Flush()
		switch {
		case ctx.Err() != nil:
			return
		case remote.IsLost(err):
			w.drop(conn)
			heard = heard.Add(-logOverlap)
		case err == nil:
			heard, pause = time.Now(), logPause
		default: // docker has said why, among the lines; an engine that has only just started may know the container soon
			pause = min(2*pause, longestLogPause)
		}
		if !remote.IsLost(err) && !sleep(ctx, pause) {
			return
		}
		tail, since = -1, fmt.Sprintf("%.1fs", time.Since(heard).Seconds())
	}
}

// Attach runs a docker command over the connection, once.
func (w *Watch) Attach(ctx context.Context, cmd remote.Command) error {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	if conn == nil {
		return provision.Fail("dash.no-link", w.Host)
	}
	_, cmd.Sudo = w.access()
	return conn.Run(ctx, cmd)
}

// use tells others of the connection there is; nil for none.
func (w *Watch) use(conn Connection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = conn
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// drop forgets a connection that was found lost before the watch itself has noticed.
func (w *Watch) drop(conn Connection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == conn {
		w.conn = nil
	}
}

// connection waits for one; ok is false where ctx ends first.
func (w *Watch) connection(ctx context.Context) (conn Connection, ok bool) {
	for {
		w.mu.Lock()
		conn := w.conn
		if conn == nil && w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		if conn != nil {
			return conn, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// docker keeps how Docker is to be asked.
func (w *Watch) docker(byHand, sudo bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byHand, w.sudo = byHand, sudo
}

func (w *Watch) access() (byHand, sudo bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byHand, w.sudo
}

// sleep waits, and reports false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var shellScript = shell.Load(scripts, "shell.sh")

// Shell is the command that opens a shell in a container: bash where it has that.
func Shell(container string) remote.Command {
	return remote.Command{Argv: docker.ExecTerminal(container, "sh", "-c", string(shellScript.With()))}
}
