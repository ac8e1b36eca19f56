package remote

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
)

// link is one SSH connection that is up, or was.
type link struct {
	d     *dialer
	ssh   *ssh.Client
	conn  *meteredConn
	hop   *link // the connection that this one runs through; nil for none
	slots *slots

	down    chan struct{} // closed once the connection is gone
	mu      sync.Mutex
	why     error
	closing atomic.Bool
	workers goroutines
}

func newLink(d *dialer, client *ssh.Client, conn *meteredConn, hop *link) *link {
	l := &link{d: d, ssh: client, conn: conn, hop: hop, slots: newSlots(), down: make(chan struct{})}
	l.workers.Go(func() {
		err := client.Wait()
		l.lose(err)
		close(l.down)
	})
	l.workers.Go(l.keepAlive)
	return l
}

// lose records why the connection is gone. The first reason is the true one.
func (l *link) lose(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.why = why
	}
}

// lost is the error of whatever ran over the connection.
func (l *link) lost() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	why := l.why
	if why == nil {
		why = net.ErrClosed
	}
	return lostError(l.d.config.Name, why)
}

func (l *link) alive() bool {
	select {
	case <-l.down:
		return false
	default:
		return true
	}
}

// abandon closes the transport at once: what is left of a dead link must not hold anybody up.
func (l *link) abandon(why error) {
	l.lose(why)
	_ = l.conn.Close()
}

// close hangs up and waits until nothing of the connection is left.
func (l *link) close() {
	l.closing.Store(true)
	l.lose(net.ErrClosed)
	_ = l.ssh.Close()
	l.workers.Wait()
	if l.hop != nil {
		l.hop.close()
	}
}

// Keep-alive defaults: a link that says nothing for 3 s is probed, and lost when the probe is not answered within 6 s.
const (
	defaultAlive = 3 * time.Second
	aliveFactor  = 2
)

// patience is how long the link may say nothing before it is probed, and how long it may take to answer. A keep-alive of
// the SSH configuration counts where it is stricter.
func (l *link) patience() (probe, answer time.Duration) {
	if probe = l.d.config.KeepAlive; probe > 0 {
		return probe, aliveFactor * probe
	}
	probe, answer = defaultAlive, aliveFactor*defaultAlive
	if wish := l.d.settings.AliveInterval; wish > 0 {
		probe, answer = min(probe, wish), min(answer, wish*time.Duration(max(l.d.settings.AliveCount, 1)))
	}
	return probe, answer
}

// keepAlive notices a link that died without a word. Bytes that come in, and those that the other side is seen to take, are signs
// of life too, so that a link that is merely full is not given up.
func (l *link) keepAlive() {
	probe, limit := l.patience()
	ticker := time.NewTicker(probe)
	defer ticker.Stop()
	for {
		select {
		case <-l.down:
			return
		case <-ticker.C:
		}
		if l.conn.idle() < probe {
			continue
		}
		if !l.probe(limit) {
			return
		}
	}
}

// probe sends a keep-alive request and reports whether the link still lives.
func (l *link) probe(limit time.Duration) bool {
	answered := make(chan error, 1)
	l.workers.Go(func() {
		_, _, err := l.ssh.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	})
	asked := time.Now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-l.down:
			return false
		case err := <-answered:
			return err == nil
		case <-timer.C:
		}
		if left := limit - min(l.conn.idle(), time.Since(asked)); left > 0 {
			timer.Reset(left)
			continue
		}
		l.abandon(provision.Fail("remote.lost.silent", time.Since(asked).Round(time.Second)))
		return false
	}
}

// goroutines counts those that somebody waits for. Unlike a sync.WaitGroup it may take on new ones while it is waited for.
type goroutines struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil while nobody waits
}

func (g *goroutines) Go(work func()) {
	g.mu.Lock()
	g.n++
	g.mu.Unlock()
	go func() {
		defer g.done()
		work()
	}()
}

func (g *goroutines) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n--; g.n == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

func (g *goroutines) Wait() {
	g.mu.Lock()
	if g.n == 0 {
		g.mu.Unlock()
		return
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	<-idle
}
