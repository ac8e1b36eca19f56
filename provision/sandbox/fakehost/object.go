package fakehost

import (
	"encoding/json"
	"os"
	"testing"
)

// object is what docker inspect prints of something: all of it, whoever reads what.
type object map[string]any

// at is the value behind a path of names; nil for none.
func (o object) at(path ...string) any {
	var value any = map[string]any(o)
	for _, name := range path {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	return value
}

func (o object) text(path ...string) string {
	text, _ := o.at(path...).(string)
	return text
}

func (o object) is(path ...string) bool {
	yes, _ := o.at(path...).(bool)
	return yes
}

// inner is the object behind a path, made where it is missing.
func (o object) inner(path ...string) map[string]any {
	inner := map[string]any(o)
	for _, name := range path {
		next, ok := inner[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			inner[name] = next
		}
		inner = next
	}
	return inner
}

func (o object) set(value any, path ...string) {
	o.inner(path[:len(path)-1]...)[path[len(path)-1]] = value
}

func (o object) id() string   { return o.text("Id") }
func (o object) name() string { return o.text("Name")[1:] }

// readObjects reads a file of docker inspect's output.
func readObjects(t testing.TB, file string) []object {
	t.Helper()
	var list []object
	text, err := os.ReadFile(file)
	check(t, err)
	check(t, json.Unmarshal(text, &list))
	return list
}
