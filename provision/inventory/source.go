package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// position is a place in the file; line and column count from 1, columns in characters.
type position struct{ line, column int }

// Error is something wrong in the inventory file.
type Error struct {
	File         string
	Line, Column int    // from 1; the column counts characters
	Field        string // "site.directory", "hosts[0].address"; empty where the file as a whole is wrong
	Problem      string // one sentence that ends with what to do
	Source       string // the line of the file
}

// Error is the place and the sentence, with the line of the file and a caret below them.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
	if e.Source == "" {
		return text
	}
	gutter := fmt.Sprintf("%5d | ", e.Line)
	return text + "\n" + gutter + shown(e.Source) + "\n" + strings.Repeat(" ", len(gutter)-2) + "| " + e.indent() + "^"
}

// indent is the blank space that puts the caret under the column, however wide the characters before it are.
func (e *Error) indent() string {
	before := []rune(e.Source)
	before = before[:min(max(e.Column-1, 0), len(before))]
	return strings.Repeat(" ", ansi.StringWidth(shown(string(before))))
}

// shown makes a line of the file fit to print: tabs as one blank, other control characters as a mark.
func shown(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			return '\uFFFD'
		}
		return r
	}, line)
}

// source is the text of an inventory file, for its errors.
type source struct {
	name  string
	lines []string
}

func splitLines(content []byte) []string {
	lines := strings.Split(string(content), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

func (s source) errorAt(p position, field, problem string) *Error {
	p.line, p.column = max(p.line, 1), max(p.column, 1)
	e := &Error{File: s.name, Line: p.line, Column: p.column, Field: field, Problem: problem}
	if p.line <= len(s.lines) {
		e.Source = s.lines[p.line-1]
		e.Column = min(e.Column, utf8.RuneCountInString(e.Source)+1)
	}
	return e
}

// parse reads the text as one YAML document that is a mapping.
func (d *decoder) parse(content []byte) (body ast.Node, err error) {
	if err := d.checkText(content); err != nil {
		return nil, err
	}
	// The parser must not end the program, whatever a file holds.
	defer func() {
		if r := recover(); r != nil {
			err = d.errorAt(position{1, 1}, "", fmt.Sprintf("the file cannot be read as YAML (%v); compare it with what 'provision init' writes", r))
		}
	}()
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, d.syntaxError(err)
	}
	return d.document(file)
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
		return nil, d.errorAt(position{1, 1}, "", "the inventory is empty; write one with 'provision init', or start it with site: and hosts:")
	case 1:
		return bodies[0], nil
	default:
		return nil, d.errorAt(at(bodies[1]), "", "a second YAML document begins here, and an inventory is one document; remove the line --- before it, or put the second one into a file of its own")
	}
}

// checkText refuses what would confuse the parser or the person: other encodings, control characters, tabs as indentation.
func (d *decoder) checkText(content []byte) error {
	switch {
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		return d.errorAt(position{1, 1}, "", "the file begins with a byte order mark; save it as UTF-8 without BOM")
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		e := d.errorAt(position{1, 1}, "", "the file is UTF-16; save it as UTF-8 without BOM")
		e.Source = ""
		return e
	}
	for n, line := range d.lines {
		if !utf8.ValidString(line) {
			return d.errorAt(position{n + 1, invalidColumn(line)}, "", "this line is not UTF-8; save the file as UTF-8")
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
			return d.errorAt(position{n + 1, utf8.RuneCountInString(line[:i]) + 1}, "", "this line has a control character; delete it")
		}
		blank := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if i := strings.IndexByte(blank, '\t'); i >= 0 && strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return d.errorAt(position{n + 1, i + 1}, "", "this line is indented with a tab, which YAML does not allow; use spaces")
		}
	}
	return nil
}

func invalidColumn(line string) int {
	column := 1
	for _, r := range line {
		if r == utf8.RuneError {
			break
		}
		column++
	}
	return column
}

func (d *decoder) syntaxError(err error) error {
	var broken yaml.Error
	if !errors.As(err, &broken) || broken.GetToken() == nil || broken.GetToken().Position == nil {
		return d.errorAt(position{1, 1}, "", fmt.Sprintf("the file is not YAML: %s; compare it with what 'provision init' writes", err))
	}
	p := broken.GetToken().Position
	return d.errorAt(position{p.Line, p.Column}, "",
		fmt.Sprintf("the file is not YAML: %s; check the indentation, the colons and the quotes of this line and the one before", strings.TrimSuffix(broken.GetMessage(), ".")))
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
