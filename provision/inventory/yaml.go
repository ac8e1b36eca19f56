package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/kehuo/provision/provision"
)

// What a file may have: an inventory of a thousand hosts has less, and the parser's work grows with the square of some of it.
const (
	maxSize    = 1 << 20 // bytes
	maxMarks   = 120_000 // characters that may begin or end a token
	maxTokens  = 50_000
	maxAnchors = 1_000 // anchors, aliases, tags and keys in two parts
	maxDepth   = 64    // lists and mappings in each other
)

func splitLines(content []byte) []string {
	lines := strings.Split(string(content), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// parse reads the text as one YAML document.
func (d *decoder) parse(content []byte) (body ast.Node, err error) {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		d.lines = nil // not to be shown
		return nil, d.failure(position{1, 1}, invalid("inventory.utf-16"))
	}
	for _, check := range []func([]byte) *problem{checkMarks, d.checkText} {
		if wrong := check(content); wrong != nil {
			return nil, d.failure(wrong.position, wrong.what)
		}
	}
	// The parser must not end the program, whatever a file holds.
	defer func() {
		if r := recover(); r != nil {
			err = d.failure(position{1, 1}, invalid("inventory.yaml-panic", fmt.Sprint(r)))
		}
	}()
	tokens := lexer.Tokenize(string(content))
	if wrong := checkTokens(tokens); wrong != nil {
		return nil, d.failure(wrong.position, wrong.what)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, d.syntaxError(err)
	}
	return d.document(file)
}

// checkMarks bounds, before anything is made of them, the characters that tokens begin or end with.
func checkMarks(content []byte) *problem {
	marks, line, start := 0, 1, 0
	for i, c := range content {
		switch c {
		case '\n', '[', ']', '{', '}', ',', ':', '-', '?', '&', '*', '!', '#', '"', '\'':
		default:
			continue
		}
		if marks++; marks > maxMarks {
			return &problem{position{line, utf8.RuneCount(content[start:i]) + 1}, invalid("inventory.too-much")}
		}
		if c == '\n' {
			line, start = line+1, i+1
		}
	}
	return nil
}

// checkTokens bounds what the parser is given.
func checkTokens(tokens token.Tokens) *problem {
	var indents []int // the columns of the blocks that are open
	flow, anchors, line := 0, 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.AnchorType, token.AliasType, token.TagType, token.MappingKeyType:
			anchors++
		}
		first := t.Position.Line != line || t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType
		line = t.Position.Line
		if first && flow == 0 {
			for len(indents) > 0 && indents[len(indents)-1] > t.Position.Column {
				indents = indents[:len(indents)-1]
			}
			if len(indents) == 0 || indents[len(indents)-1] < t.Position.Column {
				indents = append(indents, t.Position.Column)
			}
		}
		code := ""
		switch {
		case i >= maxTokens, anchors > maxAnchors:
			code = "inventory.too-much"
		case flow+len(indents) > maxDepth:
			code = "inventory.too-deep"
		default:
			continue
		}
		return &problem{position{t.Position.Line, t.Position.Column}, invalid(code)}
	}
	return nil
}

func (d *decoder) document(file *ast.File) (ast.Node, error) {
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return nil, d.failure(position{1, 1}, invalid("inventory.empty"))
	case 1:
		return bodies[0], nil
	default:
		return nil, d.failure(at(bodies[1]), invalid("inventory.second-document"))
	}
}

// checkText refuses what would confuse the parser or the person: other encodings, control characters, tabs as indentation.
func (d *decoder) checkText(content []byte) *problem {
	if bytes.HasPrefix(content, []byte("\xef\xbb\xbf")) {
		return &problem{position{1, 1}, invalid("inventory.byte-order-mark")}
	}
	for n, line := range d.lines {
		wrong := func(bytes int, code string) *problem {
			return &problem{position{n + 1, utf8.RuneCountInString(line[:bytes]) + 1}, invalid(code)}
		}
		if !utf8.ValidString(line) {
			return wrong(len(validPrefix(line)), "inventory.no-utf-8")
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
			return wrong(i, "inventory.control-character")
		}
		blank := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if i := strings.IndexByte(blank, '\t'); i >= 0 && strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return wrong(i, "inventory.tab")
		}
	}
	return nil
}

func validPrefix(line string) string {
	for i, r := range line {
		if r == utf8.RuneError {
			return line[:i]
		}
	}
	return line
}

func (d *decoder) syntaxError(err error) *provision.Failure {
	var broken yaml.Error
	if !errors.As(err, &broken) || broken.GetToken() == nil || broken.GetToken().Position == nil {
		return d.failure(position{1, 1}, invalid("inventory.no-yaml", err))
	}
	p := broken.GetToken().Position
	return d.failure(position{p.Line, p.Column}, invalid("inventory.yaml-line", strings.TrimSuffix(broken.GetMessage(), ".")))
}

// at is where a node begins.
func at(n ast.Node) position {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return position{1, 1}
	}
	token := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return at(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return at(m.Key)
	}
	return position{token.Position.Line, token.Position.Column}
}
