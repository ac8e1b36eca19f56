package remote

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/ascii"
)

// lineLimit bounds one line; what is longer is passed on in pieces.
const lineLimit = 16 << 10

// Lines turns untrusted output into lines that are safe to show: it splits at \n and \r, drops control sequences, repairs
// UTF-8 and bounds the length of a line. It is an io.Writer for one goroutine.
type Lines struct {
	emit    func(line string)
	pending []byte // the line that has not ended yet
	cr      bool   // the last byte was \r, so that \r\n is one end of line
}

// NewLines returns a writer that calls emit for every line, without its end.
func NewLines(emit func(line string)) *Lines { return &Lines{emit: emit} }

// Write implements io.Writer. The lines that end in p share one string: a build may print a million of them.
func (l *Lines) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	end += bytes.LastIndexByte(p[end:], '\r') + 1
	if end > 0 {
		var ended strings.Builder
		ended.Grow(len(l.pending) + end)
		ended.Write(l.pending)
		ended.Write(p[:end])
		l.pending = l.pending[:0]
		l.split(ended.String())
	}
	l.pending = append(l.pending, p[end:]...)
	if len(l.pending) > lineLimit {
		rest := l.bounded(string(l.pending))
		l.pending = append(l.pending[:0], rest...)
	}
	return len(p), nil
}

// split emits the lines of text, which ends with one.
func (l *Lines) split(text string) {
	for text != "" {
		if l.cr && text[0] == '\n' {
			l.cr, text = false, text[1:]
			continue
		}
		end := lineEnd(text)
		l.cr = text[end] == '\r'
		l.emit(Printable(l.bounded(text[:end])))
		text = text[end+1:]
	}
}

// lineEnd is where the first line of text ends. Two searches for a byte are faster than one for either.
func lineEnd(text string) int {
	feed := strings.IndexByte(text, '\n')
	if feed >= 0 {
		text = text[:feed]
	}
	if back := strings.IndexByte(text, '\r'); back >= 0 {
		return back
	}
	return feed
}

// bounded emits what of a line is too long for one, and returns the rest.
func (l *Lines) bounded(line string) (rest string) {
	for len(line) > lineLimit {
		cut := lineLimit - incomplete(line[:lineLimit])
		l.emit(Printable(line[:cut]))
		line = line[cut:]
	}
	return line
}

// incomplete is how many bytes at the end begin a character that is not all there.
func incomplete(text string) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if at := text[len(text)-n:]; utf8.RuneStart(at[0]) {
			if !utf8.FullRuneInString(at) {
				return n
			}
			return 0
		}
	}
	return 0
}

// Flush passes on what stands after the last end of line.
func (l *Lines) Flush() {
	if len(l.pending) > 0 {
		l.emit(Printable(string(l.pending)))
		l.pending = l.pending[:0]
	}
}

// Printable drops control sequences and control characters but \n and \t, and repairs UTF-8.
func Printable(text string) string {
	plain := ascii.Plain(text)
	for plain < len(text) && (text[plain] == '\t' || text[plain] == '\n') {
		plain++
		plain += ascii.Plain(text[plain:])
	}
	if plain == len(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text[:plain])
	text = text[plain:]
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
