package diagnose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hasWord tells whether replaceWord would replace something.
func hasWord(text, word string) bool { return replaceWord(text, word, "") != text }

// replaceWord puts other words in the place of each occurrence of a word, whatever its case. Neighbours may share the character
// between them, and what stands in a placeholder is no word of the text: a host may well be named "host".
func replaceWord(text, word, with string) string {
	pattern := regexp.MustCompile(`\[(?:host|user|address|email) \d+\]|(?i:` + regexp.QuoteMeta(word) + `)`)
	var b strings.Builder
	done, from := 0, 0
	for {
		at := pattern.FindStringIndex(text[from:])
		if at == nil {
			break
		}
		start, end := from+at[0], from+at[1]
		switch {
		case text[start] == '[' && word[0] != '[':
			from = end
		case isPartOfWord(utf8.DecodeLastRuneInString(text[:start])) || isPartOfWord(utf8.DecodeRuneInString(text[end:])):
			_, size := utf8.DecodeRuneInString(text[start:])
			from = start + size
		default:
			b.WriteString(text[done:start] + with)
			done, from = end, end
		}
	}
	return b.String() + text[done:]
}

// isPartOfWord tells whether a character next to a word makes it part of a longer one; there is none at an end of the text.
func isPartOfWord(c rune, size int) bool {
	return size > 0 && (c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c))
}
