// Package sanitize makes untrusted text safe to show: nothing that it returns can move the cursor, colour the screen, set
// the title or reorder what stands beside it.
package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/ascii"
)

// TabWidth is how far apart tab stops are.
const TabWidth = 8

// Line returns text as one line of printable characters: escape sequences go, tabs become spaces, other control characters
// and invalid UTF-8 become U+FFFD. Text that is safe already, the usual case, is returned as it is without allocating.
func Line(text string) string {
	if Safe(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	column := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\t':
			n := TabWidth - column%TabWidth
			b.WriteString("        "[:n])
			column += n
		case r == 0x1b:
			size = sequence(text[i:])
		case r == 0x9b: // CSI as one C1 character
			size += parameters(text[i+size:])
		case harmful(r) || r == utf8.RuneError && size == 1:
			b.WriteRune(utf8.RuneError)
			column++
		default:
			b.WriteRune(r)
			column++
		}
		i += size
	}
	return b.String()
}

// Lines is Line for text of several lines; the line feeds stay.
func Lines(text string) string {
	if !strings.Contains(text, "\n") {
		return Line(text)
	}
	list := strings.Split(text, "\n")
	for i, line := range list {
		list[i] = Line(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(list, "\n")
}

// Safe reports whether Line would return text unchanged.
func Safe(text string) bool {
	return safeRunes(text[ascii.Plain(text):])
}

func safeRunes(text string) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if harmful(r) || r == utf8.RuneError && size == 1 {
			return false
		}
		i += size
	}
	return true
}

// harmful tells the characters that act on a terminal instead of standing in it: C0, C1, line and paragraph separators,
// and the bidirectional controls, which make a line read as something else than it is.
func harmful(r rune) bool {
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

// sequence is the length of the escape sequence that text starts with (ECMA-48).
func sequence(text string) int {
	if len(text) < 2 {
		return len(text)
	}
	switch text[1] {
	case '[':
		return 2 + parameters(text[2:])
	case ']', 'P', 'X', '^', '_': // strings, ended by BEL or ST
		for i := 2; i < len(text); i++ {
			if text[i] == 0x07 {
				return i + 1
			}
			if text[i] == 0x1b && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2
			}
		}
		return len(text)
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

// parameters is the length of a control sequence's parameters, intermediates and final character.
func parameters(text string) int {
	i := 0
	for i < len(text) && text[i] >= 0x20 && text[i] <= 0x3f {
		i++
	}
	if i < len(text) && text[i] >= 0x40 && text[i] <= 0x7e {
		i++
	}
	return i
}
