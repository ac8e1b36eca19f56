package transfer

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// packer compresses where the link is slower than that, and stores where it is not, or where the content does not shrink.
// It writes one gzip member after the other, as gzip allows, each at the level that the last one taught; or passes all on
// as it is, where the link is known to be fast.
type packer struct {
	plain    bool
	out      *meter
	buffered *bufio.Writer
	z        *gzip.Writer
	level    int
	pace     *pace
	writers  map[int]*gzip.Writer

	in   int64 // bytes of this member
	from meter // what out had when the member began
	raw  int   // members to store before compression is tried again
}

const (
	// memberSize is after how many bytes the packer thinks again.
	memberSize = 128 << 10
	// shrinks is the ratio below which compression is worth its while.
	shrinks = 0.9
	// storedMembers is how long a packer that met content which does not shrink leaves it at that.
	storedMembers = 16
)

// meter counts what is written, and how long it was held up by that.
type meter struct {
	w    io.Writer
	n    int64
	held time.Duration
}

func (m *meter) Write(p []byte) (int, error) {
	began := time.Now()
	n, err := m.w.Write(p)
	m.n, m.held = m.n+int64(n), m.held+time.Since(began)
	return n, err
}

// pace is what all packers of one upload know of the link together. A link's rate shows in how long it holds writers up,
// and does so at once: what a fast link carries in its first round trip is taken without a wait, and a slow one fills up the
// kernel's buffer.
type pace struct {
	slow    atomic.Bool
	streams int64        // that share the link; 0 where its rate does not matter
	sent    atomic.Int64 // bytes
	held    atomic.Int64 // nanoseconds, of all streams together
	known   chan struct{}
	once    sync.Once
}

const (
	// slowLink is the rate, in bytes per second, below which packing is faster than sending: a processor packs and
	// unpacks some 100 MiB in a second, at a ratio of two to three.
	slowLink = 32 << 20
	// enoughToTell is how many bytes have to be sent before their rate means anything: more than a kernel takes at once for a
	// new connection.
	enoughToTell = 256 << 10
)

// compressing is the pace of what is compressed on any link.
func compressing() *pace {
	p := measuring(0, true)
	p.once.Do(func() { close(p.known) })
	return p
}

// measuring is the pace of streams that find out themselves. slow is what they assume before.
func measuring(streams int, slow bool) *pace {
	p := &pace{streams: int64(streams), known: make(chan struct{})}
	p.slow.Store(slow)
	return p
}

// note counts n more bytes that one stream sent, and how long that took.
func (p *pace) note(n int64, held time.Duration) {
	total, all := p.sent.Add(n), p.held.Add(int64(held))
	if p.streams > 0 && total >= enoughToTell {
		p.slow.Store(float64(total*p.streams) < slowLink*time.Duration(all).Seconds())
		p.once.Do(func() { close(p.known) })
	}
}

func newPacker(w io.Writer, pace *pace, plain bool) *packer {
	p := &packer{plain: plain, out: &meter{w: w}, writers: make(map[int]*gzip.Writer), pace: pace}
	p.buffered = bufio.NewWriterSize(p.out, 32<<10)
	p.begin()
	return p
}

func (p *packer) begin() {
	p.in, p.from = 0, *p.out
	if p.plain {
		return
	}
	p.level = gzip.NoCompression
	if p.raw == 0 && p.pace.slow.Load() {
		p.level = gzip.BestSpeed
	}
	z := p.writers[p.level]
	if z == nil {
		z, _ = gzip.NewWriterLevel(p.buffered, p.level) // the levels are valid ones
		p.writers[p.level] = z
	} else {
		z.Reset(p.buffered)
	}
	p.z = z
}

func (p *packer) Write(b []byte) (int, error) {
	var w io.Writer = p.buffered
	if !p.plain {
		w = p.z
	}
	n, err := w.Write(b)
	p.in += int64(n)
	if err == nil && p.in >= memberSize {
		err = p.next()
	}
	return n, err
}

// next ends a member and chooses the level of the one after it.
func (p *packer) next() error {
	if !p.plain {
		if err := p.z.Close(); err != nil {
			return err
		}
	}
	sent := p.out.n - p.from.n
	p.pace.note(sent, p.out.held-p.from.held)
	switch {
	case p.plain:
	case p.raw > 0:
		p.raw--
	case p.level != gzip.NoCompression && float64(sent) > shrinks*float64(p.in):
		p.raw = storedMembers
	}
	p.begin()
	return nil
}

// Close ends the last member. It does not close what is below.
func (p *packer) Close() error {
	if p.plain {
		return p.buffered.Flush()
	}
	return errors.Join(p.z.Close(), p.buffered.Flush())
}
