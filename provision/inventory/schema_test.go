package inventory

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

const schemaFile = "../../docs/inventory.schema.json"

// The repository's schema, which its inventory.yaml names for editors, is what the program prints.
func TestSchemaFile(t *testing.T) {
	text, err := Schema(inEnglish)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("%s is not what the program prints; run the test with -update: %v", schemaFile, err)
	}
}

// Every field has a type or values, and words of both languages.
func TestSchemaOfEveryField(t *testing.T) {
	for _, f := range fields() {
		if !f.isMapping() && f.schema["type"] == nil && f.schema["enum"] == nil && f.schema["anyOf"] == nil {
			t.Errorf("%s has no schema", f.path)
		}
	}
	for _, words := range []*language.Printer{inEnglish, inChinese} {
		if text, err := Schema(words); err != nil || bytes.Contains(text, []byte("inventory.field")) {
			t.Errorf("in %s: %v\n%s", words.Tag(), err, text)
		}
	}
}

// What loads is valid by the schema, and what an editor shows as wrong does not load.
func TestSchemaOfInventories(t *testing.T) {
	valid := compiled(t)
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{exampleFile: string(example), "the contract's": contract, "an empty site": "site:\nhosts: [{address: a}]\n"} {
		if err := valid(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// beyondSchema are the loader's failures that a schema cannot express, with the reason.
var beyondSchema = func() map[string]string {
	reasons := map[string]string{}
	for reason, codes := range map[string][]string{
		"looks at files of this machine": {
			"source-file", "source-missing", "environment-line", "environment-missing", "environment-special", "identity-folder", "identity-missing",
			"identity-public", "known-hosts-folder", "build-context", "lent-missing", "upload-missing", "other-home",
		},
		"compares fields or entries": {
			"host-twice", "build-on", "port-twice", "volume-twice", "pair-half", "log-twice", "upload-dockerfile", "upload-lacks", "warm-network",
		},
		"is about YAML itself": {"merge-key", "second-document"},
		"takes a parser of its own": {
			"address-ipv4", "command-shell", "command-split", "command-variable", "directory-plain", "directory-system", "directory-up", "directory-user",
			"duration", "image", "option-dash", "option-image", "option-label", "option-meant", "option-network", "option-short", "option-taken", "option-two",
			"option-value", "pair-folder", "path-variable", "within-outside",
		},
	} {
		for _, code := range codes {
			reasons["inventory."+code] = reason
		}
	}
	return reasons
}()

// Whatever the loader refuses is refused by the schema too, or stands in beyondSchema.
func TestSchemaRefuses(t *testing.T) {
	t.Setenv("HOME", "/nonexistent")
	cases, err := os.ReadFile("testdata/wrong.txt")
	if err != nil {
		t.Fatal(err)
	}
	valid, missed := compiled(t), map[string]string{}
	for text := range strings.SplitSeq(string(cases), "----\n") {
		text := whole(text)
		_, err := loadFrom(t, siteFolder(t), text)
		if valid(text) == nil {
			missed[innermost(placed(t, err).what)] = text
		}
	}
	for _, code := range slices.Sorted(maps.Keys(missed)) {
		if beyondSchema[code] == "" {
			t.Errorf("%s passes the schema:\n%s", code, missed[code])
		}
	}
	for code := range beyondSchema {
		if _, ok := missed[code]; !ok {
			t.Errorf("the schema refuses all of %s", code)
		}
	}
}

// innermost is the code of what is wrong, without the field that it is wrong in.
func innermost(f *provision.Failure) string {
	for _, v := range f.Values {
		if inner, ok := v.(*provision.Failure); ok && f.Code == "inventory.field" {
			return innermost(inner)
		}
	}
	return f.Code
}

// compiled judges texts by the schema. What is no YAML is not valid.
func compiled(t *testing.T) func(text string) error {
	t.Helper()
	text, err := Schema(inEnglish)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("inventory.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("inventory.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		asJSON, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return s.Validate(value)
	}
}
