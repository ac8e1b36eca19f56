package diagnose

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/safetext"
)

// clean appends line to dst without control sequences and with invalid UTF-8 repaired, so that the result can be shown on
// a terminal as it is.
func clean(dst, line []byte) []byte {
	if plainASCII(line) {
		return append(dst, bytes.TrimRight(line, " \t")...)
	}
	for i := 0; i < len(line); {
		if n := escapeLength(line[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRune(line[i:])
		i += n
		switch {
		case r == utf8.RuneError && n == 1 && len(dst) == 0:
			// Dropped: a message that starts with rubbish still starts there.
		case r == '\t':
			dst = append(dst, '\t')
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d':
			// Dropped: control characters, and format characters that could reorder what a person reads.
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return bytes.TrimRight(dst, " \t")
}

func plainASCII(line []byte) bool {
	for _, c := range line {
		if (c < ' ' && c != '\t') || c >= 0x7f || c == '[' || c == '\\' {
			return !needsWork(line)
		}
	}
	return true
}

// needsWork looks closer at a line with a bracket or backslash, which are common in plain text too.
func needsWork(line []byte) bool {
	for i, c := range line {
		if (c < ' ' && c != '\t') || c >= 0x7f || ((c == '[' || c == '\\') && escapeLength(line[i:]) > 0) {
			return true
		}
	}
	return false
}

// writtenEscapes are the ways in which logs spell the escape character out.
var writtenEscapes = [...]string{"\\u001b", "\\x1b", "\\033", "\\e", "^["}

// escapeLength is the length of the control sequence that line starts with, 0 for none. Colours whose escape character got
// lost ("[91m") count too, and so do escape characters that a log spells out.
func escapeLength(line []byte) int {
	switch line[0] {
	case 0x1b:
		return safetext.Sequence(line)
	case '[':
		return colourLength(line)
	case '\\', '^':
		for _, written := range writtenEscapes {
			if rest, ok := bytes.CutPrefix(line, []byte(written)); ok {
				if n := colourLength(rest); n > 0 {
					return len(written) + n
				}
			}
		}
	}
	return 0
}

// colourLength measures "[0;91m" and "[K".
func colourLength(line []byte) int {
	if len(line) < 2 || line[0] != '[' {
		return 0
	}
	i := 1
	for i < len(line) && (line[i] >= '0' && line[i] <= '9' || line[i] == ';') {
		i++
	}
	if i < len(line) && (line[i] == 'm' && i > 1 || line[i] == 'K' && i <= 2) && i < 16 {
		return i + 1
	}
	return 0
}

// quotes are the typographic marks that localised tools put around names; patterns are written with plain ones.
var quotes = map[rune]string{'‘': "'", '’': "'", '`': "'", '´': "'", '“': `"`, '”': `"`, '«': `"`, '»': `"`, '„': `"`, '：': ": "}

// isStraight tells that straighten has nothing to do on line.
func isStraight(line []byte) bool {
	for i, c := range line {
		if c >= 0x7f || c == '`' || c == '\\' && i+1 < len(line) && line[i+1] == '"' {
			return false
		}
	}
	return true
}

// straighten appends line to scratch, typographic quotation marks and those that a log escaped replaced by plain ones.
func straighten(scratch, line []byte) []byte {
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		if r == '\\' && i+1 < len(line) && line[i+1] == '"' {
			i++
			continue
		}
		if plain, ok := quotes[r]; ok {
			scratch = append(scratch, plain...)
		} else {
			scratch = append(scratch, line[i:i+n]...)
		}
		i += n
	}
	return scratch
}
