package inventory

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/goccy/go-yaml/ast"

	"github.com/kehuo/provision/provision"
)

// maxQuoted bounds what a failure quotes of a file or of a value, in characters.
const maxQuoted = 200

// invalid is a failure of the inventory, or of one value of it. Texts among its values are bounded.
func invalid(code string, values ...any) *provision.Failure {
	for i, value := range values {
		switch v := value.(type) {
		case string:
			values[i] = clip(v)
		case *provision.Failure:
		case error:
			if text := v.Error(); len(text) > maxQuoted {
				values[i] = clip(text)
			}
		}
	}
	return provision.Fail(code, values...).WithExit(provision.ExitUsage)
}

// clip leaves out the middle of a text that is too long to quote: of a path, both ends tell something.
func clip(text string) string {
	if len(text) <= maxQuoted || utf8.RuneCountInString(text) <= maxQuoted {
		return text
	}
	runes := []rune(text)
	return string(runes[:maxQuoted/2]) + "…" + string(runes[len(runes)-maxQuoted/2+1:])
}

// position is a place in the file; line and column count from 1, columns in characters.
type position struct{ line, column int }

// problem is a failure at a place in the file.
type problem struct {
	position
	what *provision.Failure
}

// problems are what is wrong in a file.
type problems struct {
	file  string
	lines []string
	list  []problem
}

func (p *problems) add(at position, what *provision.Failure) {
	p.list = append(p.list, problem{at, what})
}

// fail notes a problem with the value n of a field.
func (p *problems) fail(n ast.Node, field, code string, values ...any) {
	p.add(at(n), ofField(field, invalid(code, values...)))
}

// reject notes what a check says about the value n of a field.
func (p *problems) reject(n ast.Node, field string, err error) bool {
	if err != nil {
		p.add(at(n), ofField(field, err))
	}
	return err != nil
}

// ofField is a failure of a value with the field's name before it.
func ofField(field string, err error) *provision.Failure {
	return invalid("inventory.field", printable(field), err)
}

// maxShown bounds the problems that are told at once: more is another kind of file.
const maxShown = 10

// all are the problems in the order of the file.
func (p *problems) all() error {
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	// One value may have been looked at twice.
	list := slices.CompactFunc(p.list, func(a, b problem) bool { return a.position == b.position && a.what.Error() == b.what.Error() })
	var shown []error
	for _, e := range list[:min(len(list), maxShown)] {
		shown = append(shown, p.failure(e.position, e.what))
	}
	if more := len(list) - maxShown; more > 0 {
		shown = append(shown, invalid("inventory.more", more))
	}
	if len(shown) == 1 {
		return shown[0]
	}
	return errors.Join(shown...)
}

// failure is a problem with its place and the line of the file: its values are file, line, column, what is wrong, and the
// excerpt, which is empty where the file has no such line.
func (p *problems) failure(at position, what *provision.Failure) *provision.Failure {
	at.line, at.column = max(at.line, 1), max(at.column, 1)
	line := ""
	if at.line <= len(p.lines) {
		line = p.lines[at.line-1]
		at.column = min(at.column, utf8.RuneCountInString(line)+1)
	}
	return provision.Fail("inventory.at", clip(p.file), at.line, at.column, what, excerpt(line, at)).WithExit(provision.ExitUsage)
}

// excerpt is a line of the file with a caret below a column, however wide the characters before it are. Of a long line it is
// the part around the column.
func excerpt(line string, at position) string {
	if line == "" {
		return ""
	}
	runes := []rune(printable(line))
	column := min(at.column-1, len(runes))
	from := max(0, min(column-maxQuoted/2, len(runes)-maxQuoted))
	to := min(from+maxQuoted, len(runes))
	before, after := string(runes[from:column]), string(runes[column:to])
	if from > 0 {
		before = "…" + before
	}
	if to < len(runes) {
		after += "…"
	}
	number := strconv.Itoa(at.line)
	gutter := strings.Repeat(" ", max(0, 5-len(number))) + number + " | "
	return "\n" + gutter + before + after +
		"\n" + strings.Repeat(" ", len(gutter)-2) + "| " + strings.Repeat(" ", ansi.StringWidth(before)) + "^"
}

// printable makes text of the file fit to print: tabs as one blank, other control characters as a mark.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			return '\uFFFD'
		}
		return r
	}, text)
}
