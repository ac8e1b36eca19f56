package remote

import (
	"fmt"
	"strings"
)

// armour writes text so that it survives double quotes inside single quotes in the language of every login shell (the
// Bourne family, csh, fish), where it is decoded by printf %b: what any of them could take amiss is an octal escape.
func armour(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for i := 0; i < len(text); i++ {
		if c := text[i]; isPlain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\0%03o`, c)
		}
	}
	return b.String()
}

func isPlain(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte(" _./:=,@+-;()<>|&{}[]*?~#^%", c) >= 0
}
