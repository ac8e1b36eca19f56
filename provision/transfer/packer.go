package transfer

import (
	"bufio"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// packer compresses where the link is slower than that, and stores where it is not, or where the content does not shrink.
// It writes one gzip member after the other, as gzip allows, each at the level that the last one taught.
type packer struct {
	out      *meter
	buffered *bufio.Writer
	z        *gzip.Writer
	level    int
	pace     *pace
	writers  map[int]*gzip.Writer

	in     int64 // bytes of this member
	outset int64 // what out had when the member began
	raw    int   // members to store before compression is tried again
}

const (
	// memberSize is after how many bytes the packer thinks again.
	memberSize = 128 << 10
	// shrinks is the ratio below which compression is worth its while.
	shrinks = 0.9
	// storedMembers is how long a packer that met content which does not shrink leaves it at that.
	storedMembers = 16
)

// meter counts what is written.
type meter struct {
	w io.Writer
	n int64
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.n += int64(n)
	return n, err
}

// pace is what all packers of one upload know of the link together.
type pace struct {
	slow  atomic.Bool
	sent  atomic.Int64 // bytes
	began time.Time
}

const (
	// slowLink is the rate, in bytes per second, below which packing is faster than sending: a processor packs and
	// unpacks some 100 MiB in a second, at a ratio of two to three.
	slowLink = 32 << 20
	// enoughToTell is how many bytes have to be sent before their rate means anything.
	enoughToTell = 512 << 10
)

func newPace(slow bool) *pace {
	p := &pace{began: time.Now()}
	p.slow.Store(slow)
	return p
}

// note counts n more bytes that were sent.
func (p *pace) note(n int64) {
	total, took := p.sent.Add(n), time.Since(p.began)
	if total >= enoughToTell && float64(total) < slowLink*took.Seconds() {
		p.slow.Store(true)
	}
}

func newPacker(w io.Writer, pace *pace) *packer {
	p := &packer{out: &meter{w: w}, writers: make(map[int]*gzip.Writer), pace: pace}
	p.buffered = bufio.NewWriterSize(p.out, 32<<10)
	p.begin()
	return p
}

func (p *packer) begin() {
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
	p.z, p.in, p.outset = z, 0, p.out.n
}

func (p *packer) Write(b []byte) (int, error) {
	n, err := p.z.Write(b)
	p.in += int64(n)
	if err == nil && p.in >= memberSize {
		err = p.next()
	}
	return n, err
}

// next ends a member and chooses the level of the one after it.
func (p *packer) next() error {
	if err := p.z.Close(); err != nil {
		return err
	}
	p.pace.note(p.out.n - p.outset)
	switch {
	case p.raw > 0:
		p.raw--
	case p.level != gzip.NoCompression && float64(p.out.n-p.outset) > shrinks*float64(p.in):
		p.raw = storedMembers
	}
	p.begin()
	return nil
}

// Close ends the last member. It does not close what is below.
func (p *packer) Close() error { return errors.Join(p.z.Close(), p.buffered.Flush()) }
