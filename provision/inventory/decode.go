package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder walks the parsed file. It collects every problem, so that they are mended in one go.
type decoder struct {
	source
	dir       string              // what relative paths refer to
	positions map[string]position // of the keys
	values    map[string]position
	anchors   map[string]ast.Node
	problems  []*Error
}

// field is a key that a mapping may have, and what reads its value.
type key struct {
	name string
	read func(field string, value ast.Node)
}

// entry is a key of a mapping with its value.
type entry struct {
	name       string
	key, value ast.Node
}

// fail notes a problem with the value n of a field. The sentence starts with the field's name.
func (d *decoder) fail(n ast.Node, field, format string, args ...any) {
	d.problems = append(d.problems, d.errorAt(at(n), field, field+" "+fmt.Sprintf(format, args...)))
}

// reject notes what a check says about the value n of a field.
func (d *decoder) reject(n ast.Node, field string, err error) bool {
	if err != nil {
		d.fail(n, field, "%s", err)
	}
	return err != nil
}

// maxShown bounds the problems that are told at once: more is another kind of file.
const maxShown = 10

// all are the problems in the order of the file.
func (d *decoder) all() error {
	slices.SortStableFunc(d.problems, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	// One value may have been looked at twice.
	d.problems = slices.CompactFunc(d.problems, func(a, b *Error) bool { return *a == *b })
	var list []error
	for _, e := range d.problems[:min(len(d.problems), maxShown)] {
		list = append(list, e)
	}
	if more := len(d.problems) - maxShown; more > 0 {
		list = append(list, fmt.Errorf("and %d more like these", more))
	}
	if len(list) == 1 {
		return list[0]
	}
	return errors.Join(list...)
}

// resolve follows anchors, aliases and tags to the value itself.
func (d *decoder) resolve(n ast.Node) ast.Node {
	for range 100 { // an alias may name an alias, and a hostile file may have them in a ring
		switch v := n.(type) {
		case *ast.AnchorNode:
			if d.anchors == nil {
				d.anchors = map[string]ast.Node{}
			}
			d.anchors[v.Name.GetToken().Value] = v.Value
			n = v.Value
		case *ast.AliasNode:
			target, ok := d.anchors[v.Value.GetToken().Value]
			if !ok {
				d.problems = append(d.problems, d.errorAt(at(v), "", fmt.Sprintf("the alias *%s names no anchor above it; write the value itself", v.Value.GetToken().Value)))
				return nil
			}
			n = target
		case *ast.TagNode:
			n = v.Value
		case *ast.MappingKeyNode:
			n = v.Value
		default:
			return n
		}
	}
	return nil
}

// mapping reads the mapping n: every key must be one of fields, once.
func (d *decoder) mapping(n ast.Node, path string, fields []key) {
	entries, ok := d.entries(n, path)
	if !ok {
		return
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	for _, e := range entries {
		i := slices.Index(names, e.name)
		if i < 0 {
			d.unknown(e, path, names)
			continue
		}
		fields[i].read(join(path, e.name), e.value)
	}
}

func (d *decoder) unknown(e entry, path string, names []string) {
	where := "an inventory"
	if path != "" {
		where = path
	}
	fix := "it knows " + strings.Join(names, ", ")
	if n := nearest(e.name, names); n != "" {
		fix = fmt.Sprintf("did you mean %q?", n)
	}
	if path == "" && slices.Contains(siteFields, e.name) {
		fix = "it belongs below site:, indented"
	}
	d.problems = append(d.problems, d.errorAt(at(e.key), join(path, e.name), fmt.Sprintf("%s has no field %q; %s", where, e.name, fix)))
}

// entries lists the keys of a mapping in order, and notes those that occur twice.
func (d *decoder) entries(n ast.Node, path string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch v := d.resolve(n).(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	case nil:
		return nil, false
	default:
		if path == "" {
			d.problems = append(d.problems, d.errorAt(at(v), "", fmt.Sprintf("the inventory is %s; it must be a mapping that begins with site: and hosts:", kind(v))))
		} else {
			d.fail(v, path, "is %s; write its fields below it, one a line and indented", kind(v))
		}
		return nil, false
	}
	var list []entry
	lines := map[string]int{}
	for _, v := range values {
		key := d.resolve(v.Key)
		if _, merge := v.Key.(*ast.MergeKeyNode); merge || key == nil {
			d.problems = append(d.problems, d.errorAt(at(v.Key), path, "the merge key << is not understood here; write the fields themselves"))
			continue
		}
		name := key.GetToken().Value
		full := join(path, name)
		if line, twice := lines[name]; twice {
			d.problems = append(d.problems, d.errorAt(at(key), full, fmt.Sprintf("%s is here for the second time, the first is in line %d; delete one of them", full, line)))
			continue
		}
		lines[name] = at(key).line
		d.positions[full], d.values[full] = at(key), at(v.Value)
		list = append(list, entry{name, key, v.Value})
	}
	return list, true
}

// sequence lists the entries of a list. Nothing after the colon is an empty list.
func (d *decoder) sequence(field string, n ast.Node, example string) ([]ast.Node, bool) {
	switch v := d.resolve(n).(type) {
	case *ast.SequenceNode:
		for i, item := range v.Values {
			name := fmt.Sprintf("%s[%d]", field, i)
			d.positions[name], d.values[name] = at(item), at(item)
		}
		return v.Values, true
	case *ast.NullNode:
		return nil, true
	case nil:
	default:
		d.fail(v, field, "is %s where a list belongs; write %s", kind(v), example)
	}
	return nil, false
}

// texts reads a list of strings, each of which check accepts.
func (d *decoder) texts(target *[]string, example string, check func(string) error) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		items, ok := d.sequence(field, n, example)
		if !ok {
			return
		}
		list := make([]string, 0, len(items))
		for i, item := range items {
			name := fmt.Sprintf("%s[%d]", field, i)
			text, ok := d.text(name, item)
			if ok && !d.reject(item, name, check(text)) {
				list = append(list, text)
			}
		}
		*target = list
	}
}

// kind describes a value of a type that does not fit, for a sentence: "the number 12", "a list".
func kind(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", v.Value)
	case *ast.LiteralNode:
		return "a text of several lines"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return "the truth value " + n.GetToken().Value
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.NullNode:
		return "empty"
	}
	return "a value of another kind"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
