package remote

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineLimit bounds one line; what is longer is passed on in pieces.
const lineLimit = 16 << 10

// Lines turns untrusted output into lines that are safe to show: it splits at \n and \r, drops control sequences, repairs
// UTF-8 and bounds the length of a line. It is an io.Writer for one goroutine.
type Lines struct {
	emit    func(line string)
	pending []byte
	cr      bool // the last byte was \r, so that \r\n is one end of line
}

// NewLines returns a writer that calls emit for every line, without its end.
func NewLines(emit func(line string)) *Lines { return &Lines{emit: emit} }

func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if l.cr && p[0] == '\n' {
			l.cr, p = false, p[1:]
			continue
		}
		l.cr = false
		i := lineEnd(p)
		if i < 0 {
			l.append(p)
			break
		}
		l.append(p[:i])
		l.line()
		l.cr = p[i] == '\r'
		p = p[i+1:]
	}
	return n, nil
}

// lineEnd is where the first line of p ends; -1 where it does not. Two searches for a byte are faster than one for either.
func lineEnd(p []byte) int {
	feed := bytes.IndexByte(p, '\n')
	if feed >= 0 {
		p = p[:feed]
	}
	if back := bytes.IndexByte(p, '\r'); back >= 0 {
		return back
	}
	return feed
}

func (l *Lines) append(p []byte) {
	for len(l.pending)+len(p) > lineLimit {
		cut := lineLimit - len(l.pending)
		l.pending = append(l.pending, p[:cut]...)
		p = p[cut:]
		rest := incomplete(l.pending)
		kept := bytes.Clone(l.pending[len(l.pending)-rest:])
		l.pending = l.pending[:len(l.pending)-rest]
		l.line()
		l.pending = append(l.pending, kept...)
	}
	l.pending = append(l.pending, p...)
}

// incomplete is how many bytes at the end begin a character that is not all there.
func incomplete(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

func (l *Lines) line() {
	l.emit(Printable(string(l.pending)))
	l.pending = l.pending[:0]
}

// Flush passes on what stands after the last end of line.
func (l *Lines) Flush() {
	if len(l.pending) > 0 {
		l.line()
	}
}

// Printable drops control sequences and control characters but \n and \t, and repairs UTF-8.
func Printable(text string) string {
	if isPrintable(text) {
		return text
	}
	var b strings.Builder
	for text != "" {
		if n := sequence(text); n > 0 {
			text = text[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case unicode.IsControl(r), bidirectional(r):
		default:
			b.WriteRune(r) // utf8.RuneError for what is not UTF-8
		}
		text = text[size:]
	}
	return b.String()
}

func isPrintable(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c < ' ' && c != '\n' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

// bidirectional characters can make text read other than it is.
func bidirectional(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f
}

// sequence is the length of the control sequence of ECMA-48 that text begins with; 0 where it begins with none.
func sequence(text string) int {
	if text[0] != 0x1b {
		return 0
	}
	if len(text) == 1 {
		return 1
	}
	switch text[1] {
	case '[': // CSI: parameters, intermediates, one final byte
		for i := 2; i < len(text); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7e {
				return i + 1
			}
			if text[i] < 0x20 || text[i] > 0x3f {
				return i
			}
		}
		return len(text)
	case ']', 'P', '^', '_', 'X': // strings up to BEL or ESC \
		for i := 2; i < len(text); i++ {
			if text[i] == 0x07 {
				return i + 1
			}
			if text[i] == 0x1b {
				return min(i+2, len(text))
			}
		}
		return len(text)
	}
	i := 1
	for i < len(text) && text[i] >= 0x20 && text[i] <= 0x2f {
		i++
	}
	return min(i+1, len(text))
}
