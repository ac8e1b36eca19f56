package nginxconf

import "strings"

// skipLua goes past the brace that closes a block of Lua, which is no nginx configuration inside.
func (p *parser) skipLua(line int) error {
	for depth := 1; p.at < len(p.text); {
		switch p.text[p.at] {
		case '{':
			depth++
		case '}':
			depth--
		}
		for range luaToken(p.text[p.at:]) {
			p.advance()
		}
		if depth == 0 {
			return nil
		}
	}
	return &SyntaxError{Line: line, Problem: EndOfFile}
}

// luaToken is the length of the string or comment that text begins with; 1 where it begins with neither.
func luaToken(text string) int {
	switch {
	case text[0] == '"' || text[0] == '\'':
		return luaString(text)
	case strings.HasPrefix(text, "--"):
		if n := luaLong(text[2:]); n > 0 {
			return 2 + n
		}
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end
		}
		return len(text)
	}
	return max(luaLong(text), 1)
}

// luaString is the length of the quoted string that text begins with.
func luaString(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return len(text)
}

// luaLong is the length of the string in long brackets, [[…]] or [==[…]==], that text begins with; 0 where there is none.
func luaLong(text string) int {
	rest, ok := strings.CutPrefix(text, "[")
	if !ok {
		return 0
	}
	level := len(rest) - len(strings.TrimLeft(rest, "="))
	if !strings.HasPrefix(rest[level:], "[") {
		return 0
	}
	closing := "]" + rest[:level] + "]"
	if end := strings.Index(text, closing); end >= 0 {
		return end + len(closing)
	}
	return len(text)
}
