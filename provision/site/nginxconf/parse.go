// Package nginxconf reads an nginx configuration file by nginx's own rules (ngx_conf_read_token) and keeps the place of
// everything in the text, comments too, so that a change can leave all else as it is. It is as strict as nginx: libraries
// that forgive a missing semicolon would call a file good that nginx does not start with.
package nginxconf

import (
	"fmt"
	"strings"
)

// File is a configuration file.
type File struct {
	Path       string // what its problems are shown at; empty for a text that no file has
	Text       string
	Directives []*Directive
	Comments   []Comment
}

// Directive is a simple directive, which ends with a semicolon, or one with a block.
type Directive struct {
	File    *File // that it stands in
	Name    string
	Args    []Word
	Block   []*Directive // of a directive with a block
	HasBody bool         // whether it has one, though empty
	Line    int          // of the name, from 1
	EndLine int          // of the semicolon or the closing brace
	Start   int          // byte offset of the name
	Open    int          // byte offset just behind the opening brace; 0 without a block
	End     int          // byte offset just behind the semicolon or the closing brace
}

// Word is one argument of a directive, quotes and escapes taken away.
type Word struct {
	Text       string
	Line       int
	Start, End int // byte offsets
}

// Comment is the text from # to the end of the line.
type Comment struct {
	Text       string // without the #
	Line       int
	Start, End int // byte offsets
}

// Values are the arguments' texts.
func (d *Directive) Values() []string {
	values := make([]string, len(d.Args))
	for i, a := range d.Args {
		values[i] = a.Text
	}
	return values
}

// Value is the first argument; empty if there is none.
func (d *Directive) Value() string {
	if len(d.Args) == 0 {
		return ""
	}
	return d.Args[0].Text
}

// Find returns the directives of that name directly in list.
func Find(list []*Directive, name string) []*Directive {
	var found []*Directive
	for _, d := range list {
		if d.Name == name {
			found = append(found, d)
		}
	}
	return found
}

// SyntaxError is what nginx would refuse.
type SyntaxError struct {
	Line    int
	Problem Problem
	Found   string // the character that nginx does not expect
	// Unfinished is the directive before the place, which has no semicolon; nil if there is none.
	Unfinished *Directive
}

// Problem is a kind of syntax error.
type Problem int

// The kinds of syntax errors.
const (
	Unexpected Problem = iota // a character where it may not be: ; { }
	EndOfFile                 // the file ends within a directive or block
	OpenQuote                 // a quote is not closed
	AfterQuote                // something follows a closing quote at once
	TooDeep                   // blocks within blocks beyond reason
)

// Error is the message in nginx's own words.
func (e *SyntaxError) Error() string {
	switch e.Problem {
	case EndOfFile:
		return fmt.Sprintf(`unexpected end of file, expecting ";" or "}" in line %d`, e.Line)
	case OpenQuote:
		return fmt.Sprintf("unexpected end of file, the quote opened in line %d is not closed", e.Line)
	case TooDeep:
		return fmt.Sprintf("too many blocks within each other in line %d", e.Line)
	}
	return fmt.Sprintf("unexpected %q in line %d", e.Found, e.Line)
}

// maxDepth bounds blocks within blocks; real files have five.
const maxDepth = 100

// Parse reads a whole file, which problems are shown at path. The error is a *SyntaxError.
func Parse(path, text string) (*File, error) {
	p := &parser{scanner{text: text, line: 1}, &File{Path: path, Text: text}}
	var err error
	if p.file.Directives, err = p.directives(0); err != nil {
		return nil, err
	}
	p.file.Comments = p.comments
	return p.file, nil
}

type parser struct {
	scanner
	file *File
}

// directives reads up to the closing brace of the block around it, or to the end of the file at depth 0.
func (p *parser) directives(depth int) ([]*Directive, error) {
	var list []*Directive
	for {
		d, last, err := p.directive(depth)
		if err != nil {
			return nil, err
		}
		if last {
			return list, nil
		}
		list = append(list, d)
	}
}

// directive reads one directive; last tells that the block, or the file, ended instead.
func (p *parser) directive(depth int) (d *Directive, last bool, err error) {
	d = &Directive{File: p.file}
	for words := 0; ; words++ {
		token, err := p.next()
		if err != nil {
			return nil, false, err
		}
		unfinished := d
		if words == 0 {
			unfinished = nil
		}
		switch token.kind {
		case word:
			if words == 0 {
				d.Name, d.Line, d.Start = token.Text, token.Line, token.Start
			} else {
				d.Args = append(d.Args, token.Word)
			}
			continue
		case end:
			if words > 0 || depth > 0 {
				return nil, false, &SyntaxError{Line: p.line, Problem: EndOfFile, Unfinished: unfinished}
			}
			return nil, true, nil
		case closing:
			if words > 0 || depth == 0 {
				return nil, false, &SyntaxError{Line: token.Line, Found: "}", Unfinished: unfinished}
			}
			return nil, true, nil
		}
		if words == 0 {
			return nil, false, &SyntaxError{Line: token.Line, Found: token.Text}
		}
		if token.kind == opening {
			err = p.block(d, token, depth+1)
		}
		d.EndLine, d.End = p.line, p.at
		return d, false, err
	}
}

func (p *parser) block(d *Directive, brace token, depth int) (err error) {
	if depth > maxDepth {
		return &SyntaxError{Line: brace.Line, Problem: TooDeep}
	}
	d.HasBody, d.Open = true, brace.End
	if strings.HasSuffix(d.Name, "_by_lua_block") {
		return p.skipLua(brace.Line)
	}
	d.Block, err = p.directives(depth)
	return err
}
