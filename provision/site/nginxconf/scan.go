package nginxconf

import "strings"

type kind int

const (
	word kind = iota
	semicolon
	opening
	closing
	end
)

type token struct {
	kind kind
	Word
}

// scanner splits the text into words, punctuation and comments.
type scanner struct {
	text     string
	at       int
	line     int
	comments []Comment
}

func (s *scanner) advance() {
	if s.text[s.at] == '\n' {
		s.line++
	}
	s.at++
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (s *scanner) next() (token, error) {
	s.skip()
	t := token{kind: end, Word: Word{Line: s.line, Start: s.at, End: s.at}}
	if s.at == len(s.text) {
		return t, nil
	}
	switch c := s.text[s.at]; c {
	case ';', '{', '}':
		t.kind = map[byte]kind{';': semicolon, '{': opening, '}': closing}[c]
		t.Text = string(c)
		s.advance()
		t.End = s.at
		return t, nil
	case '"', '\'':
		return s.quoted(c)
	}
	return s.plain(), nil
}

// skip goes past blanks and comments.
func (s *scanner) skip() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case isBlank(c):
			s.advance()
		case c == '#':
			stop := strings.IndexByte(s.text[s.at:], '\n')
			if stop < 0 {
				stop = len(s.text) - s.at
			}
			text := strings.TrimSuffix(s.text[s.at:s.at+stop], "\r")
			s.comments = append(s.comments, Comment{text[1:], s.line, s.at, s.at + len(text)})
			s.at += stop
		default:
			return
		}
	}
}

// plain reads a word without quotes: up to a blank, a semicolon or a brace that is not that of a variable, ${name}. A closing
// brace is part of it.
func (s *scanner) plain() token {
	t := token{kind: word, Word: Word{Line: s.line, Start: s.at}}
	var text strings.Builder
	for variable := false; s.at < len(s.text); {
		c := s.text[s.at]
		if isBlank(c) || c == ';' || c == '{' && !variable {
			break
		}
		variable = c == '$' || c == '{'
		if c == '\\' && s.at+1 < len(s.text) {
			s.escaped(&text)
			continue
		}
		text.WriteByte(c)
		s.advance()
	}
	t.Text, t.End = text.String(), s.at
	return t
}

func (s *scanner) quoted(quote byte) (token, error) {
	t := token{kind: word, Word: Word{Line: s.line, Start: s.at}}
	var text strings.Builder
	for s.advance(); s.at < len(s.text); {
		c := s.text[s.at]
		if c == '\\' && s.at+1 < len(s.text) {
			s.escaped(&text)
			continue
		}
		s.advance()
		if c == quote {
			t.Text, t.End = text.String(), s.at
			return t, s.afterQuote()
		}
		text.WriteByte(c)
	}
	return t, &SyntaxError{Line: t.Line, Problem: OpenQuote, Found: string(quote)}
}

// escaped reads a backslash and what follows: quotes, backslash and blanks lose the backslash, t, r and n become what they
// stand for, all else keeps it.
func (s *scanner) escaped(text *strings.Builder) {
	s.advance()
	switch c := s.text[s.at]; c {
	case '"', '\'', '\\', ' ':
		text.WriteByte(c)
	case 't':
		text.WriteByte('\t')
	case 'r':
		text.WriteByte('\r')
	case 'n':
		text.WriteByte('\n')
	default:
		text.WriteByte('\\')
		text.WriteByte(c)
	}
	s.advance()
}

func (s *scanner) afterQuote() error {
	if s.at == len(s.text) || isBlank(s.text[s.at]) || strings.IndexByte(";{)", s.text[s.at]) >= 0 {
		return nil
	}
	return &SyntaxError{Line: s.line, Problem: AfterQuote, Found: s.text[s.at : s.at+1]}
}
