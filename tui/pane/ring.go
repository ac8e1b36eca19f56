// Package pane shows text that keeps coming: it can be scrolled, searched and followed, and holds a bounded part of it.
package pane

import (
	"strings"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/safetext"
)

// The bounds of what a pane holds; the log file has the rest.
const (
	maxLines = 5000
	maxBytes = 2 << 20
	maxLine  = 2000 // bytes of one line
)

// Kind is what a line is.
type Kind uint8

// The kinds of lines.
const (
	Output  Kind = iota
	Error        // output on the error stream
	Command      // what was typed, so to speak
	Note         // words of the program's own
	Added        // of a diff
	Removed
	Place
)

// Line is one line of a pane.
type Line struct {
	Kind Kind
	Text string
}

// ring holds the last lines. Lines are numbered from the first that ever came, so that a place stays the same place while
// older lines go.
type ring struct {
	lines []Line // a circle once it is full
	first int    // number of the oldest line that is held
	next  int    // number of the line that comes next
	bytes int
}

func (r *ring) append(l Line) {
	l.Text = safetext.Line(l.Text)
	if len(l.Text) > maxLine {
		cut := maxLine
		for cut > 0 && !utf8.RuneStart(l.Text[cut]) {
			cut--
		}
		l.Text = strings.Clone(l.Text[:cut]) + " [...]"
	}
	if r.next-r.first == maxLines {
		r.forget()
	}
	if i := r.next % maxLines; i == len(r.lines) {
		r.lines = append(r.lines, l)
	} else {
		r.lines[i] = l
	}
	r.next++
	r.bytes += len(l.Text)
	for r.bytes > maxBytes {
		r.forget()
	}
}

func (r *ring) forget() {
	oldest := &r.lines[r.first%maxLines]
	r.bytes -= len(oldest.Text)
	*oldest = Line{}
	r.first++
}

// at returns line number n, which must be held.
func (r *ring) at(n int) Line { return r.lines[n%maxLines] }

// command is the number of the last line before n that is a command; ok is false for none that is held.
func (r *ring) command(n int) (number int, ok bool) {
	for i := n - 1; i >= r.first; i-- {
		if r.at(i).Kind == Command {
			return i, true
		}
	}
	return 0, false
}
