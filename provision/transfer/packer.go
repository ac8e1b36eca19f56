package transfer

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"time"
)

// packer compresses where the link is slower than that, and stores where it is not, or where the content does not shrink.
// It writes one gzip member after the other, as gzip allows, each at the level that the last one taught.
type packer struct {
	out      *meter
	buffered *bufio.Writer
	z        *gzip.Writer
	level    int
	writers  map[int]*gzip.Writer

	in      int64 // bytes of this member
	outset  int64 // what out had when the member began
	blocked time.Duration
	began   time.Time
	raw     int // members to store before compression is tried again
}

const (
	// memberSize is after how many bytes the packer thinks again.
	memberSize = 512 << 10
	// shrinks is the ratio below which compression is worth its while.
	shrinks = 0.9
	// storedMembers is how long a packer that met content which does not shrink leaves it at that.
	storedMembers = 8
)

// meter counts what is written, and how long it took.
type meter struct {
	w    io.Writer
	n    int64
	took time.Duration
}

func (m *meter) Write(p []byte) (int, error) {
	began := time.Now()
	n, err := m.w.Write(p)
	m.took += time.Since(began)
	m.n += int64(n)
	return n, err
}

func newPacker(w io.Writer, compress bool) *packer {
	p := &packer{out: &meter{w: w}, writers: make(map[int]*gzip.Writer), level: gzip.NoCompression}
	p.buffered = bufio.NewWriterSize(p.out, 32<<10)
	if compress {
		p.level = gzip.BestSpeed
	}
	p.begin()
	return p
}

func (p *packer) begin() {
	z := p.writers[p.level]
	if z == nil {
		z, _ = gzip.NewWriterLevel(p.buffered, p.level) // the levels are valid ones
		p.writers[p.level] = z
	} else {
		z.Reset(p.buffered)
	}
	p.z, p.in, p.outset, p.blocked, p.began = z, 0, p.out.n, p.out.took, time.Now()
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
	elapsed, blocked := time.Since(p.began), p.out.took-p.blocked
	switch {
	case p.level != gzip.NoCompression && float64(p.out.n-p.outset) > shrinks*float64(p.in):
		p.level, p.raw = gzip.NoCompression, storedMembers
	case p.level == gzip.NoCompression && p.raw > 0:
		p.raw--
	case p.level == gzip.NoCompression && blocked > elapsed/2:
		p.level = gzip.BestSpeed
	}
	p.begin()
	return nil
}

// Close ends the last member. It does not close what is below.
func (p *packer) Close() error { return errors.Join(p.z.Close(), p.buffered.Flush()) }
