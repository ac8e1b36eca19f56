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
	emit    func(lines string)
	pending []byte // the line that has not ended yet
	cr      bool   // the last byte was \r, so that \r\n is one end of line
}

// NewLines returns a writer that calls emit with the lines that end in each write, parted by \n and without the last line
// end: a build may print a million of them. EachLine takes them apart.
func NewLines(emit func(lines string)) *Lines { return &Lines{emit: emit} }

// EachLine makes of a function of one line the function of several that NewLines and RunJob ask for.
func EachLine(do func(line string)) func(lines string) {
	return func(lines string) {
		for line := range strings.SplitSeq(lines, "\n") {
			do(line)
		}
	}
}

// Write implements io.Writer.
func (l *Lines) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	end += bytes.LastIndexByte(p[end:], '\r') + 1
	if end > 0 {
		var ended strings.Builder
		ended.Grow(len(l.pending) + end)
		ended.Write(l.pending)
		ended.Write(p[:end])
		l.pending = l.pending[:0]
		l.pass(ended.String())
	}
	l.pending = append(l.pending, p[end:]...)
	if len(l.pending) > lineLimit {
		var out batch
		l.pending = append(l.pending[:0], out.bounded(string(l.pending))...)
		l.emit(out.String())
	}
	return len(p), nil
}

// pass emits the lines of text, which ends with one.
func (l *Lines) pass(text string) {
	if l.cr && text[0] == '\n' {
		text = text[1:]
	}
	l.cr = strings.HasSuffix(text, "\r")
	switch {
	case text == "":
	case isClean(text):
		l.emit(text[:len(text)-1])
	default:
		var out batch
		out.split(text)
		l.emit(out.String())
	}
}

// Flush passes on what stands after the last end of line.
func (l *Lines) Flush() {
	if len(l.pending) > 0 {
		l.emit(Printable(string(l.pending)))
		l.pending = l.pending[:0]
	}
}

// isClean reports whether every line of text, the last of which has ended too, may be passed on as it is.
func isClean(text string) bool {
	for text != "" {
		n := plain(text)
		if n == len(text) || text[n] != '\n' || n > lineLimit {
			return false
		}
		text = text[n+1:]
	}
	return true
}

// plain is how many bytes at the start of text are printable ASCII or \t.
func plain(text string) int {
	n := ascii.Plain(text)
	for n < len(text) && text[n] == '\t' {
		n++
		n += ascii.Plain(text[n:])
	}
	return n
}

// batch gathers lines that are passed on together.
type batch struct {
	strings.Builder
	begun bool
}

func (b *batch) line(text string) {
	if b.begun {
		b.WriteByte('\n')
	}
	b.begun = true
	b.WriteString(Printable(text))
}

// split adds the lines of text, which ends with one.
func (b *batch) split(text string) {
	for text != "" {
		end := strings.IndexAny(text, "\r\n")
		b.line(b.bounded(text[:end]))
		if strings.HasPrefix(text[end:], "\r\n") {
			end++
		}
		text = text[end+1:]
	}
}

// bounded adds what of a line is too long for one, and returns the rest.
func (b *batch) bounded(line string) (rest string) {
	for len(line) > lineLimit {
		cut := lineLimit - incomplete(line[:lineLimit])
		b.line(line[:cut])
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

// Printable drops control sequences and control characters but \n and \t, and repairs UTF-8.
func Printable(text string) string {
	safe := plain(text)
	for safe < len(text) && text[safe] == '\n' {
		safe++
		safe += plain(text[safe:])
	}
	if safe == len(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text[:safe])
	text = text[safe:]
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
