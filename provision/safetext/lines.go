package safetext

import (
	"bytes"
	"strings"
	"unicode/utf8"
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

// EachLine makes of a function of one line the function of several that NewLines asks for.
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
		l.emit(Clean(string(l.pending)))
		l.pending = l.pending[:0]
	}
}

// isClean reports whether every line of text, the last of which has ended too, may be passed on as it is.
func isClean(text string) bool {
	for text != "" {
		n := uniform(text)
		if n == len(text) || text[n] != '\n' || n > lineLimit {
			return false
		}
		text = text[n+1:]
	}
	return true
}

// uniform is how many bytes at the start of text are printable ASCII or \t.
func uniform(text string) int {
	n := Prefix(text)
	for n < len(text) && text[n] == '\t' {
		n++
		n += Prefix(text[n:])
	}
	return n
}

// batch gathers lines that are passed on together.
type batch struct {
	strings.Builder
	more bool // there is a line already
}

func (b *batch) line(text string) {
	if b.more {
		b.WriteByte('\n')
	}
	b.more = true
	b.WriteString(Clean(text))
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

// OneLine is untrusted text as one clean line of at most limit bytes, to be quoted in a sentence.
func OneLine(text string, limit int) string {
	return Abbreviate(strings.Join(strings.Fields(Clean(text)), " "), limit)
}

// Abbreviate cuts text to at most limit bytes, between two characters.
func Abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
