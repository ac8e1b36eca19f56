package inventory

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/kehuo/provision/provision"
)

// kind is how values of a field are read, checked and written. What is wrong is noted with the decoder, and not ok.
type kind[T any] struct {
	read   func(d *decoder, name string, n ast.Node) (value T, ok bool)
	write  func(t *template, value T) string
	schema schema
}

// text is a string that check accepts.
func text(check func(string) error) kind[string] {
	return kind[string]{
		read: func(d *decoder, name string, n ast.Node) (string, bool) {
			value, ok := d.text(name, n)
			return value, ok && !d.reject(n, name, check(value))
		},
		write:  (*template).scalar,
		schema: schema{"type": "string"},
	}
}

// choice is one of some words.
func choice(words ...string) kind[string] {
	k := text(oneOf(words...))
	k.schema = schema{"enum": words}
	return k
}

// needed is text for a field without a default.
func needed(check func(string) error) kind[string] {
	k := text(check)
	return kind[string]{
		read: func(d *decoder, name string, n ast.Node) (string, bool) {
			if v, empty := d.resolve(n).(*ast.NullNode); empty {
				return "", !d.reject(v, name, check(""))
			}
			return k.read(d, name, n)
		},
		write:  k.write,
		schema: k.schema,
	}
}

// domain is a name as certificates have it.
func domain() kind[string] {
	return kind[string]{
		read: func(d *decoder, name string, n ast.Node) (string, bool) {
			text, ok := d.text(name, n)
			if !ok {
				return "", false
			}
			value, err := ParseDomain(text)
			return value, !d.reject(n, name, err)
		},
		write:  (*template).scalar,
		schema: schema{"type": "string"},
	}
}

// folder is a path of this machine that is looked at when the whole file is read.
func folder() kind[string] {
	return kind[string]{read: text(checkLocalPath).read, write: (*template).path, schema: schema{"type": "string"}}
}

// file is the path of a file on this machine, made absolute, that check accepts.
func file(check func(string) error) kind[string] {
	return kind[string]{
		read: func(d *decoder, name string, n ast.Node) (string, bool) {
			text, ok := d.text(name, n)
			if !ok || d.reject(n, name, checkLocalPath(text)) {
				return "", false
			}
			return d.local(name, n, text, check)
		},
		write:  (*template).path,
		schema: schema{"type": "string"},
	}
}

// environmentFile is a file of variables, or empty for none.
func environmentFile() kind[string] {
	return kind[string]{
		read: func(d *decoder, name string, n ast.Node) (string, bool) {
			text, ok := d.text(name, n)
			if !ok || text == "" {
				return text, ok
			}
			return d.local(name, n, text, func(path string) error {
				_, err := ReadEnvironment(path)
				return err
			})
		},
		write:  (*template).path,
		schema: schema{"type": "string"},
	}
}

func (d *decoder) local(name string, n ast.Node, text string, check func(string) error) (string, bool) {
	path, err := local(d.dir, text)
	if err == nil {
		err = check(path)
	}
	return path, !d.reject(n, name, err)
}

// integer is a whole number of at least low and at most high.
func integer(low, high int) kind[int] {
	return kind[int]{
		read: func(d *decoder, name string, n ast.Node) (int, bool) {
			v := d.resolve(n)
			if v == nil {
				return 0, false
			}
			number, ok := v.(*ast.IntegerNode)
			if !ok {
				d.fail(v, name, "inventory.no-integer", described(v), low, high)
				return 0, false
			}
			value, fits := number.Value.(int64)
			if unsigned, ok := number.Value.(uint64); ok && unsigned <= uint64(high) {
				value, fits = int64(unsigned), true
			}
			if !fits || value < int64(low) || value > int64(high) {
				d.fail(v, name, "inventory.integer-range", number.GetToken().Value, low, high)
				return 0, false
			}
			return int(value), true
		},
		write:  func(_ *template, value int) string { return strconv.Itoa(value) },
		schema: schema{"type": "integer", "minimum": low, "maximum": high},
	}
}

func boolean() kind[bool] {
	return kind[bool]{
		read: func(d *decoder, name string, n ast.Node) (bool, bool) {
			v := d.resolve(n)
			if v == nil {
				return false, false
			}
			truth, ok := v.(*ast.BoolNode)
			if !ok {
				d.fail(v, name, "inventory.no-boolean", described(v))
				return false, false
			}
			return truth.Value, true
		},
		write:  func(_ *template, value bool) string { return strconv.FormatBool(value) },
		schema: schema{"type": "boolean"},
	}
}

// duration is one above zero and up to longest.
func duration(longest time.Duration) kind[time.Duration] {
	return kind[time.Duration]{
		read: func(d *decoder, name string, n ast.Node) (time.Duration, bool) {
			if number, ok := d.resolve(n).(*ast.IntegerNode); ok {
				d.fail(n, name, "inventory.duration-unit", number.GetToken().Value)
				return 0, false
			}
			text, ok := d.text(name, n)
			if !ok {
				return 0, false
			}
			value, err := time.ParseDuration(text)
			if err != nil || value <= 0 || value > longest {
				d.fail(n, name, "inventory.duration", text, longest)
				return 0, false
			}
			return value, true
		},
		write: func(_ *template, d time.Duration) string {
			if d%time.Second == 0 && d < 10*time.Minute { // without the zero parts that String adds: 1m, not 1m0s
				return strconv.FormatInt(int64(d/time.Second), 10) + "s"
			}
			return d.String()
		},
		schema: schema{"type": "string", "pattern": likeDuration},
	}
}

// pause is a duration that may be none.
func pause(longest time.Duration) kind[time.Duration] {
	k := duration(longest)
	return kind[time.Duration]{
		read: func(d *decoder, name string, n ast.Node) (time.Duration, bool) {
			if text, ok := d.resolve(n).(*ast.StringNode); ok && (text.Value == "0s" || text.Value == "0") {
				return 0, true
			}
			return k.read(d, name, n)
		},
		write:  k.write,
		schema: k.schema,
	}
}

// share is a number of hosts, or a part of them in percent.
func share() kind[provision.Share] {
	return kind[provision.Share]{
		read: func(d *decoder, name string, n ast.Node) (provision.Share, bool) {
			text := ""
			switch v := d.resolve(n).(type) {
			case *ast.IntegerNode:
				text = v.GetToken().Value
			case *ast.StringNode:
				text = v.Value
			case nil:
				return provision.Share{}, false
			default:
				d.fail(v, name, "inventory.no-share", described(v))
				return provision.Share{}, false
			}
			value, ok := provision.ParseShare(text)
			if !ok {
				d.fail(n, name, "inventory.share", text)
			}
			return value, ok
		},
		write: func(_ *template, value provision.Share) string { return value.String() },
		schema: schema{"anyOf": []schema{
			{"type": "integer", "minimum": 1}, {"type": "string", "pattern": `^([1-9][0-9]*|([1-9][0-9]?|100)%)$`},
		}},
	}
}

// labels are texts by names, for --limit.
func labels() kind[map[string]string] {
	k := environment()
	return kind[map[string]string]{
		read: func(d *decoder, name string, n ast.Node) (map[string]string, bool) {
			values, ok := k.read(d, name, n)
			for label, value := range values {
				if strings.ContainsAny(label+value, ",= ") {
					d.failField(join(name, label), invalid("inventory.label", label+"="+value))
					ok = false
				}
			}
			return values, ok
		},
		write: inLine,
		schema: schema{"type": []string{"object", "null"}, "propertyNames": schema{"pattern": likeVariable}, "additionalProperties": schema{"anyOf": []schema{
			{"type": []string{"number", "boolean"}}, {"type": "string", "pattern": "^[^,= ]*$"},
		}}},
	}
}

// inLine writes texts by names within braces.
func inLine(_ *template, values map[string]string) string {
	list := make([]string, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, scalar(name)+": "+quoted(values[name]))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// ofHost is the environment of a host, which is short.
func ofHost() kind[map[string]string] {
	k := environment()
	k.write = inLine
	return k
}

// texts is a list of strings, each of which check accepts; the example is one.
func texts(example string, check func(string) error) kind[[]string] {
	return kind[[]string]{
		read: func(d *decoder, name string, n ast.Node) ([]string, bool) {
			items, ok := d.sequence(name, n, example)
			if !ok {
				return nil, false
			}
			before := len(d.list)
			list := make([]string, 0, len(items))
			for i, item := range items {
				text, ok := d.text(entryOf(name, i), item)
				if ok && !d.reject(item, entryOf(name, i), check(text)) {
					list = append(list, text)
				}
			}
			return list, len(d.list) == before
		},
		write:  func(_ *template, items []string) string { return list(items) },
		schema: listOf(schema{"type": "string"}),
	}
}

// volumes is texts in which no two mount at the same place.
func volumes() kind[[]string] {
	k := texts(`["/srv/data:/data"]`, CheckVolume)
	return kind[[]string]{
		read: func(d *decoder, name string, n ast.Node) ([]string, bool) {
			list, ok := k.read(d, name, n)
			first := map[string]string{}
			for i, volume := range list {
				if !ok {
					break // the numbers of the entries no longer fit
				}
				to := path.Clean(strings.Split(volume, ":")[1])
				if before, twice := first[to]; twice {
					d.failField(entryOf(name, i), invalid("inventory.volume-twice", volume, to, before))
				}
				first[to] = volume
			}
			return list, ok
		},
		write:  k.write,
		schema: listOf(schema{"type": "string", "pattern": likeVolume}),
	}
}

// options is texts that together are arguments of docker run.
func options() kind[[]string] {
	k := texts(`["--memory=512m"]`, checkNoNUL)
	return kind[[]string]{
		read: func(d *decoder, name string, n ast.Node) ([]string, bool) {
			list, ok := k.read(d, name, n)
			if !ok {
				return nil, false
			}
			if i, err := checkOptions(list); err != nil {
				if items, ok := d.resolve(n).(*ast.SequenceNode); ok && i < len(items.Values) {
					n = items.Values[i]
				}
				return nil, !d.reject(n, entryOf(name, i), err)
			}
			return list, true
		},
		write:  k.write,
		schema: k.schema,
	}
}

// command is a list of words, or one text to be split into them.
func command() kind[[]string] {
	k := texts(`[bash, ./start.sh]`, checkNoNUL)
	return kind[[]string]{
		read: func(d *decoder, name string, n ast.Node) ([]string, bool) {
			if _, list := d.resolve(n).(*ast.SequenceNode); list {
				return k.read(d, name, n)
			}
			text, ok := d.text(name, n)
			if !ok {
				return nil, false
			}
			words, err := SplitCommand(text)
			return words, !d.reject(n, name, err)
		},
		write: func(_ *template, words []string) string { // one text where splitting it gives the words again
			text := strings.Join(words, " ")
			split, err := SplitCommand(text)
			if err != nil || text == "" || !slices.Equal(split, words) || foreign(text, nameSymbols+"/ :=") != "" {
				return list(words)
			}
			if strings.Contains(letters+"/.", text[:1]) && !strings.Contains(text, ": ") && !strings.HasSuffix(text, ":") {
				return text
			}
			return quoted(text)
		},
		schema: schema{"type": []string{"string", "array", "null"}, "items": schema{"type": "string"}},
	}
}

// ports are published, each at a port of its own.
func ports() kind[[]Port] {
	const example = `["80:80", "443:443"]`
	return kind[[]Port]{
		read: func(d *decoder, name string, n ast.Node) ([]Port, bool) {
			items, ok := d.sequence(name, n, example)
			if ok && len(items) == 0 {
				d.fail(n, name, "inventory.ports-empty", example)
			}
			var list []Port
			for i, item := range items {
				if port, ok := d.port(entryOf(name, i), item, list); ok {
					list = append(list, port)
				}
			}
			return list, ok
		},
		write: func(_ *template, ports []Port) string {
			items := make([]string, len(ports))
			for i, p := range ports {
				items[i] = p.String()
			}
			return list(items)
		},
		schema: schema{"type": "array", "minItems": 1, "items": schema{"type": "string", "pattern": likePort}},
	}
}

// port reads an entry of a list that has those before it already.
func (d *decoder) port(name string, n ast.Node, before []Port) (Port, bool) {
	if number, ok := d.resolve(n).(*ast.IntegerNode); ok {
		d.fail(n, name, "inventory.port-integer", number.GetToken().Value)
		return Port{}, false
	}
	text, ok := d.text(name, n)
	if !ok {
		return Port{}, false
	}
	port, err := ParsePort(text)
	if d.reject(n, name, err) {
		return Port{}, false
	}
	if i := slices.IndexFunc(before, port.clashes); i >= 0 {
		d.fail(n, name, "inventory.port-twice", text, port.Host, before[i].String())
		return Port{}, false
	}
	return port, true
}

// environment are variables by their names.
func environment() kind[map[string]string] {
	return kind[map[string]string]{
		read: func(d *decoder, name string, n ast.Node) (map[string]string, bool) {
			switch d.resolve(n).(type) {
			case *ast.NullNode:
				return nil, false // the default, which is none
			case *ast.SequenceNode:
				d.fail(n, name, "inventory.environment-list")
				return nil, false
			}
			entries, ok := d.entries(n, name)
			values := make(map[string]string, len(entries))
			for _, e := range entries {
				if d.reject(e.key, name, CheckVariable(e.name)) {
					continue
				}
				values[e.name] = d.variable(join(name, e.name), e)
			}
			return values, ok
		},
		write: func(_ *template, values map[string]string) string {
			if len(values) == 0 {
				return "{}"
			}
			var b strings.Builder
			for _, name := range slices.Sorted(maps.Keys(values)) {
				b.WriteString("\n    " + scalar(name) + ": " + quoted(values[name]))
			}
			return b.String()
		},
		schema: schema{
			"type": []string{"object", "null"}, "propertyNames": schema{"pattern": likeVariable},
			"additionalProperties": schema{"type": []string{"string", "number", "boolean"}},
		},
	}
}

// variable is the value of one, as it is written: 0755 stays 0755.
func (d *decoder) variable(name string, e entry) string {
	switch v := d.resolve(e.value).(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return v.GetToken().Value
	case *ast.NullNode:
		d.fail(e.key, name, "inventory.variable-empty")
		return ""
	}
	text, ok := d.text(name, e.value)
	if ok {
		d.reject(e.value, name, checkNoNUL(text))
	}
	return text
}

// publicKeys are texts that are public key files of this machine.
func publicKeys() kind[[]string] {
	k := texts(`["~/.ssh/id_ed25519.pub"]`, checkLocalPath)
	return kind[[]string]{
		read: func(d *decoder, name string, n ast.Node) ([]string, bool) {
			list, ok := k.read(d, name, n)
			for i := range list {
				if !ok {
					break // the numbers of the entries no longer fit
				}
				path, err := local(d.dir, list[i])
				if err == nil {
					_, err = ReadPublicKeys(path)
				}
				if err != nil {
					d.failField(entryOf(name, i), err)
				}
				list[i] = path
			}
			return list, ok
		},
		write: func(t *template, paths []string) string {
			near := make([]string, len(paths))
			for i, path := range paths {
				near[i] = t.near(path)
			}
			return list(near)
		},
		schema: k.schema,
	}
}

// object is a mapping of anything that JSON can say.
func object() kind[map[string]any] {
	return kind[map[string]any]{
		read: func(d *decoder, name string, n ast.Node) (map[string]any, bool) {
			if _, ok := d.entries(n, name); !ok {
				return nil, false
			}
			var value map[string]any
			text, err := json.Marshal(d.plain(n))
			if err == nil {
				err = json.Unmarshal(text, &value)
			}
			if err != nil {
				d.reject(n, name, invalid("inventory.no-json", err))
			}
			return value, err == nil
		},
		write: func(_ *template, value map[string]any) string {
			text, err := json.Marshal(value)
			if err != nil {
				return "{}" // cannot be: it was JSON when it was read
			}
			return string(text)
		},
		schema: schema{"type": "object"},
	}
}

// plain is a node as Go has it: maps, lists, texts, numbers, truth values.
func (d *decoder) plain(n ast.Node) any {
	switch v := d.resolve(n).(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		value := map[string]any{}
		entries, _ := d.entries(v, "")
		for _, e := range entries {
			value[e.name] = d.plain(e.value)
		}
		return value
	case *ast.SequenceNode:
		list := make([]any, len(v.Values))
		for i, item := range v.Values {
			list[i] = d.plain(item)
		}
		return list
	case *ast.LiteralNode:
		return v.Value.Value
	case ast.ScalarNode:
		return v.GetValue()
	}
	return nil
}
