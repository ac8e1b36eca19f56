//go:build linux

// Package router is the edge's data plane, which cmd/edge is made of. A holder binds a host's ports, and lends the listening sockets to
// routers, one after another or several at once; a router accepts, reads which name a visitor wants, and passes the bytes on to that
// site's container as they are. TLS ends there, not here. Routes are changed by the program, through a command in the router's container.
//
// It imports little, since it travels to every host. github.com/inetaf/tcpproxy, which does the same work, brings crypto/tls and
// net/http, reads whole heads alone, and has neither drain nor limits.
package router

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
)

// Config is what a router is told.
type Config struct {
	Name    string // no other router in the folder has it
	Version string
	Folder  string // shared with the holder and other routers
	Control string // the socket that commands in this container ask
	Lookup  Lookup
	Limits  Limits
	Say     func(string) // one line of the log
}

// Router passes visitors on.
type Router struct {
	config   Config
	store    store
	lookup   Lookup
	table    *table
	visitors visitors
	say      func(string)
	started  time.Time
	refused  atomic.Int64
	draining atomic.Bool

	changes  sync.Mutex // one change at a time
	controls sync.WaitGroup
	relays   sync.WaitGroup
}

// New is a router that has not begun.
func New(config Config) *Router {
	return &Router{config: config, store: store{config.Folder}, lookup: config.Lookup, table: newTable(config.Lookup), say: config.Say, started: time.Now(),
		visitors: visitors{limits: config.Limits, clients: map[netip.Addr]*visitor{}}}
}

func (r *Router) peerSocket() string { return r.config.Folder + "/router-" + r.config.Name + ".sock" }

func (r *Router) isDraining() bool { return r.draining.Load() }

// Run accepts visitors until the context ends, and then lets connections run for as long as their sites allow.
func (r *Router) Run(ctx context.Context) error {
	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	control, err := listenUnix(r.config.Control)
	if err != nil {
		return err
	}
	defer func() { _ = control.Close() }()
	peers, err := listenUnix(r.peerSocket())
	if err != nil {
		return err
	}
	defer func() { _ = peers.Close() }()
	// Others are heard from here on: a change that is not in the file yet will be told.
	if err := r.begin(); err != nil {
		return err
	}
	var owned sync.WaitGroup
	owned.Go(func() { r.listen(rest, peers) })
	owned.Go(func() { r.listen(rest, control) })
	owned.Go(func() { r.summarize(rest) })
	err = r.accept(ctx, rest)
	r.draining.Store(true)
	r.say("draining")
	longest := r.table.drain()
	last := time.AfterFunc(longest+headTime+time.Second, r.table.cut) // also who was accepted at the very end
	r.relays.Wait()
	last.Stop()
	_, _ = control.Close(), peers.Close()
	end()
	owned.Wait()
	r.controls.Wait()
	r.say("ended")
	return err
}

// begin reads the routes.
func (r *Router) begin() error {
	unlock, err := r.store.lock()
	if err != nil {
		return err
	}
	defer unlock()
	routes, err := r.store.load(r.say)
	if err != nil {
		return err
	}
	r.table.apply(routes)
	r.say("version " + r.config.Version + ", routes " + strconv.FormatInt(routes.Revision, 10) + " of " + strconv.Itoa(len(routes.Sites)) + " sites, at most " +
		strconv.Itoa(r.config.Limits.Connections) + " connections")
	return nil
}

// accept takes the holder's sockets and accepts at them until the context ends.
func (r *Router) accept(ctx, rest context.Context) error {
	link, sockets, err := r.takeSockets(ctx, nil)
	if err != nil {
		return nil // told to end before there was a holder
	}
	defer func() { closeAll(sockets) }()
	var accepting sync.WaitGroup
	listeners := make([]net.Listener, 0, len(sockets))
	for _, s := range sockets {
		listener, err := listenerOf(s)
		if err != nil {
			err = errors.Join(err, link.Close())
			for _, l := range listeners {
				_ = l.Close()
			}
			return err
		}
		listeners = append(listeners, listener)
	}
	for _, l := range listeners {
		accepting.Go(func() { r.acceptAt(ctx, rest, l.(*net.TCPListener)) })
	}
	r.say("accepting at " + strconv.Itoa(len(sockets)) + " sockets of the holder's")
	// Only this process's descriptors are closed: who else has the sockets goes on accepting at the same queue.
	stop := context.AfterFunc(ctx, func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	})
	defer stop()
	r.stayWithHolder(ctx, link, sockets)
	accepting.Wait()
	return nil
}

// stayWithHolder gives the sockets back to a holder that came up anew, for as long as the router runs.
func (r *Router) stayWithHolder(ctx context.Context, link *net.UnixConn, sockets []int) {
	for ctx.Err() == nil {
		stop := context.AfterFunc(ctx, func() { _ = link.Close() })
		_, _ = link.Read(make([]byte, 1)) // ends with the holder
		stop()
		_ = link.Close()
		if ctx.Err() != nil {
			return
		}
		r.say("the holder has gone; still accepting")
		next, again, err := r.takeSockets(ctx, sockets)
		if err != nil {
			return
		}
		closeAll(again) // the same ones
		link = next
		r.say("the holder is back")
	}
	_ = link.Close()
}

// takeSockets asks until there is a holder.
func (r *Router) takeSockets(ctx context.Context, has []int) (*net.UnixConn, []int, error) {
	for said := false; ; {
		link, sockets, err := take(ctx, r.config.Folder, has)
		if err == nil {
			return link, sockets, nil
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if !said {
			r.say("waiting for the holder: " + err.Error())
			said = true
		}
		pause(ctx, 100*time.Millisecond)
	}
}

func listenerOf(socket int) (net.Listener, error) {
	own, err := syscall.Dup(socket)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(own), "socket")
	defer func() { _ = file.Close() }()
	return net.FileListener(file)
}

// acceptAt accepts at one socket. Where descriptors or memory run out it waits, longer each time.
func (r *Router) acceptAt(ctx, rest context.Context, listener *net.TCPListener) {
	defer func() { _ = listener.Close() }()
	wait := 5 * time.Millisecond
	for {
		conn, err := listener.AcceptTCP()
		switch {
		case err == nil:
			wait = 5 * time.Millisecond
			client := clientOf(addressOf(conn.RemoteAddr()).Addr())
			if !r.visitors.enter(client) {
				r.refused.Add(1)
				_ = conn.SetLinger(0)
				_ = conn.Close()
				continue
			}
			r.relays.Go(func() { r.serve(rest, conn, client) })
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default:
			pause(ctx, wait)
			wait = min(2*wait, time.Second)
		}
	}
}

// Status is what the router does now.
func (r *Router) Status() route.Status {
	sites := r.table.status()
	return route.Status{Version: r.config.Version, Revision: r.table.revision(), Uptime: int64(time.Since(r.started).Seconds()), Sites: sites, Refused: r.refused.Load()}
}

// summarize tells once a minute how many were refused, if any.
func (r *Router) summarize(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	var told int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if refused := r.refused.Load(); refused != told {
			r.say("refused " + strconv.FormatInt(refused-told, 10) + " connections in the last minute: unknown names, late or long heads, limits")
			told = refused
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func isGone(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

func removeQuietly(path string) { _ = os.Remove(path) }
