package inventory

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
)

// Every row of the table has words in both languages, and stands in the repository's own inventory.yaml, which is the
// documentation of the fields.
func TestEveryFieldIsDocumented(t *testing.T) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields() {
		for _, words := range []*language.Printer{inEnglish, inChinese} {
			key := "inventory.field." + f.path
			if text := words.T(key); text == key || strings.Contains(text, "\n") {
				t.Errorf("%s has no comment in %s: %q", f.path, words.Tag(), text)
			}
		}
		if !strings.Contains(string(example), f.name()+":") {
			t.Errorf("%s is not in %s", f.path, exampleFile)
		}
	}
}

// An annotated file is in the person's language, and means the same.
func TestTemplateInChinese(t *testing.T) {
	inv, err := load(t, contract)
	if err != nil {
		t.Fatal(err)
	}
	text := Template(*inv, inChinese)
	if !strings.Contains(string(text), "# 容器名称\n") || strings.Contains(string(text), "inventory.") {
		t.Errorf("%s", text)
	}
	again, err := Parse(inv.File, inv.Dir, text)
	if err != nil || !slices.Equal(again.Site.Command, inv.Site.Command) || !reflect.DeepEqual(again.Hosts[0], inv.Hosts[0]) {
		t.Errorf("%v\n%s", err, text)
	}
}
