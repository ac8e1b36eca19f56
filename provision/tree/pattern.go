package tree

import (
	"math/bits"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pattern is a line of an ignore file, compiled once. It matches what Docker's patternmatcher does, whose regular expressions
// take a minute for some thousand lines and some hundred long names. Here a set of places in the name moves along the pattern,
// a bit a place, so that no pattern and no name takes long.
type pattern struct {
	exception      bool
	kind           patternKind
	prefix, suffix string // of every path that matches
	steps          []step
	odd            *regexp.Regexp
}

type patternKind byte

const (
	kindWhole patternKind = iota // the path is prefix
	kindStart                    // prefix**: it begins with it
	kindEnd                      // **suffix: it ends with it
	kindSteps                    // it can be walked by steps
	kindOdd                      // it has what only a regular expression understands
)

// special are the characters that mean something. So does ^, where one of them is there too: Docker's expressions have it.
const special = `*?[]\`

func newPattern(text string, exception bool) (p pattern, err error) {
	p = pattern{exception: exception, prefix: text}
	first := strings.IndexAny(text, special)
	switch {
	case first < 0:
		return p, nil
	case first > 0 && text[first:] == "**":
		p.kind, p.prefix = kindStart, text[:first]
		return p, nil
	case strings.HasPrefix(text, "**") && !strings.ContainsAny(text[2:], special):
		p.kind, p.prefix, p.suffix = kindEnd, "", text[2:]
		return p, nil
	}
	p.kind, p.prefix = kindOdd, text[:strings.IndexAny(text, special+"^")]
	var plain bool
	if p.steps, plain = compile(text); !plain {
		p.odd, err = regexp.Compile(expression(text))
		return p, err
	}
	p.kind = kindSteps
	for i := len(p.steps); i > 0 && p.steps[i-1].kind == stepChar; i-- {
		p.suffix = string(p.steps[i-1].char) + p.suffix
	}
	return p, nil
}

func (p *pattern) match(s *subject) bool {
	if !strings.HasPrefix(s.text, p.prefix) || !strings.HasSuffix(s.text, p.suffix) {
		return p.kind == kindEnd && p.suffix == "/"+s.text // **/name is also a name in no folder
	}
	switch p.kind {
	case kindWhole:
		return s.text == p.prefix
	case kindSteps:
		return s.walk(p.steps)
	case kindOdd:
		return p.odd.MatchString(s.text)
	}
	return true
}

// step moves a set of places on.
type step struct {
	kind    stepKind
	char    rune
	class   string // as it is written
	ranges  []rune // pairs of its first and last character
	negated bool
}

type stepKind byte

const (
	stepChar    stepKind = iota
	stepAny              // ?: any character of a name
	stepClass            // [a-z]
	stepName             // *: any part of a name
	stepFolders          // **/: any folders, or none
	stepRest             // ** at the end
	stepStart            // ^: nothing is in front
)

// compile takes a pattern apart; plain is false for what is not to be done in steps.
func compile(text string) (steps []step, plain bool) {
	if !utf8.ValidString(text) {
		return nil, false
	}
	for len(text) > 0 {
		char, size := utf8.DecodeRuneInString(text)
		rest := text[size:]
		s := step{char: char}
		switch char {
		case '\\':
			if rest == "" || strings.ContainsRune(alphanumeric, rune(rest[0])) || rest[0] >= utf8.RuneSelf {
				return nil, false
			}
			s.char, rest = rune(rest[0]), rest[1:]
		case '^':
			s.kind = stepStart
		case '?':
			s.kind = stepAny
		case '[':
			if s, rest, plain = class(rest); !plain {
				return nil, false
			}
		case '*':
			s.kind = stepName
			if after, twice := strings.CutPrefix(rest, "*"); twice {
				s.kind, rest = stepFolders, strings.TrimPrefix(after, "/")
				if rest == "" {
					s.kind = stepRest
				}
			}
		}
		steps, text = append(steps, s), rest
	}
	return steps, true
}

const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// class reads a class of characters behind its bracket.
func class(text string) (s step, rest string, plain bool) {
	inner, rest, closed := strings.Cut(text, "]")
	s.kind, s.class = stepClass, inner
	inner, s.negated = strings.CutPrefix(inner, "^")
	if !closed || inner == "" || strings.ContainsAny(inner, special+"^") {
		return s, rest, false
	}
	chars := []rune(inner)
	for len(chars) > 0 {
		low, high := chars[0], chars[0]
		if chars = chars[1:]; len(chars) > 1 && chars[0] == '-' {
			high, chars = chars[1], chars[2:]
		}
		if low == '-' || high == '-' || low > high {
			return s, rest, false
		}
		s.ranges = append(s.ranges, low, high)
	}
	return s, rest, true
}

func (s *step) holds(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] <= r && r <= s.ranges[i+1] {
			return !s.negated
		}
	}
	return s.negated
}

// expression is the regular expression that Docker makes of a pattern.
func expression(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\\' && len(text) > 1:
			_, next := utf8.DecodeRuneInString(text[1:])
			b.WriteString(text[:1+next])
			text = text[1+next:]
			continue
		case strings.HasPrefix(text, "**"):
			text = strings.TrimPrefix(text[2:], "/")
			if text == "" {
				b.WriteString(".*")
			} else {
				b.WriteString("(.*/)?")
			}
			continue
		case r == '*':
			b.WriteString("[^/]*")
		case r == '?':
			b.WriteString("[^/]")
		case strings.ContainsRune(`.+()|{}$`, r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteString(string(r))
		}
		text = text[size:]
	}
	return "^" + b.String() + "$"
}

// subject is a path that patterns are matched with. The sets have a bit for each place, the one in front of the character of
// that number.
type subject struct {
	text      string
	chars     []rune
	words     int                 // of a set
	places    map[rune][]uint64   // in front of each character that there is
	classes   map[string][]uint64 // in front of those of a class
	notSlash  []uint64
	notEnd    []uint64 // in front of all that is no end of a line
	at, saved []uint64
}

// prepare makes the sets, which most paths never need.
func (s *subject) prepare() {
	s.chars = []rune(s.text)
	s.words = len(s.chars)/64 + 1
	s.places, s.classes = make(map[rune][]uint64), make(map[string][]uint64)
	s.notSlash, s.notEnd = s.set(), s.set()
	s.at, s.saved = s.set(), s.set()
	for i, char := range s.chars {
		if s.places[char] == nil {
			s.places[char] = s.set()
		}
		bit := uint64(1) << (i % 64)
		s.places[char][i/64] |= bit
		if char != '/' {
			s.notSlash[i/64] |= bit
		}
		if char != '\n' {
			s.notEnd[i/64] |= bit
		}
	}
}

func (s *subject) set() []uint64 { return make([]uint64, s.words) }

// walk tells whether the steps lead from the first place to the last.
func (s *subject) walk(steps []step) bool {
	if s.chars == nil {
		s.prepare()
	}
	clear(s.at)
	s.at[0] = 1
	for i := range steps {
		on := true
		switch st := &steps[i]; st.kind {
		case stepChar:
			on = s.advance(s.places[st.char])
		case stepAny:
			on = s.advance(s.notSlash)
		case stepClass:
			on = s.advance(s.inClass(st))
		case stepName:
			s.flood(s.notSlash)
		case stepFolders:
			copy(s.saved, s.at)
			s.flood(s.notEnd)
			s.advance(s.places['/'])
			for i := range s.at {
				s.at[i] |= s.saved[i]
			}
		case stepRest:
			s.flood(s.notEnd)
		case stepStart:
			on = s.at[0]&1 == 1
			clear(s.at)
			s.at[0] = 1
		}
		if !on {
			return false
		}
	}
	last := len(s.chars)
	return s.at[last/64]>>(last%64)&1 == 1
}

// advance takes each place over one character, where it stands in front of one of those; it tells whether any place is left.
func (s *subject) advance(over []uint64) bool {
	if over == nil {
		clear(s.at)
		return false
	}
	var carry, any uint64
	for i := range s.at {
		word := s.at[i] & over[i]
		s.at[i] = word<<1 | carry
		carry = word >> 63
		any |= s.at[i]
	}
	return any != 0
}

// flood adds to each place those that can be reached over any number of such characters: a sum carries through a run of them.
func (s *subject) flood(over []uint64) {
	var carry uint64
	for i := range s.at {
		var sum uint64
		sum, carry = bits.Add64(s.at[i]&over[i], over[i], carry)
		s.at[i] |= sum ^ over[i]
	}
}

func (s *subject) inClass(st *step) []uint64 {
	in := s.classes[st.class]
	if in == nil {
		in = s.set()
		for i, char := range s.chars {
			if st.holds(char) {
				in[i/64] |= 1 << (i % 64)
			}
		}
		s.classes[st.class] = in
	}
	return in
}
