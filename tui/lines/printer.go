// Package lines holds the readers of a run's event stream that write lines: timestamped text for where there is no
// terminal, JSON for programs, and the log file.
package lines

import (
	"bufio"
	"io"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// delay is how long a line of output may wait for others to be written with it. Every other event is written at once.
const delay = 50 * time.Millisecond

// buffered is the size of the buffer that lines of output gather in, in bytes.
const buffered = 64 << 10

// formatter appends an event's lines to b.
type formatter interface {
	format(b []byte, e provision.Event) []byte
}

// Printer writes a run's events. Its Emit is a provision.Sink; it may be called by several goroutines.
type Printer struct {
	mu      sync.Mutex
	out     *bufio.Writer
	format  formatter
	text    []byte // of an event; kept for the next one
	pending bool   // a flush is under way
	err     error
	flusher *time.Timer
}

func newPrinter(w io.Writer, f formatter) *Printer {
	p := &Printer{out: bufio.NewWriterSize(w, buffered), format: f}
	p.flusher = time.AfterFunc(time.Hour, p.late)
	p.flusher.Stop()
	return p
}

// Emit writes one event. What goes wrong is kept for Flush and Close.
func (p *Printer) Emit(e provision.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = p.format.format(p.text[:0], e)
	if len(p.text) == 0 {
		return
	}
	_, err := p.out.Write(p.text)
	p.keep(err)
	if cap(p.text) > 4*buffered {
		p.text = nil
	}
	if _, output := e.Body.(provision.StepOutput); !output {
		p.keep(p.out.Flush())
		return
	}
	if !p.pending {
		p.pending = true
		p.flusher.Reset(delay)
	}
}

// appendLines appends the lines of output, each behind the head that b ends with from there on.
func appendLines(b []byte, from int, o provision.StepOutput) []byte {
	head := b[from:]
	b = b[:from]
	for line := range o.Lines() {
		b = append(append(append(b, head...), safetext.Line(line)...), '\n')
	}
	return b
}

func (p *Printer) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = false
	p.keep(p.out.Flush())
}

func (p *Printer) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Flush writes what is still buffered and returns the first error that writing met.
func (p *Printer) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(p.out.Flush())
	return p.err
}

// Close flushes and stops. It does not close the writer beneath.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.flusher.Stop()
	p.mu.Unlock()
	return p.Flush()
}

// second keeps the last time that was written: formatting one costs more than the rest of a line of output.
type second struct {
	count int64 // of seconds or milliseconds
	zone  *time.Location
	text  []byte
}

// append writes t, in t's own zone, to the precision of layout; times closer than that precision share the text.
func (s *second) append(b []byte, t time.Time, layout string) []byte {
	count := t.Unix()
	if layout == logTime {
		count = t.UnixMilli()
	}
	if s.text == nil || count != s.count || t.Location() != s.zone {
		s.count, s.zone, s.text = count, t.Location(), t.AppendFormat(s.text[:0], layout)
	}
	return append(b, s.text...)
}
