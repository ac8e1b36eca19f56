// Package safetext says what in untrusted text is more than text: nothing that it lets through can move the cursor, colour the
// screen, set a title or have a line read as something else than it is.
package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean returns text without control sequences and harmful characters, tabs and line feeds apart, and with U+FFFD for what is
// not UTF-8.
func Clean(text string) string {
	safe := Prefix(text)
	for safe < len(text) && (text[safe] == '\n' || text[safe] == '\t') {
		safe++
		safe += Prefix(text[safe:])
	}
	if safe == len(text) {
		return text
	}
	return rewrite(text, safe, func(b *strings.Builder, r rune) {
		if r == '\n' || r == '\t' || !Harmful(r) {
			b.WriteRune(r)
		}
	})
}

// tabWidth is how far apart tab stops are.
const tabWidth = 8

// Line returns text as one line of printable characters, for a place on the screen: control sequences go, tabs become spaces,
// and harmful characters U+FFFD, so that it shows that something was there. Text that is safe already, the usual case, is
// returned as it is without allocating.
func Line(text string) string {
	safe := Prefix(text)
	if printable(text[safe:]) {
		return text
	}
	column := safe
	return rewrite(text, safe, func(b *strings.Builder, r rune) {
		switch {
		case r == '\t':
			n := tabWidth - column%tabWidth
			b.WriteString("        "[:n])
			column += n
			return
		case Harmful(r):
			r = utf8.RuneError
		}
		b.WriteRune(r)
		column++
	})
}

// Text is Line for text of several lines; the line feeds stay.
func Text(text string) string {
	if !strings.Contains(text, "\n") {
		return Line(text)
	}
	list := strings.Split(text, "\n")
	for i, line := range list {
		list[i] = Line(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(list, "\n")
}

// printable reports whether text is valid UTF-8 without harmful characters.
func printable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, Harmful) < 0
}

// rewrite copies text, of which the first bytes are safe, without its control sequences, and each character by write.
func rewrite(text string, safe int, write func(*strings.Builder, rune)) string {
	var b strings.Builder
	b.Grow(len(text))
	b.WriteString(text[:safe])
	for i := safe; i < len(text); {
		if n := Sequence(text[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		write(&b, r)
		i += size
	}
	return b.String()
}

// Harmful tells the characters that act on a terminal instead of standing in it: C0, C1, line and paragraph separators,
// and the bidirectional controls, which make a line read as something else than it is. Tab and line feed are among them.
func Harmful(r rune) bool {
	switch {
	case r < 0x20, r == 0x7f:
		return true
	case r < 0xa0:
		return r >= 0x80
	case r < 0x2000:
		return r == 0x061c
	case r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return true
	}
	return r > 0xffff && unicode.Is(unicode.Cf, r)
}

// Sequence is the length in bytes of the control sequence of ECMA-48 that text begins with; 0 where it begins with none. One
// that does not end goes as far as text does.
func Sequence[T string | []byte](text T) int {
	switch {
	case len(text) > 1 && text[0] == 0xc2 && text[1] == 0x9b: // CSI as one C1 character
		return 2 + parameters(text[2:])
	case len(text) == 0 || text[0] != 0x1b:
		return 0
	case len(text) == 1:
		return 1
	}
	switch text[1] {
	case '[':
		return 2 + parameters(text[2:])
	case ']', 'P', 'X', '^', '_':
		return 2 + command(text[2:])
	}
	i := 1
	for i < len(text) && text[i] >= 0x20 && text[i] <= 0x2f {
		i++
	}
	if i < len(text) && text[i] >= 0x30 && text[i] <= 0x7e {
		i++
	}
	return i
}

// parameters is the length of a CSI sequence's parameters, intermediates and final character.
func parameters[T string | []byte](text T) int {
	i := 0
	for i < len(text) && text[i] >= 0x20 && text[i] <= 0x3f {
		i++
	}
	if i < len(text) && text[i] >= 0x40 && text[i] <= 0x7e {
		i++
	}
	return i
}

// command is the length of a string that BEL or ESC \ ends. Another sequence breaks it off.
func command[T string | []byte](text T) int {
	for i := range len(text) {
		switch {
		case text[i] == 0x07:
			return i + 1
		case text[i] != 0x1b:
		case i+1 < len(text) && text[i+1] == '\\':
			return i + 2
		default:
			return i
		}
	}
	return len(text)
}

// EscapeJSON replaces the harmful characters in JSON by their escapes, \u202e for example; those below U+0020 are escaped in
// any JSON. Whoever shows a field on a terminal as it stands in the line is safe then.
func EscapeJSON(text []byte) []byte {
	clean := true
	for i := 0; i < len(text) && clean; {
		r, size := utf8.DecodeRune(text[i:])
		clean = r < utf8.RuneSelf && r != 0x7f || r >= utf8.RuneSelf && !Harmful(r)
		i += size
	}
	if clean {
		return text
	}
	var escaped []byte
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r < 0x20 || !Harmful(r):
			escaped = append(escaped, text[i:i+size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
		i += size
	}
	return escaped
}

// Prefix is how many bytes at the start of text are printable ASCII, ' ' to '~', and therefore safe on any terminal. It looks
// at eight bytes at a time: a build prints a hundred megabytes, and nearly all of it is plain.
func Prefix(text string) int {
	n := 0
	for ; len(text)-n >= 8; n += 8 {
		t := text[n : n+8]
		word := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		if suspicious(word) {
			break
		}
	}
	for n < len(text) && text[n] >= ' ' && text[n] <= '~' {
		n++
	}
	return n
}

// suspicious reports whether one of the eight bytes is not printable ASCII. The top bit of a byte is set by the byte itself
// beyond 0x7f, by the addition for 0x7f, and by the subtraction below 0x20; a carry or borrow needs a byte that is
// suspicious already.
func suspicious(word uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (word|(word+ones)|(word-' '*ones))&tops != 0
}
