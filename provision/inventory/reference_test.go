package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
)

// docs/inventory.md is the table of fields, in each language.
func TestReference(t *testing.T) {
	for page, words := range map[string]*language.Printer{"../../docs/inventory.md": inEnglish, "../../docs/zh-CN/inventory.md": inChinese} {
		text := fieldTable(words)
		if *update {
			if err := os.WriteFile(page, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(page); err != nil || !bytes.Equal(kept, text) {
			t.Errorf("%s is not what the table of fields says; run the test with -update: %v", page, err)
		}
	}
}

// pageWords are the headings of the page.
var pageWords = map[language.Tag]struct{ about, head string }{
	language.English: {
		"`provision init` writes the file, `provision schema` prints its JSON Schema for editors. A field that is left out has its default, which is\nthe tutorial's; an unknown field, a wrong type or an impossible value is an error that shows the line, before any connection is made.",
		"| field | default | values | meaning |",
	},
	language.Chinese: {
		"`provision init` 写出此文件，`provision schema` 输出供编辑器使用的 JSON Schema。省略的字段采用默认值，即教程中的值；\n未知字段、错误类型或不可能的值都会在建立任何连接之前报错，并指出所在的行。",
		"| 字段 | 默认值 | 取值 | 含义 |",
	},
}

func fieldTable(words *language.Printer) []byte {
	var b bytes.Buffer
	page, defaults := pageWords[words.Tag()], record{defaults(), &Host{}}
	fmt.Fprintf(&b, "# inventory.yaml\n\n%s\n\n%s\n|---|---|---|---|\n", page.about, page.head)
	for _, f := range fields() {
		meaning := words.T("inventory.field." + f.path)
		if f.isMapping() {
			fmt.Fprintf(&b, "| **%s** | | | %s |\n", f.path, meaning)
			continue
		}
		s := f.describe(words, defaults)
		standard := ""
		if value, ok := s["default"]; ok {
			standard = "`" + asJSON(value) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.path, standard, values(f.schema), strings.ReplaceAll(meaning, "|", "\\|"))
	}
	return b.Bytes()
}

// values says what a field takes, in the words of YAML and JSON.
func values(s schema) string {
	if list, ok := s["enum"].([]string); ok {
		return "`" + strings.Join(list, "`, `") + "`"
	}
	switch kind := s["type"].(type) {
	case string:
		if low, ok := s["minimum"]; ok {
			return fmt.Sprintf("%s, %v–%v", kind, low, s["maximum"])
		}
		return kind
	case []string:
		return kind[0]
	}
	return ""
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
