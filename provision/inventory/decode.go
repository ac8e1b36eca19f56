package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/kehuo/provision/provision"
)

// decoder walks the parsed file by the table of fields. It collects every problem, so that they are mended in one go.
type decoder struct {
	problems
	dir       string              // what relative paths refer to
	positions map[string]position // of the keys
	values    map[string]position
	anchors   map[string]ast.Node
}

func newDecoder(name, dir string, content []byte) *decoder {
	return &decoder{
		problems: problems{file: name, lines: splitLines(content)}, dir: dir,
		positions: map[string]position{}, values: map[string]position{}, anchors: map[string]ast.Node{},
	}
}

func (d *decoder) inventory(inv *Inventory, body ast.Node) {
	d.mapping("", record{inv, nil}, "", body)
	if len(d.list) > 0 {
		return
	}
	for _, needed := range []string{"site", "hosts"} {
		if _, ok := d.positions[needed]; !ok {
			d.add(at(body), invalid("inventory.no-"+needed))
			return
		}
	}
	d.wholeSite(&inv.Site)
	d.builder(inv)
	if a := inv.Site.ACME; inv.Site.Obtains() && a.Renew == RenewHost && len(inv.Hosts) > 1 {
		d.failField("site.acme.renew", invalid("inventory.acme-renew-hosts"))
	}
}

// optional reads a mapping of which every field has a default, and which may be empty.
func optional(path string) func(*decoder, record, string, ast.Node) {
	return func(d *decoder, r record, name string, n ast.Node) {
		if _, empty := d.resolve(n).(*ast.NullNode); !empty {
			d.mapping(path, r, name, n)
		}
	}
}

func (d *decoder) hosts(r record, name string, n ast.Node) {
	items, ok := d.sequence(name, n, "- address: 203.0.113.10")
	if ok && len(items) == 0 {
		d.fail(n, name, "inventory.hosts-empty")
	}
	names := map[string]string{} // name to the field that has it
	for i, item := range items {
		entry := entryOf(name, i)
		host, ok := d.host(r, entry, item)
		if !ok {
			continue
		}
		if first, twice := names[host.Name]; twice {
			d.failField(entry+".name", invalid("inventory.host-twice", host.Name, first))
			continue
		}
		names[host.Name] = entry
		r.Hosts = append(r.Hosts, host)
	}
}

func (d *decoder) host(r record, name string, n ast.Node) (Host, bool) {
	r.Host = &Host{}
	before := len(d.list)
	d.mapping("hosts[]", r, name, n)
	switch {
	case len(d.list) > before:
		return Host{}, false
	case r.Host.Address == "":
		d.fail(d.resolve(n), name, "inventory.host-address")
		return Host{}, false
	case r.Host.Name == "":
		r.Host.Name = r.Host.Address
	}
	return *r.Host, true
}

// mapping reads the mapping n, of which every key must be a row of the table below path, once.
func (d *decoder) mapping(path string, r record, name string, n ast.Node) {
	entries, ok := d.entries(n, name)
	if !ok {
		return
	}
	rows := below(path)
	for _, e := range entries {
		i := slices.IndexFunc(rows, func(f field) bool { return f.name() == e.name })
		switch {
		case i < 0:
			d.unknown(e, name, rows)
		case rows[i].read == nil:
			d.mapping(rows[i].path, r, join(name, e.name), e.value)
		default:
			rows[i].read(d, r, join(name, e.name), e.value)
		}
	}
}

func (d *decoder) unknown(e entry, path string, rows []field) {
	names := make([]string, len(rows))
	for i, f := range rows {
		names[i] = f.name()
	}
	var where any = printable(path)
	fix := provision.Fail("inventory.fix-known", strings.Join(names, ", "))
	if n := Nearest(e.name, names); n != "" {
		fix = invalid("inventory.fix-meant", n)
	}
	if path == "" {
		where = provision.Fail("inventory.an-inventory")
		if slices.ContainsFunc(below("site"), func(f field) bool { return f.name() == e.name }) {
			fix = invalid("inventory.fix-below-site")
		}
	}
	d.add(at(e.key), invalid("inventory.unknown-field", where, e.name, fix))
}

// resolve follows anchors, aliases and tags to the value itself.
func (d *decoder) resolve(n ast.Node) ast.Node {
	for range 100 { // an alias may name an alias, and a hostile file may have them in a ring
		switch v := n.(type) {
		case *ast.AnchorNode:
			d.anchors[v.Name.GetToken().Value] = v.Value
			n = v.Value
		case *ast.AliasNode:
			target, ok := d.anchors[v.Value.GetToken().Value]
			if !ok {
				d.add(at(v), invalid("inventory.no-anchor", v.Value.GetToken().Value))
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

// entry is a key of a mapping with its value.
type entry struct {
	name       string
	key, value ast.Node
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
			d.add(at(v), invalid("inventory.no-mapping", described(v)))
		} else {
			d.fail(v, path, "inventory.no-fields", described(v))
		}
		return nil, false
	}
	var list []entry
	lines := map[string]int{}
	for _, v := range values {
		key := d.resolve(v.Key)
		if _, merge := v.Key.(*ast.MergeKeyNode); merge || key == nil {
			d.add(at(v.Key), invalid("inventory.merge-key"))
			continue
		}
		name := key.GetToken().Value
		full := join(path, name)
		if line, twice := lines[name]; twice {
			d.add(at(key), invalid("inventory.twice", printable(full), line))
			continue
		}
		lines[name] = at(key).line
		d.positions[full], d.values[full] = at(key), at(v.Value)
		list = append(list, entry{name, key, v.Value})
	}
	return list, true
}

// sequence lists the entries of a list. Nothing after the colon is an empty list.
func (d *decoder) sequence(name string, n ast.Node, example string) ([]ast.Node, bool) {
	switch v := d.resolve(n).(type) {
	case *ast.SequenceNode:
		for i, item := range v.Values {
			d.positions[entryOf(name, i)], d.values[entryOf(name, i)] = at(item), at(item)
		}
		return v.Values, true
	case *ast.NullNode:
		return nil, true
	case nil:
	default:
		d.fail(v, name, "inventory.no-list", described(v), example)
	}
	return nil, false
}

// text reads a string. A number or a truth value is refused: YAML would rewrite it (1.10 to 1.1).
func (d *decoder) text(name string, n ast.Node) (string, bool) {
	switch v := d.resolve(n).(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case nil:
	case *ast.NullNode:
		d.fail(v, name, "inventory.no-value")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.fail(v, name, "inventory.unquoted", described(v), v.GetToken().Value)
	default:
		d.fail(v, name, "inventory.no-text", described(v))
	}
	return "", false
}

// failField notes a problem with a field that may not be in the file: then it shows at the nearest field around it.
func (d *decoder) failField(field string, err error) {
	place := position{1, 1}
	for name := field; name != ""; name = name[:max(strings.LastIndexAny(name, ".["), 0)] {
		if p, ok := d.values[name]; ok {
			place = p
			break
		}
	}
	d.add(place, ofField(field, err))
}

// described is a value of a type that does not fit, for a sentence: "the number 12", "a list".
func described(n ast.Node) *provision.Failure {
	switch v := n.(type) {
	case *ast.StringNode:
		return invalid("inventory.value-text", v.Value)
	case *ast.LiteralNode:
		return invalid("inventory.value-lines")
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return invalid("inventory.value-number", n.GetToken().Value)
	case *ast.BoolNode:
		return invalid("inventory.value-boolean", n.GetToken().Value)
	case *ast.SequenceNode:
		return invalid("inventory.value-list")
	case *ast.MappingNode, *ast.MappingValueNode:
		return invalid("inventory.value-mapping")
	case *ast.NullNode:
		return invalid("inventory.value-empty")
	}
	return invalid("inventory.value-other")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func entryOf(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }
