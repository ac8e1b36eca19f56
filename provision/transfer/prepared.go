package transfer

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

const (
	// inlineSize is how much content, in bytes, travels as one bundle over SFTP: within one window, so that all of an
	// upload is one round trip or two. More than that is worth streams of its own.
	inlineSize = 512 << 10
	// streamSize is how much content, in bytes, is worth one more stream, and what a stream carries in a round trip: the
	// window of a channel is 2 MiB.
	streamSize = 2 << 20
	// minStreams is how many streams keep a host with two processors busy; more would only cost the processes they take.
	minStreams = 2
	// maxStreams is how many streams there are at most. sshd allows ten sessions in a connection by default: one commits,
	// and two are left to others.
	maxStreams = 7
	// unpacking is what a host takes, in bytes in a second. More than that no link needs to carry.
	unpacking = 160 << 20
)

// streamsFor is how many streams n bytes are worth on a link with that round trip.
func streamsFor(n int64, roundTrip time.Duration) int {
	if n <= inlineSize {
		return 0
	}
	useful := int64(roundTrip.Seconds()*unpacking+streamSize-1) / streamSize
	return int(min((n+streamSize-1)/streamSize, max(useful, minStreams), maxStreams))
}

// Prepared are sessions that wait on the host for an upload, which saves the round trip of opening them then. A host to
// which nothing is uploaded after all is left as it was.
type Prepared struct {
	ctx     context.Context
	client  *remote.Client
	commit  shell.Text // script of the session that commits
	receive shell.Text // of those that take streams
	folder  string     // on the host, for the bundle that travels over SFTP

	mu         sync.Mutex
	control    *session
	streams    []*session
	inbox      *inbox
	claimed    bool        // by Apply: nothing here is idle any more
	gone       bool        // all of it has made room for others
	committing bool        // control is no longer idle
	yielded    atomic.Bool // control made room for another session
	ahead      sync.WaitGroup
	over       context.CancelFunc // ends what waits for nothing but the end
}

// Prepare opens sessions in the background, best beside the command that gathers the facts: one that commits, and beside it
// an SFTP session or as many streams as are worth while for what was read anew when m was scanned, which is what an upload
// is likely to send. [Apply] makes its own where it is given none. They are of use for one Apply; Close ends them.
func Prepare(ctx context.Context, c *remote.Client, directory, stateDir string, m *tree.Manifest) *Prepared {
	p := newPrepared(ctx, c, directory, stateDir)
	var fresh int64 // of what travels in bundles
	for _, e := range m.Entries {
		if e.Fresh && e.Size < largeFile {
			fresh += e.Size
		}
	}
	if fresh > 0 && fresh <= inlineSize {
		p.openInbox()
	}
	p.atLeast(streamsFor(fresh, c.RoundTrip()))
	over, cancel := context.WithCancel(ctx)
	p.over = cancel
	p.ahead.Go(func() { p.yieldWhenCrowded(over) })
	return p
}

// newPrepared opens the session that commits.
func newPrepared(ctx context.Context, c *remote.Client, directory, stateDir string) *Prepared {
	folder := stateDir + "/incoming." + rand.Text()
	p := &Prepared{ctx: ctx, client: c, folder: folder, over: func() {},
		commit:  shell.Load(scripts, "await.sh").With(directory, stateDir, insideFolder, folder),
		receive: shell.Load(scripts, "receive.sh").With(directory, stateDir, insideFolder)}
	p.control = openSession(ctx, c, p.commit, false, p.yield)
	return p
}

// yieldWhenCrowded ends all sessions when the host refuses one while they are idle: it may be that of the command that gathers the
// facts, or of the lock.
func (p *Prepared) yieldWhenCrowded(over context.Context) {
	select {
	case <-p.client.Crowded():
	case <-over.Done():
		return
	}
	p.mu.Lock()
	p.gone = !p.claimed
	gone := p.gone
	p.mu.Unlock()
	if gone {
		p.end()
	}
}

// claim tells whether there are sessions to be used, which from now on are.
func (p *Prepared) claim() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claimed = !p.gone
	return p.claimed
}

// atLeast makes sure that there are n streams, or will be, and returns as many.
func (p *Prepared) atLeast(n int) []*session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.streams) < n {
		p.streams = append(p.streams, openSession(p.ctx, p.client, p.receive, true, p.yield))
	}
	return p.streams[:n]
}

// openInbox is the SFTP session for a bundle. It is opened when it is first asked for.
func (p *Prepared) openInbox() *inbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inbox == nil {
		p.inbox = openInbox(p.ctx, p.client, p.control, p.folder, p.yield)
	}
	return p.inbox
}

// yield makes room for a session that waits, unless the commit is under way.
func (p *Prepared) yield() {
	p.mu.Lock()
	control := p.control
	if p.committing || p.yielded.Swap(true) {
		control = nil
	}
	p.mu.Unlock()
	if control != nil {
		control.close()
	}
}

func (p *Prepared) committer() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.control
}

// reopened is the session that commits, opened once more if it had to make room.
func (p *Prepared) reopened() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committing = true
	if p.yielded.Load() {
		p.ahead.Go(p.control.close)
		p.control = openSession(p.ctx, p.client, p.commit, false, func() {})
	}
	return p.control
}

// endIdle ends those of some streams that were not used. It does not wait for that.
func (p *Prepared) endIdle(streams, used []*session) {
	for _, s := range streams {
		if !slices.Contains(used, s) {
			p.ahead.Go(s.close)
		}
	}
}

// Close ends the sessions and waits for that, which takes a round trip, or none once the connection is closed. It may be
// called more than once.
func (p *Prepared) Close() {
	if p == nil {
		return
	}
	p.over()
	p.committer().in.finish()
	p.ahead.Wait()
	p.end()
}

// end ends what is open, and waits for that.
func (p *Prepared) end() {
	p.mu.Lock()
	sessions := append([]*session{p.control}, p.streams...)
	inbox := p.inbox
	p.mu.Unlock()
	var closing sync.WaitGroup
	if inbox != nil {
		closing.Go(inbox.close)
	}
	for _, s := range sessions {
		closing.Go(s.close)
	}
	closing.Wait()
}

// release gives up streams that turned out not to be needed, where SFTP needs the sessions. It does not wait for that.
func (p *Prepared) release(s staging) {
	if len(s.large) == 0 {
		return
	}
	keep := 0
	if len(s.small) > 0 {
		keep = maxStreams - channelsBeside
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, unneeded := range p.streams[min(keep, len(p.streams)):] {
		p.ahead.Go(unneeded.close)
	}
	p.streams = p.streams[:min(keep, len(p.streams))]
}
