// Package sanitize makes untrusted text safe to show: nothing that it returns can move the cursor, colour the screen, set
// the title or reorder what stands beside it.
package sanitize

import (
	"strings"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/safetext"
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
		case r == 0x1b, r == 0x9b:
			size = safetext.Sequence(text[i:])
		case safetext.Harmful(r) || r == utf8.RuneError && size == 1:
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
	return safeRunes(text[safetext.Prefix(text):])
}

func safeRunes(text string) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if safetext.Harmful(r) || r == utf8.RuneError && size == 1 {
			return false
		}
		i += size
	}
	return true
}
