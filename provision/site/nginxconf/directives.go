package nginxconf

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
)

// Context is where a directive stands, by the letter of directives.txt; Opaque where only the module around it knows.
type Context byte

// The contexts that the rest of the program speaks of.
const (
	Opaque Context = 0
	Main   Context = 'm'
	HTTP   Context = 'h'
)

// Within is the context inside a directive's block.
func (c Context) Within(d *Directive) Context {
	for _, step := range []struct {
		name string
		from string
		to   Context
	}{
		{"events", "m", 'e'}, {"http", "m", HTTP}, {"stream", "m", 'T'}, {"mail", "m", 'H'},
		{"server", "h", 's'}, {"server", "T", 'V'}, {"server", "H", 'S'}, {"upstream", "h", 'u'}, {"upstream", "T", 'U'},
		{"location", "sl", 'l'}, {"if", "s", 'f'}, {"if", "l", 'i'}, {"limit_except", "l", 'x'},
	} {
		if d.Name == step.name && c != Opaque && strings.IndexByte(step.from, byte(c)) >= 0 {
			return step.to
		}
	}
	return Opaque
}

// Misuse is why nginx refuses a directive.
type Misuse int

// The kinds of misuse. Of a directive that none of nginx's own modules has, another module may know.
const (
	Fine Misuse = iota
	Unknown
	Misplaced
	WrongArguments
	NoBlock       // it needs one
	NotTerminated // it takes none
	NotFlag       // neither on nor off
)

// form is one definition of a directive.
type form struct{ contexts, arguments string }

//go:embed directives.txt
var directivesText string

// forms are the definitions of nginx's own modules, by directive.
var forms = sync.OnceValue(func() map[string][]form {
	table := map[string][]form{}
	for line := range strings.Lines(directivesText) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		for _, word := range words[1:] {
			contexts, arguments, _ := strings.Cut(word, ":")
			table[words[0]] = append(table[words[0]], form{contexts, arguments})
		}
	}
	return table
})

// Check tells whether nginx takes the directive in a context.
func Check(d *Directive, in Context) Misuse {
	known := forms()[d.Name]
	if len(known) == 0 {
		return Unknown
	}
	worst := Misplaced
	for _, f := range known {
		if !f.in(in) {
			continue
		}
		if worst = f.misuse(d); worst == Fine {
			return Fine
		}
	}
	return worst
}

// Takes reports whether a directive takes so many arguments, wherever it stands.
func Takes(name string, arguments int) bool {
	return slices.ContainsFunc(forms()[name], func(f form) bool {
		return f.misuse(&Directive{Args: make([]Word, arguments), HasBody: strings.Contains(f.arguments, "{")}) == Fine
	})
}

// Once reports whether nginx refuses a second one of the directive in the same block.
func Once(name string, in Context) bool {
	return slices.ContainsFunc(forms()[name], func(f form) bool { return f.in(in) && strings.Contains(f.arguments, "!") })
}

func (f form) in(c Context) bool {
	return f.contexts == "*" || strings.IndexByte(f.contexts, byte(c)) >= 0
}

func (f form) misuse(d *Directive) Misuse {
	has := func(sign string) bool { return strings.Contains(f.arguments, sign) }
	n := len(d.Args)
	switch {
	case has("{") && !d.HasBody:
		return NoBlock
	case !has("{") && d.HasBody:
		return NotTerminated
	case has("f") && n == 1 && !strings.EqualFold(d.Value(), "on") && !strings.EqualFold(d.Value(), "off"):
		return NotFlag
	case has("a") || has("f") && n == 1 || has("+") && n >= 1 || has("%") && n >= 2 || n < 8 && has(string(rune('0'+n))):
		return Fine
	}
	return WrongArguments
}

// Nearest is the directive that was most likely meant by a name that no module has; empty where none is near.
func Nearest(name string, in Context) string {
	most := 1
	if len(name) >= 8 {
		most = 2
	}
	best := ""
	if len(name) < 5 {
		return best
	}
	for candidate, known := range forms() {
		if !slices.ContainsFunc(known, func(f form) bool { return f.in(in) }) {
			continue
		}
		distance := levenshtein.ComputeDistance(name, candidate)
		if distance < most || distance == most && (best == "" || candidate < best) {
			most, best = distance, candidate
		}
	}
	return best
}

//go:embed variables.txt
var variablesText string

// variables are those of nginx's own modules.
var variables = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	_, names, _ := strings.Cut(variablesText, "\n")
	for name := range strings.FieldsSeq(names) {
		known[name] = true
	}
	return known
})

// IsVariable reports whether nginx itself has a variable. Modules that it does not bring have more.
func IsVariable(name string) bool {
	name = strings.ToLower(name)
	if variables()[name] || name != "" && strings.Trim(name, "0123456789") == "" {
		return true
	}
	return slices.ContainsFunc([]string{
		"arg_", "cookie_", "http_", "sent_http_", "sent_trailer_", "upstream_http_", "upstream_cookie_", "upstream_trailer_", "proxy_protocol_tlv_",
	}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// References lists the variables that a value names, and reports whether nginx can read them all.
func References(value string) (names []string, good bool) {
	for i := 0; i < len(value); i++ {
		if value[i] != '$' {
			continue
		}
		rest := value[i+1:]
		braced := strings.HasPrefix(rest, "{")
		rest = strings.TrimPrefix(rest, "{")
		n := 0
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if n > 1 && rest[0] >= '1' && rest[0] <= '9' && !braced {
			n = 1 // a capture has one digit
		}
		if n == 0 || braced && !strings.HasPrefix(rest[n:], "}") {
			return names, false
		}
		names = append(names, rest[:n])
		i += n
	}
	return names, true
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
