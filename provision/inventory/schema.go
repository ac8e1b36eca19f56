package inventory

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/kehuo/provision/provision/language"
)

// Schema is the JSON Schema (draft 2020-12, as editors read it) of inventory.yaml, made of the table of fields and described in
// the language of words. What Load refuses beyond it takes several fields, other files, or a parser of its own to tell.
func Schema(words *language.Printer) ([]byte, error) {
	root := mapping("", words)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "inventory.yaml"
	root["description"] = words.T("inventory.about")
	root["required"] = []string{"site", "hosts"}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of the inventory: %w", err)
	}
	return append(text, '\n'), nil
}

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// mapping is the schema of a mapping of the rows below path.
func mapping(path string, words *language.Printer) schema {
	properties, defaults := schema{}, record{defaults(), &Host{}}
	for _, f := range below(path) {
		properties[f.name()] = f.describe(words, defaults)
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

// describe is the schema of a field.
func (f field) describe(words *language.Printer, defaults record) schema {
	s := schema{}
	switch entries := below(f.path + "[]"); {
	case !f.isMapping():
		for key, value := range f.schema {
			s[key] = value
		}
		s["description"] = words.T("inventory.field." + f.path)
		switch {
		case f.example != "":
			s["examples"] = []any{value(f.example)}
		case !strings.HasPrefix(f.path, "hosts[]"): // what a host does not say, the site or the SSH configuration does
			s["default"] = value(strings.TrimPrefix(f.write(&template{words: words}, defaults), "\n"))
		}
	case len(entries) > 0:
		entry := mapping(f.path+"[]", words)
		if f.path == "hosts" {
			entry["required"] = []string{"address"}
		}
		s = schema{"type": "array", "items": entry, "minItems": 1}
	default:
		s = mapping(f.path, words)
		if f.read != nil {
			s["type"] = []string{"object", "null"}
		}
	}
	return s
}

// value is a text of YAML as JSON has it.
func value(text string) (v any) {
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return text // cannot be: the template's tests read what it writes
	}
	return v
}

// among is a kind of which these are all values.
func (k kind[T]) among(values ...string) kind[T] {
	k.schema = schema{"enum": values}
	return k
}

// like is a kind whose values match a regular expression of ECMA-262.
func (k kind[T]) like(pattern string) kind[T] {
	k.schema = schema{"type": "string", "pattern": pattern}
	return k
}

// each is a kind of lists of texts that match a regular expression.
func (k kind[T]) each(pattern string) kind[T] {
	k.schema = listOf(schema{"type": "string", "pattern": pattern})
	return k
}

// listOf is a list of what s describes; nothing is an empty list.
func listOf(s schema) schema { return schema{"type": []string{"array", "null"}, "items": s} }

// What values look like, as far as a regular expression tells; see the Check functions.
const (
	likeName      = `^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`
	likeContainer = `^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$`
	likeImage     = `^[a-z0-9.:/_-]+(:[A-Za-z0-9_.-]+)?$`
	likeUser      = `^[a-zA-Z0-9_][a-zA-Z0-9_.@\\-]{0,63}\$?$`
	likeVariable  = `^[a-zA-Z_][a-zA-Z0-9_.-]*$`
	likeServer    = "^([a-zA-Z0-9!#$%&'*+.^_`|~-]+(/[a-zA-Z0-9!#$%&'*+.^_`|~-]+)?)?$"

	likeIPv6    = `[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*`
	likeAddress = `^([a-zA-Z0-9_][a-zA-Z0-9_.-]*|` + likeIPv6 + `(%[a-zA-Z0-9_.-]+)?)$`
	likeDomain  = `^(|[^*/:, ]*[^*/:, .]|` + likeIPv6 + `)$`

	likePortNumber = `([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])`
	likePort       = `^((\[[0-9a-fA-F:.]+\]|[0-9.]+):)?` + likePortNumber + `:` + likePortNumber + `(/([tT][cC][pP]|[uU][dD][pP]|[sS][cC][tT][pP]))?$`

	likeDirectory = `^/[^$\\]+$`
	likeWithin    = `^[^/~*?\[][^*?\[]*$`
	likePairFile  = `^([^/~].*)?$`
	likeVolume    = `^[^~.:][^:]*:/[^:]+(:(ro|rw|z|Z|nocopy|r?shared|r?slave|r?private|consistent|cached|delegated|,)+)?$`
	likeURLPath   = `^/([^/#\s][^#\s]*)?$`

	likePackage      = `^[a-zA-Z0-9][a-zA-Z0-9+._-]{0,127}$`
	likeMirror       = `^https://[^/@?#\s]+(/[^?#\s]*)?$`
	likeDockerSource = `^(auto|distribution|docker|https://[^/@?#\s]+(/[^?#\s]*)?)$`
	likeSwap         = `^(auto|none|[1-9][0-9]{0,3}[mg])$`

	likeRestart  = `^(no|always|unless-stopped|on-failure(:[1-9][0-9]*)?)$`
	likeLogSize  = `^[0-9]+[kKmMgGtTpP]?[iI]?[bB]?$`
	likeDuration = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
)
