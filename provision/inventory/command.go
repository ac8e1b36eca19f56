package inventory

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// SplitCommand splits a command into the words that a shell would make of it. What only a shell can do is refused, because
// none runs: docker run hands the words to the container as they are.
func SplitCommand(text string) ([]string, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, invalid("inventory.command-split", text, parseReason(err))
	}
	if len(file.Stmts) == 0 {
		return nil, nil
	}
	call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
	if stmt := file.Stmts[0]; len(file.Stmts) > 1 || !ok || len(stmt.Redirs) > 0 || stmt.Background || stmt.Negated {
		return nil, needsShell(text)
	}
	if len(call.Assigns) > 0 {
		return nil, invalid("inventory.command-variable", text)
	}
	words := make([]string, len(call.Args))
	for i, word := range call.Args {
		if !literal(word.Parts) || hasPattern(word.Parts) {
			return nil, needsShell(text)
		}
		fields, err := expand.Fields(&expand.Config{}, word)
		if err != nil || len(fields) != 1 {
			return nil, needsShell(text)
		}
		words[i] = fields[0]
		if err := checkNoNUL(words[i]); err != nil {
			return nil, err
		}
	}
	return words, nil
}

func needsShell(text string) error {
	return invalid("inventory.command-shell", text, text)
}

// literal reports whether the parts of a word are text and quotes only.
func literal(parts []syntax.WordPart) bool {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.Lit, *syntax.SglQuoted:
		case *syntax.DblQuoted:
			if !literal(p.Parts) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// hasPattern reports whether a word has, outside of quotes, what a shell replaces by file names, a home folder or several words.
func hasPattern(parts []syntax.WordPart) bool {
	for i, part := range parts {
		if lit, ok := part.(*syntax.Lit); ok && (strings.ContainsAny(lit.Value, "*?[{") || i == 0 && strings.HasPrefix(lit.Value, "~")) {
			return true
		}
	}
	return false
}

// parseReason is the shell parser's complaint without its position, which is that within the command.
func parseReason(err error) error {
	if e, ok := errors.AsType[syntax.ParseError](err); ok {
		return errors.New(e.Text)
	}
	return err
}

func checkNoNUL(text string) error {
	if strings.ContainsRune(text, 0) {
		return invalid("inventory.nul", text)
	}
	return nil
}
